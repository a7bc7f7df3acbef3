// Each right by itself: with all that a call needs it works, and with any single one taken away it is refused, or its rows are
// missing without a word (facts: pve-api sections 1, 2, 4, 5, 11; pbs-api sections 1, 3, 5, 7).
import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';
import { type Form, type Raw, type ServerId, type TestLab, testLab } from './ask.test-support.ts';

type Grants = Readonly<Record<string, readonly string[]>>;
let lab: TestLab;
beforeEach(async () => {
  await lab?.[Symbol.asyncDispose]();
  lab = await testLab({ taskSeconds: 0 });
});
after(() => lab[Symbol.asyncDispose]());

const logins: Readonly<Partial<Record<ServerId, string>>> = {
  ruapehu: 'holdfast@pve',
  hikurangi: 'holdfast@pve',
  'pbs-pihanga': 'holdfast@pbs',
};

/** These rights and no others, each on its path, for the token, its user, or both. Nothing is passed down but by `/*`. */
function grant(server: ServerId, grants: Grants, to: readonly ('user' | 'token')[] = ['user', 'token']): void {
  const state = lab.lab.servers[server]?.state;
  assert.ok(state !== undefined);
  const login = logins[server] ?? '';
  state.acl = state.acl.filter(({ authId }) => !authId.startsWith(login));
  for (const [at, privileges] of Object.entries(grants)) {
    const role = `Only on ${at}`;
    state.roles[role] = privileges;
    const path = at.replace(/\/\*$/, '') || '/';
    for (const whom of to) {
      const authId = whom === 'user' ? login : `${login}!ops`;
      state.acl.push({ path, authId, role, propagate: at.endsWith('/*') });
    }
  }
}

type Row = Readonly<{
  call: readonly [ServerId, string, string, Form?];
  needs: Grants;
  /** what is answered without that right; a 403 with its path and name where nothing else is said */
  without?: Readonly<Record<string, RegExp>>;
}>;

const pve: readonly Row[] = [
  {
    call: [
      'ruapehu',
      'POST',
      '/storage',
      { type: 'pbs', storage: 'p9', server: 'h.example', datastore: 'd', disable: 1 },
    ],
    needs: { '/storage': ['Datastore.Allocate'] },
  },
  { call: ['hikurangi', 'GET', '/storage/pbs-pihanga'], needs: { '/storage/pbs-pihanga': ['Datastore.Allocate'] } },
  {
    call: ['hikurangi', 'PUT', '/storage/pbs-pihanga', { 'max-protected-backups': 2 }],
    needs: { '/storage': ['Datastore.Allocate'] },
  },
  { call: ['hikurangi', 'DELETE', '/storage/pbs-pihanga'], needs: { '/storage': ['Datastore.Allocate'] } },
  {
    call: ['ruapehu', 'POST', '/cluster/backup', { id: 'j1', schedule: 'daily', all: 1, storage: 'old-pbs' }],
    needs: { '/': ['Sys.Modify'], '/storage/old-pbs': ['Datastore.Allocate'] },
  },
  {
    call: ['ruapehu', 'POST', '/cluster/backup', { id: 'j1', schedule: 'daily', all: 1 }],
    needs: { '/': ['Sys.Modify'], '/storage/local': ['Datastore.Allocate'] },
  },
  { call: ['ruapehu', 'GET', '/cluster/backup'], needs: { '/': ['Sys.Audit'] } },
  { call: ['ruapehu', 'GET', '/cluster/backup-info/not-backed-up'], needs: { '/': ['Sys.Audit'] } },
  { call: ['ruapehu', 'GET', '/nodes/ruapehu/status'], needs: { '/nodes/ruapehu': ['Sys.Audit'] } },
  { call: ['ruapehu', 'GET', '/nodes/ruapehu/journal'], needs: { '/nodes/ruapehu': ['Sys.Syslog'] } },
  { call: ['ruapehu', 'GET', '/nodes/ruapehu/qemu/101/config'], needs: { '/vms/101': ['VM.Audit'] } },
  { call: ['ruapehu', 'GET', '/cluster/status'], needs: { '/': ['Sys.Audit'] } },
  { call: ['ruapehu', 'GET', '/pools/drill'], needs: { '/pool/drill': ['Pool.Audit'] } },
  {
    call: ['ruapehu', 'POST', '/access/users', { userid: 'anna@pve' }],
    needs: { '/access/realm/pve': ['Realm.AllocateUser'], '/access/groups': ['User.Modify'] },
  },
  { call: ['ruapehu', 'POST', '/access/roles', { roleid: 'Reader' }], needs: { '/access': ['Sys.Modify'] } },
  {
    call: ['ruapehu', 'PUT', '/access/acl', { path: '/nodes', roles: 'PVEAuditor', users: 'holdfast@pve' }],
    needs: { '/nodes': ['Permissions.Modify'] },
  },
  {
    call: ['ruapehu', 'PUT', '/access/acl', { path: '/storage/local', roles: 'PVEAuditor', users: 'holdfast@pve' }],
    needs: { '/storage/local': ['Datastore.Allocate'] },
  },
  {
    call: ['ruapehu', 'GET', '/cluster/notifications/targets'],
    needs: { '/mapping/notifications': ['Mapping.Use'] },
  },
];

