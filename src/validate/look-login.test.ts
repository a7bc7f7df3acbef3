// A login as the server describes it: what it may do, what it sees, and through which entry it has it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeApi, refused } from '../proxmox/fake-api.test-support.ts';
import type { Ports, ServerAsked } from './asked.ts';
import { lookAtLogin } from './look-login.ts';
import { thingsOf } from './things.ts';

type Permissions = Readonly<Record<string, Readonly<Record<string, boolean>>>>;
type Fake = Readonly<{
  permissions: Permissions;
  datastores?: readonly string[];
  acl?: readonly Readonly<Record<string, string>>[];
  roles?: readonly Readonly<Record<string, string>>[];
}>;

function portsFor(product: 'pve' | 'pbs', { permissions, datastores = [], acl, roles }: Fake): Ports {
  const listed = (rows: readonly unknown[] | undefined) => {
    if (rows === undefined) throw refused(product, 403, 'Permission check failed (/access, Sys.Audit)');
    return { data: rows };
  };
  const api = fakeApi(product, (_, path, params) => {
    if (path === '/version') return { data: { version: '4.2', release: '3' } };
    if (path === '/config/datastore') return { data: datastores.map((name) => ({ name })) };
    if (path === '/access/acl') return listed(acl);
    if (path === '/access/roles') return listed(roles);
    assert.equal(path, '/access/permissions');
    const one = params['path'];
    return { data: one === undefined ? permissions : { [String(one)]: permissions[String(one)] ?? {} } };
  });
  return { open: async () => ({ ...api, [Symbol.asyncDispose]: async () => undefined }) } as unknown as Ports;
}

const login = { id: 'holdfast@pbs!ops', secret: { env: 'X' }, identities: ['configure'] } as const;
const pbs = (things: ServerAsked['things']): ServerAsked => ({
  ...{ product: 'pbs', name: 'attic', url: 'https://attic:8007', way: undefined, logins: [login], things },
});
const missingIn = async (fake: Fake, things: ServerAsked['things']): Promise<readonly string[]> =>
  (await lookAtLogin(pbs(things), login, portsFor('pbs', fake))).checks.flatMap(({ privileges }) =>
    privileges?.problem === 'missing' ? privileges.privileges.map((one) => `${privileges.path} ${one}`) : [],
  );

describe('a datastore that is declared', () => {
  const tank = [{ kind: 'pbs-datastore', fields: { name: 'tank', removable: {} } }];
  const all = { 'Datastore.Audit': true, 'Datastore.Modify': true };

  it('needs the right to make it only where it is seen not to be there', async () => {
    assert.deepEqual(await missingIn({ permissions: { '/datastore/tank': all }, datastores: ['tank'] }, tank), []);
    assert.deepEqual(await missingIn({ permissions: { '/datastore/tank': all } }, tank), [
      '/datastore Datastore.Allocate',
    ]);
    const blind = { permissions: { '/datastore/tank': { 'Datastore.Modify': true } } };
    assert.deepEqual(await missingIn(blind, tank), ['/datastore/tank Datastore.Audit']);
  });

  it('on a disk that is plugged in needs the disks as well', async () => {
    const removable = [{ kind: 'pbs-datastore', fields: { name: 'tank', removable: { device: 'x' } } }];
    const wanted = await missingIn({ permissions: { '/datastore/tank': all } }, removable);
    assert.deepEqual(wanted, ['/datastore Datastore.Allocate', '/system/disks Sys.Modify']);
  });
});

describe('a right too many', () => {
  it('is taken from the very entry that brings it, where the list may be seen', async () => {
    const permissions = { '/': { 'Datastore.Modify': true }, '/datastore': { 'Datastore.Modify': true } };
    const acl = [
      { path: '/', ugid: 'holdfast@pbs', roleid: 'Admin' },
      { path: '/', ugid: login.id, roleid: 'DatastoreAdmin' },
      { path: '/', ugid: login.id, roleid: 'Audit' },
    ];
    const { checks } = await lookAtLogin(pbs([]), login, portsFor('pbs', { permissions, acl }));
    assert.deepEqual(
      checks.flatMap(({ privileges, remedy }) => (privileges === undefined ? [] : [[privileges.path, remedy]])),
      [['/', "proxmox-backup-manager acl update / DatastoreAdmin --auth-id 'holdfast@pbs!ops' --delete true"]],
    );
  });

  it('of a PVE token that no entry gives it is that of its user', async () => {
    const server = { ...pbs([]), product: 'pve' } as const;
    const fake = { permissions: { '/vms': { 'VM.PowerMgmt': true } }, acl: [], roles: [] };
    const { checks } = await lookAtLogin(server, { ...login, id: 'a@pve!b' }, portsFor('pve', fake));
    assert.match(checks.at(-1)?.remedy ?? '', /pveum user token modify a@pve b --privsep 1/);
  });
});

describe('what is declared', () => {
  const server = { product: 'pve', name: 'ruapehu', url: '' } as const;
  const of = (kind: string, name: string, item: Readonly<Record<string, unknown>>, within?: string) =>
    thingsOf(server, [{ kind, server: 'ruapehu', name, item, ...(within === undefined ? {} : { within }) }], {})[0]
      ?.fields ?? {};

  it('is told by what it is for: pool, fleecing storage, datastore', () => {
    const job = of('pve-backup-job', 'j', { storage: 's', select: { pool: 'prod' }, fleecing: { storage: 'fast' } });
    assert.deepEqual([job['pool'], job['fleecing-storage'], job['storage']], ['prod', 'fast', 's']);
    assert.equal(of('pbs-namespace', 'tank/prod', {})['store'], 'tank');
    assert.equal(of('pbs-prune-job', 'p', {}, 'tank')['store'], 'tank');
    assert.equal(of('pbs-sync-job', 's', { direction: 'push' })['push'], true);
  });

  it('of backup jobs is also run, each on the servers it is for', () => {
    const sections = {
      backup_jobs: [
        { name: 'a', storage: 's', select: 'all', on: ['ruapehu'] },
        { name: 'b', storage: 't', select: { guests: [101, 102] } },
        { name: 'c', storage: 'u', select: { pool: 'prod' } },
        { name: 'd', storage: 'v', select: 'all', on: ['elsewhere'] },
      ],
    };
    assert.deepEqual(
      thingsOf(server, [], sections).map(({ kind, fields }) => [kind, ...Object.values(fields)].join(' ')),
      [
        ...[
          'backup-to-storage s',
          'backup-of-all',
          'backup-to-storage t',
          'backup-of-guest 101',
          'backup-of-guest 102',
        ],
        ...['backup-to-storage u', 'backup-of-pool prod'],
      ],
    );
  });
});
