// Users, tokens, roles and rights of a PVE host: what is made holds at once, a secret is shown once, and what is gone is gone
// everywhere.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Asking, type Form, type Raw, type TestLab, testLab } from '../ask.test-support.ts';

let lab: TestLab;
beforeEach(async () => {
  lab = await testLab({ taskSeconds: 0 });
  const state = lab.lab.servers['ruapehu']?.state;
  assert.ok(state?.product === 'pve');
  for (const authId of ['holdfast@pve', 'holdfast@pve!ops'])
    state.acl = [
      ...state.acl.filter((entry) => entry.authId !== authId),
      { path: '/', authId, role: 'Administrator', propagate: true },
    ];
});
afterEach(() => lab[Symbol.asyncDispose]());

const ask = (method: string, path: string, form?: Form, more: Asking = {}): Promise<Raw> =>
  lab.ask('ruapehu', method, path, { ...more, ...(form === undefined ? {} : { form }) });
type Row = Record<string, unknown>;
const rows = async (path: string): Promise<Row[]> => (await ask('GET', path)).json.data as Row[];

describe('a token', () => {
  const token = '/access/users/anna@pve/token/nightly';
  it('shows its secret once, and logs in with it', async () => {
    assert.equal((await ask('POST', '/access/users', { userid: 'anna@pve', comment: 'Anna' })).status, 200);
    const made = (await ask('POST', token, { expire: 0, comment: 'for the nights' })).json.data as Row;
    assert.equal(made['full-tokenid'], 'anna@pve!nightly');
    const login = `${made['full-tokenid']}=${made['value']}`;
    assert.equal((await ask('GET', '/version', undefined, { login })).status, 200);
    const read = await ask('GET', token);
    assert.deepEqual(read.json.data, { comment: 'for the nights', expire: 0, privsep: 1 });
    assert.ok(!JSON.stringify(await rows('/access/users/anna@pve/token')).includes(String(made['value'])));
    assert.equal((await ask('DELETE', token)).status, 200);
    assert.equal((await ask('GET', '/version', undefined, { login })).status, 401);
  });
  it('has, without privilege separation, what its user has', async () => {
    await ask('POST', '/access/users', { userid: 'anna@pve' });
    await ask('PUT', '/access/acl', { path: '/vms', roles: 'PVEAuditor', users: 'anna@pve' });
    const login = async () => {
      const { value } = (await ask('POST', token, { privsep: 1 })).json.data as Row;
      return `anna@pve!nightly=${value}`;
    };
    const seen = async (own: string) =>
      ((await ask('GET', '/nodes/ruapehu/qemu', undefined, { login: own })).json.data as Row[]).length;
    const own = await login();
    assert.equal(await seen(own), 0);
    await ask('PUT', token, { privsep: 0 });
    assert.ok((await seen(own)) > 0);
  });
  it('is refused twice, and of nobody', async () => {
    await ask('POST', '/access/users', { userid: 'anna@pve' });
    await ask('POST', token);
    const again = await ask('POST', token);
    assert.deepEqual([again.status, again.json.errors], [400, { tokenid: 'Token already exists.' }]);
    assert.equal((await ask('POST', '/access/users/nobody@pve/token/x1')).status, 403);
  });
});

describe('a user', () => {
  it('that goes takes its tokens and its rights along', async () => {
    await ask('POST', '/access/users', { userid: 'anna@pve' });
    await ask('POST', '/access/users/anna@pve/token/nightly');
    const grant = { path: '/storage', roles: 'PVEDatastoreUser', users: 'anna@pve', tokens: 'anna@pve!nightly' };
    assert.equal((await ask('PUT', '/access/acl', grant)).status, 200);
    const ofAnna = async () => (await rows('/access/acl')).filter(({ ugid }) => String(ugid).startsWith('anna@'));
    assert.deepEqual((await ofAnna()).map(({ type }) => type).sort(), ['token', 'user']);
    assert.equal((await ask('DELETE', '/access/users/anna@pve')).status, 200);
    assert.deepEqual(await ofAnna(), []);
    assert.ok(!(await rows('/access/users')).some(({ userid }) => userid === 'anna@pve'));
  });
  it('is refused with a name that cannot be, of a realm that is not there, or twice', async () => {
    assert.match((await ask('POST', '/access/users', { userid: 'anna' })).json.errors?.['userid'] ?? '', /user name/);
    assert.match((await ask('POST', '/access/users', { userid: 'anna@moon' })).phrase, /domain 'moon' does not exist/);
    await ask('POST', '/access/users', { userid: 'anna@pve' });
    const again = await ask('POST', '/access/users', { userid: 'anna@pve' });
    assert.deepEqual([again.status, again.phrase], [500, "create user failed: user 'anna@pve' already exists"]);
  });
  it('that is switched off cannot log in', async () => {
    await ask('POST', '/access/users', { userid: 'anna@pve', password: 'a long word' });
    const login = () =>
      ask('POST', '/access/ticket', { username: 'anna@pve', password: 'a long word' }, { login: null });
    assert.equal((await login()).status, 200);
    await ask('PUT', '/access/users/anna@pve', { enable: 0 });
    assert.equal((await login()).status, 401);
  });
});

