// Logins by password, and what older versions of PVE answer (facts: pve-api section 1).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TestLab, testLab } from '../ask.test-support.ts';

let lab: TestLab;
before(async () => {
  lab = await testLab({ versions: { pve: '8.2.4' } });
});
after(() => lab[Symbol.asyncDispose]());

type Ticket = { ticket: string; CSRFPreventionToken: string; username: string };
const login = async (form: Record<string, string>) =>
  lab.ask('ruapehu', 'POST', '/access/ticket', { form, login: null });

describe('a login by password', () => {
  it('gives a ticket for reading, that writes only with its second token, and renews itself', async () => {
    const first = await login({ username: 'holdfast@pve', password: lab.secret('ruapehu.token') });
    const { ticket, CSRFPreventionToken: token, username } = first.json.data as Ticket;
    assert.equal(username, 'holdfast@pve');
    const cookie = `PVEAuthCookie=${encodeURIComponent(ticket)}`;
    const as = (headers: Record<string, string>) => ({ login: null, headers: { cookie, ...headers } });
    assert.equal((await lab.ask('ruapehu', 'GET', '/storage', as({}))).status, 200);
    const form = { 'max-protected-backups': 3 };
    assert.equal((await lab.ask('ruapehu', 'PUT', '/storage/old-pbs', { ...as({}), form })).status, 401);
    const second = { ...as({ csrfpreventiontoken: token }), form };
    assert.equal((await lab.ask('ruapehu', 'PUT', '/storage/old-pbs', second)).status, 200);
    assert.equal((await login({ username: 'holdfast@pve', password: ticket })).status, 200);
    assert.ok(!JSON.stringify(lab.log()).includes(ticket), 'no ticket is in the log');
  });
  it('takes the realm apart from the name, and refuses another word, user or host’s secret', async () => {
    const password = lab.secret('ruapehu.token');
    assert.equal((await login({ username: 'holdfast', realm: 'pve', password })).status, 200);
    for (const wrong of [
      { username: 'holdfast@pve', password: lab.secret('hikurangi.token') },
      { username: 'root@pam', password },
      { username: 'holdfast@pve!ops', password },
    ]) {
      const refused = await login(wrong);
      assert.deepEqual([refused.status, refused.phrase, refused.text], [401, 'authentication failure', '']);
    }
  });
});

describe('an older PVE', () => {
  it('has the text of an error in the reason phrase only', async () => {
    const answer = await lab.ask('ruapehu', 'GET', '/storage/nope');
    assert.deepEqual([answer.status, answer.phrase], [500, "storage 'nope' does not exist"]);
    assert.deepEqual(answer.json, { data: null });
    const { data } = (await lab.ask('ruapehu', 'GET', '/version')).json as { data: Record<string, string> };
    assert.deepEqual([data['version'], data['release']], ['8.2.4', '8.2']);
  });
});

describe('the rights of a login', () => {
  it('are told of oneself, and of others only with Sys.Audit on /access', async () => {
    const ask = (form: Record<string, string>) => lab.ask('ruapehu', 'GET', '/access/permissions', { form });
    const { data } = (await ask({ path: '/storage/new' })).json as { data: Record<string, Record<string, number>> };
    assert.equal(data['/storage/new']?.['Datastore.Allocate'], 1);
    const other = await ask({ userid: 'root@pam' });
    assert.match(other.phrase, /^Permission check failed \(\/access, Sys\.Audit\)$/);
  });
});
