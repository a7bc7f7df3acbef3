// A client, and a server that misbehaves as told, over real TLS.
import assert from 'node:assert/strict';
import { Fault } from '../fault.ts';
import { type Clock, systemClock } from '../values/instant.ts';
import { Secret } from '../values/secret.ts';
import {
  type Behaviour,
  type Certificate,
  type HostileServer,
  hostileServer,
  json,
  makeCertificate,
} from './hostile-server.test-support.ts';
import { type ConnectionLimits, type ConnectOptions, connect } from './http.ts';

export const token = 'f00dcafe-1111-2222-3333-444455556666';
export const right = makeCertificate();

type Given = Readonly<{
  product?: 'pve' | 'pbs';
  trust?: ConnectOptions['trust'];
  clock?: Clock;
  limits?: Partial<ConnectionLimits>;
}>;

export const connected = (server: Pick<HostileServer, 'url' | 'audience'>, given: Given = {}) =>
  connect({
    product: given.product ?? 'pve',
    name: 'ruapehu',
    url: server.url,
    trust: given.trust ?? { fingerprint: right.fingerprint },
    auth: { kind: 'token', id: 'holdfast@pve!ops', secret: new Secret('ruapehu.token', token, server.audience) },
    clock: given.clock ?? systemClock,
    ...(given.limits === undefined ? {} : { limits: given.limits }),
  });

export const serving = (behaviour: Behaviour, certificate: Certificate = right) =>
  hostileServer(certificate, behaviour);
export const fine: Behaviour = (_, response) => json(response, { data: [] });

export async function faultOf(call: Promise<unknown>): Promise<Fault> {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof Fault, `a fault was expected, not ${String(thrown)}`);
  return thrown;
}