describe('a role', () => {
  it('gives what it says, more with append, and nothing once it is gone', async () => {
    assert.equal((await ask('POST', '/access/roles', { roleid: 'Reader', privs: 'VM.Audit' })).status, 200);
    await ask('PUT', '/access/roles/Reader', { privs: 'Sys.Audit', append: 1 });
    assert.deepEqual((await ask('GET', '/access/roles/Reader')).json.data, { 'VM.Audit': 1, 'Sys.Audit': 1 });
    await ask('PUT', '/access/acl', { path: '/vms', roles: 'Reader', users: 'holdfast@pve', propagate: 0 });
    await ask('DELETE', '/access/roles/Reader');
    assert.ok(!(await rows('/access/acl')).some(({ roleid }) => roleid === 'Reader'));
  });
  it('of PVE itself stays as it is', async () => {
    const words = /auto-generated role 'PVEAuditor' cannot be/;
    assert.match((await ask('PUT', '/access/roles/PVEAuditor', { privs: '' })).phrase, words);
    assert.match((await ask('DELETE', '/access/roles/PVEAuditor')).phrase, words);
    const unknown = await ask('POST', '/access/roles', { roleid: 'Reader', privs: 'VM.Fly' });
    assert.match(unknown.json.errors?.['privs'] ?? '', /invalid privilege 'VM.Fly'/);
  });
});

describe('PUT /access/acl', () => {
  it('takes away with delete, and refuses whom and where there is not', async () => {
    // Of somebody else: on a deeper path a role replaces what one had from above.
    await ask('POST', '/access/users', { userid: 'anna@pve' });
    const grant = { path: '/pool/drill/', roles: 'PVEAuditor', users: 'anna@pve' };
    const drill = async () => (await rows('/access/acl')).filter(({ path }) => path === '/pool/drill');
    await ask('PUT', '/access/acl', grant);
    await ask('PUT', '/access/acl', grant);
    assert.equal((await drill()).length, 1, 'given twice, it stands once');
    await ask('PUT', '/access/acl', { ...grant, delete: 1 });
    assert.deepEqual(await drill(), []);
    assert.match((await ask('PUT', '/access/acl', { ...grant, users: 'nobody@pve' })).phrase, /user 'nobody@pve' does/);
    assert.match((await ask('PUT', '/access/acl', { ...grant, roles: 'None' })).phrase, /role 'None' does not exist/);
    assert.equal((await ask('PUT', '/access/acl', { path: '/moon', roles: 'PVEAuditor', users: 'x@pve' })).status, 400);
    assert.equal((await ask('PUT', '/access/acl', { path: '/vms', roles: 'PVEAuditor' })).status, 400);
  });
  it('needs quorum as every config file does', async () => {
    await lab.lab.fault('ruapehu', 'no-quorum');
    const grant = { path: '/vms', roles: 'PVEAuditor', users: 'holdfast@pve' };
    assert.match((await ask('PUT', '/access/acl', grant)).phrase, /cfs-lock 'file-user_cfg' error: no quorum!/);
    const status = await rows('/cluster/status');
    assert.equal(status.find(({ type }) => type === 'cluster')?.['quorate'], 0);
    await lab.lab.clear();
    assert.ok(!(await rows('/cluster/status')).some(({ type }) => type === 'cluster'), 'each host stands alone');
  });
});
