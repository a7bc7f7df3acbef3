// What a PBS talks to, and who may talk to it.
import type { Kind } from './kind.ts';
import { by, heldBy, listed, type Of, section } from './on-pbs.ts';
import type { World } from './world.ts';

export function elsewhere(world: World): readonly Kind[] {
  const remote = 'name: proof-remote, host: pbs.lab.example, auth_id: sync@pbs, password: { file: LAB/sync.token }';
  const { port } = new URL(world.s3.url);
  const s3 = `name: proof-s3, endpoint: 127.0.0.1, port: ${port}, access_key_id: ${world.s3.accessKey}, secret_key: { file: LAB/s3.token }, region: ${world.s3.region}, fingerprint: "${world.s3.fingerprint}", path_style: true`;
  return [
    {
      ...{ what: 'remote', row: '2.4', text: listed(world, 'remotes') },
      held: heldBy(section(({ remotes }) => remotes, 'proof-remote')),
      created: {
        entry: `${remote}, comment: one, port: 8010`,
        holds: { host: 'pbs.lab.example', 'auth-id': 'sync@pbs', comment: 'one', port: 8010 },
      },
      changed: { entry: `${remote}, comment: two`, holds: { comment: 'two', port: undefined } },
      unset: { entry: remote, holds: { comment: undefined } },
    },
    {
      ...{ what: 'S3 endpoint', row: '2.4', text: listed(world, 's3_endpoints') },
      held: heldBy(section(({ s3Clients }) => s3Clients, 'proof-s3')),
      created: {
        entry: `${s3}, rate_in: 20 MiB`,
        holds: { endpoint: '127.0.0.1', 'access-key': world.s3.accessKey, 'path-style': true },
      },
      otherwise: {
        same: by('s3', 'proof-s3', { 'rate-in': '20480 KiB' }),
        other: by('s3', 'proof-s3', { 'rate-in': '1 MiB' }),
      },
      changed: {
        entry: `${s3}, provider_quirks: [skip-if-none-match-header]`,
        holds: { 'provider-quirks': ['skip-if-none-match-header'], 'rate-in': undefined },
      },
      unset: { entry: s3, holds: { 'provider-quirks': undefined } },
    },
    {
      ...{ what: 'traffic rule', row: '1.6', text: listed(world, 'traffic_control') },
      held: heldBy(section(({ trafficRules }) => trafficRules, 'proof-rule')),
      created: {
        entry:
          'name: proof-rule, networks: [10.10.0.0/24, 10.20.0.0/24], rate_in: 100 MiB, timeframes: ["mon..fri 8:00-18:00"]',
        holds: { 'rate-in': '100 MiB' },
      },
      otherwise: {
        same: by('traffic-control', 'proof-rule', {
          'rate-in': '102400 KiB',
          network: ['10.20.0.0/24', '10.10.0.0/24'],
        }),
        other: by('traffic-control', 'proof-rule', { network: ['10.20.0.0/24'] }),
      },
      changed: {
        entry: 'name: proof-rule, networks: [10.10.0.0/24], rate_out: 1 MiB',
        holds: { 'rate-in': undefined, 'rate-out': '1 MiB', timeframe: undefined, network: ['10.10.0.0/24'] },
      },
      unset: { entry: 'name: proof-rule, networks: [10.10.0.0/24]', holds: { 'rate-out': undefined } },
    },
  ];
}

export function people(world: World): readonly Kind[] {
  const user =
    (id: string): Of =>
    ({ users }) =>
      users.find((one) => one.id === id);
  const holder = 'users: [{ id: holder@pbs }]\n';
  return [
    {
      ...{ what: 'user', row: '1.6', text: listed(world, 'users'), held: heldBy(user('proof@pbs')) },
      created: {
        entry: 'id: proof@pbs, comment: one, email: a@lab.example, first_name: Ada',
        holds: { comment: 'one', email: 'a@lab.example', firstname: 'Ada' },
      },
      otherwise: {
        same: by('user', 'proof@pbs', { enable: true, expire: 0 }),
        other: by('user', 'proof@pbs', { expire: 1893456000 }),
      },
      changed: {
        entry: 'id: proof@pbs, comment: two, enabled: false',
        holds: { comment: 'two', enable: false, email: undefined },
      },
      unset: { entry: 'id: proof@pbs', holds: { comment: undefined, firstname: undefined } },
    },
    {
      ...{ what: 'token', row: '1.6', text: listed(world, 'tokens', holder) },
      held: heldBy(({ tokens }) => tokens.find(({ id }) => id === 'holder@pbs!proof')),
      created: {
        entry: 'id: "holder@pbs!proof", comment: one, save_to: { file: FOLDER/secrets/proof.token }',
        holds: { comment: 'one' },
      },
      otherwise: {
        same: by('token', 'holder@pbs!proof', { enable: true, expire: 0 }),
        other: by('token', 'holder@pbs!proof', { enable: false }),
      },
      changed: {
        entry: 'id: "holder@pbs!proof", enabled: false, save_to: { file: FOLDER/secrets/proof.token }',
        holds: { comment: undefined, enable: false },
      },
    },
    {
      ...{ what: 'right', row: '1.6', text: listed(world, 'acl', holder) },
      held: heldBy(({ acl }) => {
        const own = acl
          .filter(({ authId }) => authId === 'holder@pbs')
          .map(({ path, role, propagate }) => `${path} ${role} ${propagate}`);
        return own.length === 0 ? undefined : { rights: own.sort().join() };
      }),
      created: {
        entry: 'path: /datastore/pbs-datastore, role: DatastoreAudit, for: holder@pbs',
        holds: { rights: '/datastore/pbs-datastore DatastoreAudit true' },
      },
      changed: {
        entry: 'path: /datastore/pbs-datastore, role: DatastoreAudit, for: holder@pbs, propagate: false',
        holds: { rights: '/datastore/pbs-datastore DatastoreAudit false' },
      },
    },
  ];
}
