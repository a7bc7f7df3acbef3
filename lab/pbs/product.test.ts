// How the PBS of the lab takes a request (facts: pbs-api section 1).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pbsContract } from '../contract/contract.ts';
import served from '../contract/served.json' with { type: 'json' };
import { handlers } from './handlers.ts';
import { ops, pbsLab, type Row, runToEnd, secret, start } from './product.test-support.ts';

describe('the calls that are served', () => {
  it('are exactly those of the list, and each is in the published contract', () => {
    const listed = Object.entries(served.pbs).flatMap(([path, methods]) =>
      methods.map((method) => `${method} ${path}`),
    );
    assert.deepEqual(Object.keys(handlers).sort(), listed.sort());
    for (const name of listed) {
      const [method = '', path = ''] = name.split(' ');
      assert.ok(pbsContract.paths[path]?.[method] !== undefined, name);
    }
  });
});

describe('a login', () => {
  it('is a token with its secret behind a colon, by `=` or a blank; anything else is a 401 after three seconds', async () => {
    const { ask, state } = pbsLab();
    assert.equal((await ask('GET', '/version')).user, ops);
    const blank = { authorization: `PBSAPIToken ${ops}:${encodeURIComponent(secret)}` };
    assert.equal((await ask('GET', '/version', { login: null, headers: blank })).status, 200);
    for (const authorization of [
      `PBSAPIToken=${ops}=${secret}`,
      `PVEAPIToken=${ops}:${secret}`,
      `PBSAPIToken=${ops}:no`,
    ]) {
      const refused = await ask('GET', '/version', { login: null, headers: { authorization } });
      assert.deepEqual([refused.status, refused.body, refused.waitMilliseconds], [401, 'authentication failed', 3000]);
    }
    const token = state.tokens.find(({ id }) => id === ops);
    assert.ok(token !== undefined);
    token.expire = start / 1000;
    assert.equal((await ask('GET', '/version')).status, 401, 'the token has expired');
    token.expire = start / 1000 + 1;
    assert.equal((await ask('GET', '/version')).status, 200, 'not yet');
  });

  it('is a ticket for two hours, which wins over the header, and needs its second token to write', async () => {
    const { ask, clock } = pbsLab();
    const word = { login: null, form: 'username=workshop%40pbs&password=a+workshop' };
    const made = (await ask('POST', '/access/ticket', word)).json.data as Record<string, string>;
    const cookie = `PBSAuthCookie=${encodeURIComponent(made['ticket'] ?? '')}`;
    assert.equal((await ask('GET', '/version', { headers: { cookie } })).user, 'workshop@pbs');
    const run = (headers: Record<string, string>) => ask('POST', '/admin/prune/workshop-weekly/run', { headers });
    assert.equal((await run({ cookie })).status, 401, 'without the second token');
    const csrf = { cookie, csrfpreventiontoken: made['CSRFPreventionToken'] ?? '' };
    assert.equal((await run(csrf)).status, 400, 'it is known, but may not do this');
    clock.now += 7_199_000;
    assert.equal((await ask('GET', '/version', { headers: { cookie } })).status, 200);
    clock.now += 1000;
    assert.equal((await ask('GET', '/version', { headers: { cookie } })).status, 401, 'the ticket has expired');
    const wrong = await ask('POST', '/access/ticket', { login: null, form: 'username=workshop%40pbs&password=x' });
    assert.deepEqual([wrong.status, wrong.body], [401, 'permission check failed.']);
  });
});

describe('parameters', () => {
  it('are refused in plain text, one on the line and several below it', async () => {
    const { ask } = pbsLab();
    const one = await ask('POST', '/config/prune', { form: 'id=job-a&store=tank&schedule=daily&keep-last=0' });
    assert.equal(one.status, 400);
    assert.equal(one.body, "parameter verification failed - 'keep-last': value must have a minimum value of 1 (got 0)");
    const two = await ask('POST', '/config/prune', { form: 'id=job-a&store=tank&schedule=nonsense&bogus=1' });
    assert.match(two.body, /^parameter verification failed\n- 'schedule': .*\n- 'bogus': .*\n$/);
    const missing = await ask('POST', '/config/prune', { form: 'id=job-a&store=tank' });
    assert.match(missing.body, /^parameter verification failed - 'schedule': parameter is missing/);
  });
  it('of a JSON body are of their types, and the query beside it does not count', async () => {
    const { ask } = pbsLab();
    const json = { id: 'job-a', store: 'tank', schedule: 'daily', 'keep-last': 1 };
    const text = await ask('POST', '/config/prune', { json: { ...json, 'keep-last': '1' } });
    assert.match(text.body, /^parameter verification failed - 'keep-last': /);
    assert.equal((await ask('POST', '/config/prune?bogus=1', { json })).status, 200);
    const odd = await ask('POST', '/config/prune', { form: '{}', headers: { 'content-type': 'text/plain' } });
    assert.equal(odd.status, 400);
  });
  it('in a path and query beyond 3072 bytes are a 414 without a word', async () => {
    const answer = await pbsLab().ask('GET', `/admin/prune?store=${'x'.repeat(3072)}`);
    assert.deepEqual([answer.status, answer.body], [414, '']);
  });
});

describe('lists', () => {
  it('come in no order, and never in a lasting one', async () => {
    const { rows } = pbsLab();
    const orders = new Set<string>();
    for (let turn = 0; turn < 8; turn += 1)
      orders.add((await rows('/admin/datastore/tank/groups')).map((row) => row['backup-id']).join());
    assert.ok(orders.size > 1);
  });
  it('of tasks say that there is one more behind a full page, and logs begin at the line that is named', async () => {
    const pbs = pbsLab();
    await pbs.ask('POST', '/config/prune', { form: 'id=job-a&store=tank&schedule=daily&keep-last=9' });
    for (let turn = 0; turn < 3; turn += 1) await runToEnd(pbs, 'job-a');
    const page = await pbs.ask('GET', '/nodes/localhost/tasks?limit=2');
    assert.deepEqual([(page.json.data as Row[]).length, page.json.total], [2, 3]);
    assert.equal((await pbs.ask('GET', '/nodes/localhost/tasks')).json.total, 3);
    const { at, log } = await runToEnd(pbs, 'job-a');
    const lines = async (query: string) => (await pbs.rows(`${at}/log${query}`)).map(({ n, t }) => [n, t]);
    assert.deepEqual(await lines('?start=0&limit=1'), await lines('?start=1&limit=1'));
    assert.deepEqual(await lines('?start=2&limit=2'), [
      [2, log[1]],
      [3, log[2]],
    ]);
  });
});
