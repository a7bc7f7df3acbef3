// Users, tokens and grants (facts: pbs-api section 7).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyGrant } from './first.ts';
import { done, ops, type PbsLab, pbsLab, type Row, refusal } from './product.test-support.ts';

const all = () => pbsLab({ opsGrants: everyGrant });
const user = async (lab: PbsLab, id: string) => (await done(lab, 'GET', `/access/users/${id}`)) as Row;
const post = (lab: PbsLab, path: string, form: string) => done(lab, 'POST', path, { form });
const put = (lab: PbsLab, path: string, form: string) => done(lab, 'PUT', path, { form });
const ticket = async (lab: PbsLab, username: string, password: string) => {
  const form = `username=${encodeURIComponent(username)}&password=${encodeURIComponent(password)}`;
  const { status, json } = await lab.ask('POST', '/access/ticket', { login: null, form });
  const { ticket: made = '', CSRFPreventionToken: csrf = '' } = (json.data ?? {}) as Record<string, string>;
  return {
    status,
    login: null,
    headers: { cookie: `PBSAuthCookie=${encodeURIComponent(made)}`, csrfpreventiontoken: csrf },
  };
};
const grants = ({ state }: PbsLab, who: string) => state.acl.filter(({ authId }) => authId === who);

describe('a user', () => {
  it('keeps what a creation says as it is said, and of a change only what is not so anyway', async () => {
    const lab = all();
    await post(lab, '/access/users', 'userid=new@pbs&enable=1&expire=0&email=a@b.example&comment=+cut+');
    assert.deepEqual(await user(lab, 'new@pbs'), {
      ...{ userid: 'new@pbs', enable: true, expire: 0, email: 'a@b.example', comment: 'cut' },
    });
    await put(lab, '/access/users/new@pbs', 'enable=1&expire=0&firstname=Ny&delete=email&comment=');
    assert.deepEqual(await user(lab, 'new@pbs'), { userid: 'new@pbs', firstname: 'Ny' });
    await put(lab, '/access/users/new@pbs', 'enable=0&expire=1900000000');
    assert.deepEqual(await user(lab, 'new@pbs'), {
      ...{ userid: 'new@pbs', firstname: 'Ny', enable: false, expire: 1_900_000_000 },
    });
  });
  it('needs a realm that there is; the password of a change is taken and forgotten', async () => {
    const lab = all();
    assert.match((await refusal(lab, 'POST', '/access/users', { form: 'userid=a@nowhere' }))[1], /realm/);
    await post(lab, '/access/users', 'userid=new@pbs&password=first+word');
    await put(lab, '/access/users/new@pbs', 'password=second+word');
    assert.equal((await ticket(lab, 'new@pbs', 'second word')).status, 401);
    const own = await ticket(lab, 'new@pbs', 'first word');
    assert.equal(own.status, 200);
    const change = { form: 'userid=new@pbs&password=third+word' };
    assert.equal((await refusal(lab, 'PUT', '/access/password', change))[0], 400, 'no token may');
    await done(lab, 'PUT', '/access/password', { ...change, ...own });
    assert.equal((await ticket(lab, 'new@pbs', 'third word')).status, 200);
    assert.ok(!JSON.stringify(lab.state).includes('third word'));
  });
  it('of the machine itself is there after its password was refused', async () => {
    const lab = all();
    const [status] = await refusal(lab, 'POST', '/access/users', { form: 'userid=admin@pam&password=some+word' });
    assert.equal(status, 400);
    assert.equal((await user(lab, 'admin@pam'))['userid'], 'admin@pam');
  });
  it('that is removed takes its tokens and their grants along, and leaves its own grants to the next of that name', async () => {
    const lab = all();
    await post(lab, '/access/users', 'userid=new@pbs');
    await post(lab, '/access/users/new@pbs/token/ci', '');
    for (const who of ['new@pbs', 'new@pbs!ci']) await put(lab, '/access/acl', `path=/&role=Audit&auth-id=${who}`);
    await done(lab, 'DELETE', '/access/users/new@pbs');
    assert.deepEqual([grants(lab, 'new@pbs').length, grants(lab, 'new@pbs!ci').length], [1, 0]);
    await post(lab, '/access/users', 'userid=new@pbs');
    assert.deepEqual(await done(lab, 'GET', '/access/users/new@pbs/token'), []);
  });
  it('may change itself; its token may not', async () => {
    const lab = pbsLab();
    const word = await ticket(lab, 'workshop@pbs', 'a workshop');
    assert.equal((await lab.ask('PUT', '/access/users/workshop@pbs', { ...word, form: 'comment=me' })).status, 200);
    const made = (await done(lab, 'POST', '/access/users/workshop@pbs/token/ci', { ...word, form: '' })) as Row;
    const headers = { authorization: `PBSAPIToken=workshop@pbs!ci:${made['value']}` };
    const asToken = { login: null, headers, form: 'comment=x' };
    const denied = [403, 'permission check failed'];
    assert.deepEqual(await refusal(lab, 'PUT', '/access/users/workshop@pbs', asToken), denied);
    assert.deepEqual(await refusal(lab, 'PUT', '/access/users/workshop@pbs/token/ci', asToken), denied);
  });
});

