import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Desired } from './contracts/resource.ts';
import type { PbsServer } from './model/estate.ts';
import { madeFor } from './validate-made.ts';

const pbs = [
  { product: 'pbs', name: 'attic', url: 'https://10.0.0.1:8007', datastores: [] },
  { product: 'pbs', name: 'cellar', url: 'https://10.0.0.2:8007', datastores: [] },
] as unknown as readonly PbsServer[];
const entry = {
  ...{ server: '10.0.0.1', port: 8007, datastore: 'tank', namespace: 'ruapehu', username: 'backup@pbs!pve' },
  fingerprint: undefined,
};
const one = (kind: string, name: string, server = 'attic', item = {}) => ({ kind, name, server, item });
const right = (auth: string, path: string) =>
  one('pbs-acl', `DatastoreBackup ${auth} ${path}`, 'attic', {
    ...{ path, role: 'DatastoreBackup', for: auth, propagate: true },
  });
const made = (...declared: readonly ReturnType<typeof one>[]) =>
  madeFor(entry, { pbs }, declared as unknown as Desired['declared']);

describe('what the estate makes for a storage', () => {
  it('is told by name, on the very PBS that the storage leads to', () => {
    const all = (server: string) => [
      one('pbs-token', 'backup@pbs!pve', server),
      one('pbs-datastore', 'tank', server),
      one('pbs-namespace', 'tank/ruapehu', server),
    ];
    const { login, datastore, namespace } = made(...all('attic'));
    assert.deepEqual([login, datastore, namespace], [true, true, true]);
    const other = made(...all('cellar'));
    assert.deepEqual([other.login, other.datastore, other.namespace], [false, false, false]);
    assert.equal(made(one('pbs-user', 'backup@pbs')).login, false, 'its user is not the token');
  });

  it('gives a token a right only where its user has it too', () => {
    const place = '/datastore/tank/ruapehu';
    assert.deepEqual([...made(right('backup@pbs!pve', '/datastore/tank')).may(place)], []);
    const both = made(right('backup@pbs!pve', '/datastore/tank'), right('backup@pbs', '/datastore/tank'));
    assert.deepEqual([...both.may(place)], ['Datastore.Backup']);
    assert.deepEqual([...both.may('/datastore/archive')], []);
  });
});
