// The real world: ports bound to the estate's servers and machines. A secret is resolved late, at its first use, once per run.
import type { World } from './contracts/world.ts';
import { Fault } from './fault.ts';
import type { Guard } from './guard/guard.ts';
import { kubectlApi } from './machines/kubectl-api.ts';
import type { Machine } from './machines/machine.ts';
import { machinesOf } from './machines-of-estate.ts';
import type { Connection, Connections } from './model/estate.ts';
import type { RunId } from './model/run.ts';
import type { Identity } from './model/step.ts';
import type { ProxmoxApi } from './proxmox/api.ts';
import { keepSecret, setAsideSecret } from './secrets/keep.ts';
import { secretKey } from './secrets/key.ts';
import { secretStore } from './secrets/resolve.ts';
import { recall, remember } from './store/remembered.ts';
import type { Surroundings } from './surroundings.ts';
import type { SecretReference } from './values/secret-reference.ts';

export type OpenWorld = World & AsyncDisposable & Readonly<{ endLeftovers(run: RunId): Promise<readonly string[]> }>;

/** @param state the estate's state folder, for what is remembered of secrets */
export function openWorld(
  surroundings: Surroundings,
  connections: Connections,
  guard: Guard,
  state: string,
  run?: RunId,
): OpenWorld {
  const { clock } = surroundings;
  const secrets = secretStore(surroundings, guard);
  const apis = new Map<string, Promise<ProxmoxApi & Partial<AsyncDisposable>>>();
  const machines = machinesOf({ clock, run, connections, secret: secrets });
  const connected = (server: Connection & { product: 'pve' | 'pbs' }, identity: Identity) => {
    const key = `${server.name} ${identity}`;
    const known = apis.get(key) ?? connectTo(server, identity, secrets, clock, machines.local);
    apis.set(key, known);
    return known;
  };
  return {
    clock,
    server: async (name, identity) => {
      const server = [...connections.pve, ...connections.pbs].find((one) => one.name === name);
      if (server === undefined) throw unknown('server', name, 'declare it under `pve` or `pbs`');
      return connected(server, identity);
    },
    machine: (name) => machines.machine(name),
    endLeftovers: (run) => machines.endLeftovers(run),
    kubernetes: (name) => {
      const entry = connections.kubernetes.find((one) => one.name === name);
      if (entry === undefined) throw unknown('cluster', name, 'declare it under `kubernetes`');
      return kubectlApi({ ...entry, machine: machines.machine(entry.machine) });
    },
    recall: (what) => recall(state, what),
    remember: (what, value) => remember(state, what, value, clock.now()),
    secret: (reference, audience) => secrets(reference, audience),
    keepSecret: (reference, secret) => keepSecret(reference, secret, guard),
    setAsideSecret: (reference) => setAsideSecret(reference, guard),
    keyedDigest: async (secret) => secret.keyedDigest(await secretKey(state)),
    [Symbol.asyncDispose]: async () => {
      for (const api of await Promise.allSettled(apis.values()))
        if (api.status === 'fulfilled') await api.value[Symbol.asyncDispose]?.();
      await machines[Symbol.asyncDispose]();
    },
  };
}

type Secrets = (reference: SecretReference, audience: string) => ReturnType<World['secret']>;

async function connectTo(
  server: Connection & { product: 'pve' | 'pbs' },
  identity: Identity,
  secrets: Secrets,
  clock: Surroundings['clock'],
  local: Machine,
): Promise<ProxmoxApi & Partial<AsyncDisposable>> {
  if (server.through === 'pvesh') {
    const { throughPvesh } = await import('./proxmox/pvesh.ts');
    const program = server.url.slice('pvesh:'.length);
    return throughPvesh(server.name, ([, ...rest], signal) =>
      local.run([program, ...rest], signal === undefined ? {} : { signal }),
    );
  }
  const [{ connect }, { limited }, { retrying }, { addressOf }] = await Promise.all([
    import('./proxmox/http.ts'),
    import('./proxmox/limited.ts'),
    import('./proxmox/retrying.ts'),
    import('./proxmox/address.ts'),
  ]);
  const { product, name, url } = server;
  const { audience } = addressOf({ product, name, url });
  const trust = server.fingerprint === undefined ? ('ca' as const) : { fingerprint: server.fingerprint };
  const token = server.identities?.[identity] ?? server.token;
  const auth =
    token !== undefined
      ? { kind: 'token' as const, id: token.id, secret: await secrets(token.secret, audience) }
      : await ticketAuth(server, secrets, audience);
  const connection = connect({ product, name, url, trust, auth, clock });
  return { ...retrying(limited(connection), clock), [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() };
}

async function ticketAuth(server: Connection, secrets: Secrets, audience: string) {
  if (server.login === undefined)
    throw new Fault('server-without-credentials', {
      where: server.name,
      says: 'the estate gives neither a token nor a login for it',
      remedy: 'add `token: { id: USER@REALM!NAME, secret: { file: ... } }` to it',
      exit: 'invalid',
    });
  const { username, password } = server.login;
  return { kind: 'ticket' as const, username, password: await secrets(password, audience) };
}

const unknown = (what: string, name: string, remedy: string): Fault =>
  new Fault(`${what}-unknown`, {
    where: name,
    says: `the estate has no ${what} of that name`,
    remedy,
    exit: 'invalid',
  });