describe('a token', () => {
  it('tells its secret once, and another when it is made anew', async () => {
    const lab = all();
    const { tokenid, value } = (await post(lab, '/access/users/holdfast@pbs/token/ci', 'enable=1')) as Row;
    assert.equal(tokenid, 'holdfast@pbs!ci');
    const login = async (secret: unknown) =>
      (
        await lab.ask('GET', '/version', {
          login: null,
          headers: { authorization: `PBSAPIToken=${tokenid}:${secret}` },
        })
      ).status;
    assert.equal(await login(value), 200);
    const at = '/access/users/holdfast@pbs/token/ci';
    assert.deepEqual(await done(lab, 'GET', at), { tokenid, enable: true });
    assert.equal(await put(lab, at, 'comment=x&enable=1'), null);
    assert.deepEqual(await done(lab, 'GET', at), { tokenid, comment: 'x' });
    const { secret } = (await put(lab, at, 'regenerate=1')) as Row;
    assert.deepEqual([await login(value), await login(secret)], [401, 200]);
    for (const hidden of [value, secret]) assert.ok(!JSON.stringify(lab.state).includes(String(hidden)));
    assert.match((await refusal(lab, 'POST', at, { form: '' }))[1], /already exists/);
    await done(lab, 'DELETE', at);
    assert.equal(await login(secret), 401);
  });
  it('is made under the digest of user.cfg, too', async () => {
    const lab = all();
    const form = `digest=${'0'.repeat(64)}`;
    assert.match(
      (await refusal(lab, 'POST', '/access/users/holdfast@pbs/token/ci', { form }))[1],
      /^detected modified/,
    );
    lab.board.add('foreign-change', { count: 1 });
    const { digest } = (await lab.ask('GET', '/access/users')).json;
    const late = await refusal(lab, 'PUT', '/access/users/workshop@pbs', { form: `comment=x&digest=${digest}` });
    assert.match(late[1], /^detected modified/);
  });
});

describe('a grant', () => {
  const grant = (lab: PbsLab, form: string) => lab.ask('PUT', '/access/acl', { form: `auth-id=workshop@pbs&${form}` });
  const roles = (lab: PbsLab, path: string) =>
    grants(lab, 'workshop@pbs')
      .filter((entry) => entry.path === path)
      .map(({ role, propagate }) => `${role}${propagate ? '' : ' here'}`);
  it('is added once, changes whether it reaches down, and goes', async () => {
    const lab = all();
    for (let time = 0; time < 2; time += 1) await grant(lab, 'path=/remote&role=RemoteAudit');
    await grant(lab, 'path=/remote&role=RemoteAdmin');
    assert.deepEqual(roles(lab, '/remote'), ['RemoteAudit', 'RemoteAdmin']);
    await grant(lab, 'path=/remote&role=RemoteAudit&propagate=0');
    assert.deepEqual(roles(lab, '/remote').sort(), ['RemoteAdmin', 'RemoteAudit here']);
    await grant(lab, 'path=/remote&role=RemoteAudit&delete=1');
    assert.deepEqual(roles(lab, '/remote'), ['RemoteAdmin']);
  });
  it('of NoAccess takes the place of every other, and every other its place', async () => {
    const lab = all();
    await grant(lab, 'path=/remote&role=RemoteAudit');
    await grant(lab, 'path=/remote&role=NoAccess');
    assert.deepEqual(roles(lab, '/remote'), ['NoAccess']);
    await grant(lab, 'path=/remote&role=RemoteAdmin');
    assert.deepEqual(roles(lab, '/remote'), ['RemoteAdmin']);
  });
  it('needs somebody who is there and a place that there can be; taking away needs neither', async () => {
    const lab = all();
    const to = async (form: string) => (await refusal(lab, 'PUT', '/access/acl', { form }))[0];
    for (const place of ['/nowhere', '/access/else', '/system/nothing', '/datastores'])
      assert.equal(await to(`auth-id=workshop@pbs&path=${place}&role=Audit`), 400, place);
    for (const place of ['/', '/datastore/any/deep', '/remote/r/s/n', '/system/s3-endpoint/x', '/system/services/y'])
      assert.equal(await to(`auth-id=workshop@pbs&path=${place}&role=Audit`), 200, place);
    assert.equal(await to('auth-id=nobody@pbs&path=/&role=Audit'), 400);
    assert.equal(await to('auth-id=nobody@pbs&path=/nowhere&role=Audit&delete=1'), 200);
    assert.equal(await to('path=/&role=Audit'), 400, 'nobody is named');
    assert.equal(await to('group=some&path=/&role=Audit'), 400, 'there are no groups');
    assert.equal(await to('auth-id=root@pam&path=/&role=NoAccess'), 200);
    assert.deepEqual(grants(lab, 'root@pam'), [], 'it is never saved');
  });
  it('is given by whoever may, and by a user to its own tokens', async () => {
    const lab = pbsLab();
    lab.state.tokens.push({ id: 'workshop@pbs!ci' });
    const word = await ticket(lab, 'workshop@pbs', 'a workshop');
    const form = (who: string) => ({ form: `auth-id=${who}&path=/datastore/tank/workshop&role=DatastoreAudit` });
    assert.equal((await lab.ask('PUT', '/access/acl', { ...word, ...form('workshop@pbs!ci') })).status, 200);
    assert.equal((await lab.ask('PUT', '/access/acl', { ...word, ...form('workshop@pbs') })).status, 400);
    assert.equal((await lab.ask('PUT', '/access/acl', form(ops))).status, 400, 'a token may not');
    assert.deepEqual(
      ((await done(lab, 'GET', '/access/acl', word)) as Row[]).map(({ ugid }) => ugid),
      ['workshop@pbs!ci'],
      'it sees those of its tokens',
    );
  });
  it('of a role is one of the table, which everybody may read', async () => {
    const lab = pbsLab();
    const { privs } = (await lab.rows('/access/roles')).find(({ roleid }) => roleid === 'DatastoreAdmin') ?? {};
    assert.ok(Array.isArray(privs) && privs.includes('Datastore.Modify') && !privs.includes('Datastore.Allocate'));
    assert.equal((await grant(all(), 'path=/&role=MyOwn')).status, 400);
  });
});