const pbs: readonly Row[] = [
  { call: ['pbs-pihanga', 'GET', '/config/datastore/tank'], needs: { '/datastore/tank': ['Datastore.Audit'] } },
  {
    call: ['pbs-pihanga', 'GET', '/admin/datastore/tank/namespace'],
    needs: { '/datastore/tank': ['Datastore.Audit'] },
    without: { 'Datastore.Audit': /permission check failed/ },
  },
  {
    call: ['pbs-pihanga', 'POST', '/config/prune', { id: 'job-a', store: 'tank', schedule: 'daily' }],
    needs: { '/datastore/tank': ['Datastore.Modify'] },
    without: { 'Datastore.Modify': /permission/ },
  },
];

const said = (answer: Raw): string => `${answer.status} ${answer.phrase} ${answer.text}`;
const nameOf = ([server, method, path]: Row['call']): string => `${method} ${path} of ${server}`;
const asked = ({ call: [server, method, path, form] }: Row): Promise<Raw> =>
  lab.ask(server, method, path, form === undefined ? {} : { form });

for (const row of [...pve, ...pbs]) {
  const [server] = row.call;
  describe(`${nameOf(row.call)} (${JSON.stringify(row.call[3] ?? {})})`, () => {
    it('works with just what it needs, on the token and on its user', async () => {
      grant(server, row.needs);
      const answer = await asked(row);
      assert.equal(answer.status, 200, said(answer));
    });
    it('is refused to a token whose user has nothing, and to one that has nothing itself', async () => {
      for (const whom of ['user', 'token'] as const) {
        grant(server, row.needs, [whom]);
        assert.notEqual((await asked(row)).status, 200, `only the ${whom} has the rights`);
      }
    });
    for (const [at, privileges] of Object.entries(row.needs))
      for (const privilege of privileges)
        it(`is refused without ${privilege} on ${at}, and says so`, async () => {
          const rest = Object.entries(row.needs).map(([path, names]) => [
            path,
            path === at ? names.filter((name) => name !== privilege) : names,
          ]);
          grant(server, Object.fromEntries(rest));
          const answer = await asked(row);
          const words = row.without?.[privilege];
          if (server === 'pbs-pihanga') {
            assert.ok([400, 403].includes(answer.status), said(answer));
            assert.match(answer.text, words ?? /permission/);
          } else {
            assert.equal(answer.status, 403, said(answer));
            assert.match(answer.phrase, /^Permission check failed \(/);
            assert.ok(answer.phrase.includes(`(${at}, `) && answer.phrase.includes(privilege), answer.phrase);
          }
        });
  });
}

const listed = async (server: ServerId, path: string, key: string, form?: Form): Promise<readonly string[]> => {
  const answer = await lab.ask(server, 'GET', path, form === undefined ? {} : { form });
  assert.equal(answer.status, 200, said(answer));
  return (answer.json.data as Record<string, unknown>[]).map((entry) => String(entry[key])).sort();
};

describe('rows that are missing without a word', () => {
  it('are the storages without Datastore.Audit or AllocateSpace', async () => {
    grant('ruapehu', { '/storage/local': ['Datastore.Audit'], '/storage/old-pbs': ['Datastore.AllocateSpace'] });
    assert.deepEqual(await listed('ruapehu', '/storage', 'storage'), ['local', 'old-pbs']);
    grant('ruapehu', { '/storage/*': ['Datastore.Allocate'] });
    assert.deepEqual(await listed('ruapehu', '/storage', 'storage'), [], 'Allocate alone does not list');
  });
  it('are the guests without VM.Audit', async () => {
    grant('ruapehu', { '/vms/*': ['VM.Audit'] });
    const guests = await listed('ruapehu', '/cluster/resources', 'vmid', { type: 'vm' });
    assert.ok(guests.length >= 4);
    grant('ruapehu', { [`/vms/${guests[0]}`]: ['VM.Audit'] });
    assert.deepEqual(await listed('ruapehu', '/cluster/resources', 'vmid', { type: 'vm' }), [guests[0]]);
    grant('ruapehu', {});
    assert.deepEqual(await listed('ruapehu', '/cluster/resources', 'vmid', { type: 'vm' }), []);
  });
  it('are the datastores and prune jobs of a PBS without Datastore.Audit', async () => {
    grant('pbs-pihanga', { '/datastore/*': ['Datastore.Audit'] });
    assert.deepEqual(await listed('pbs-pihanga', '/config/datastore', 'name'), ['archive', 'tank']);
    const jobs = await listed('pbs-pihanga', '/config/prune', 'id');
    assert.ok(jobs.length > 0);
    grant('pbs-pihanga', { '/datastore/tank': ['Datastore.Audit'] });
    assert.deepEqual(await listed('pbs-pihanga', '/config/datastore', 'name'), ['tank']);
    grant('pbs-pihanga', {});
    assert.deepEqual(await listed('pbs-pihanga', '/config/datastore', 'name'), []);
    assert.deepEqual(await listed('pbs-pihanga', '/config/prune', 'id'), []);
  });
});

describe('rights', () => {
  it('on a deeper path replace what came from above', async () => {
    grant('pbs-pihanga', { '/*': ['Datastore.Audit'], '/datastore/tank': ['Datastore.Backup'] });
    assert.deepEqual(await listed('pbs-pihanga', '/config/datastore', 'name'), ['archive']);
    grant('ruapehu', { '/storage/*': ['Datastore.Audit'], '/storage/local': ['Datastore.Allocate'] });
    assert.ok(!(await listed('ruapehu', '/storage', 'storage')).includes('local'));
  });
  it('(17) an auditor may not read one storage entry, and is told so before his parameters are looked at', async () => {
    grant('hikurangi', { '/storage/*': ['Datastore.Audit'] });
    const read = await lab.ask('hikurangi', 'GET', '/storage/pbs-pihanga');
    assert.deepEqual(
      [read.status, read.phrase],
      [403, 'Permission check failed (/storage/pbs-pihanga, Datastore.Allocate)'],
    );
    const write = await lab.ask('hikurangi', 'PUT', '/storage/pbs-pihanga', { form: { bogus: 1 } });
    assert.deepEqual([write.status, write.phrase], [403, 'Permission check failed (/storage, Datastore.Allocate)']);
  });
  it('are those of the token: it reads its own effective ones', async () => {
    grant('ruapehu', { '/storage/*': ['Datastore.Audit', 'Datastore.Allocate'] });
    const { data } = (await lab.ask('ruapehu', 'GET', '/access/permissions')).json as {
      data: Record<string, Record<string, number>>;
    };
    assert.deepEqual(Object.keys(data['/storage'] ?? {}).sort(), ['Datastore.Allocate', 'Datastore.Audit']);
  });
});

describe('POST vzdump', () => {
  const start = (form: Form) => lab.ask('ruapehu', 'POST', '/nodes/ruapehu/vzdump', { form });
  const storage = { '/storage/local': ['Datastore.AllocateSpace'] };
  it('needs AllocateSpace on the storage', async () => {
    grant('ruapehu', { '/vms/*': ['VM.Backup', 'VM.Audit'] });
    const answer = await start({ all: 1, storage: 'local' });
    assert.equal(answer.status, 403, said(answer));
    assert.match(answer.phrase, /\(\/storage\/local, Datastore\.AllocateSpace\)/);
  });
  it('starts what it may where a guest list is given, and refuses the rest', async () => {
    const [vmid] = lab.lab.servers.ruapehu?.state.product === 'pve' ? lab.lab.servers.ruapehu.state.guests : [];
    grant('ruapehu', { ...storage, [`/vms/${vmid?.vmid}`]: ['VM.Backup'] });
    assert.match(String((await start({ vmid: vmid?.vmid ?? 0, storage: 'local' })).json.data), /^UPID:ruapehu:/);
  });
  it('says OK, and starts nothing, for guests that are not there', async () => {
    const tasks = async () => (await listed('ruapehu', '/nodes/ruapehu/tasks', 'upid', { source: 'all' })).length;
    const before = await tasks();
    assert.equal((await start({ vmid: 999, storage: 'local' })).json.data, 'OK');
    assert.equal(await tasks(), before);
  });
});
