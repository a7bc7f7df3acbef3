// What a login may not see (facts: pbs-api sections 1, 4, 7).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { done, ended, ops, pbsLab, type Row, runToEnd } from './product.test-support.ts';

describe('what a login may not see', () => {
  it('is missing from the lists without a word, and refused by name', async () => {
    const pbs = pbsLab();
    const stores = async (login: string) => (await pbs.rows('/admin/datastore', { login })).map(({ store }) => store);
    assert.deepEqual((await stores(ops)).sort(), ['archive', 'tank']);
    assert.deepEqual(await stores('holdfast@pbs!storage'), ['tank']);
    pbs.grant('Audit', '/system', ops);
    for (const list of [
      '/admin/datastore',
      '/config/datastore',
      '/config/prune',
      '/admin/prune',
      '/status/datastore-usage',
    ])
      assert.deepEqual(await pbs.rows(list), [], list);
    const refusals = {
      '/config/datastore/tank': [403, 'permission check failed'],
      '/admin/datastore/tank/status': [403, 'permission check failed'],
      '/config/prune/workshop-weekly': [400, "missing permissions 'Datastore.Audit' on '/datastore/tank/workshop'"],
      '/admin/datastore/tank/groups': [
        403,
        'permission check failed - missing Datastore.Audit|Datastore.Backup on /datastore/tank',
      ],
      '/admin/datastore/nobody-knows/groups': [
        403,
        'permission check failed - missing Datastore.Audit|Datastore.Backup on /datastore/nobody-knows',
      ],
    };
    for (const [path, refusal] of Object.entries(refusals)) {
      const { status, body } = await pbs.ask('GET', path);
      assert.deepEqual([status, body], refusal, path);
    }
  });
  it('is, with Datastore.Backup alone, every group of another owner', async () => {
    const pbs = pbsLab();
    const login = 'holdfast@pbs!storage';
    const seen = async () => (await pbs.rows('/admin/datastore/tank/groups', { login })).length;
    const before = await seen();
    assert.ok(before > 0);
    for (const snapshot of pbs.state.snapshots) if (snapshot.type === 'ct') snapshot.owner = 'root@pam';
    assert.equal(await seen(), before - 1);
  });
  it('is all of it to a token whose user has nothing, and sizes are zeros to one that sees a namespace only', async () => {
    const pbs = pbsLab();
    pbs.grant('Admin', '/datastore', ops);
    pbs.grant('Audit', '/system', 'holdfast@pbs');
    assert.deepEqual(await pbs.rows('/config/datastore'), []);
    pbs.grant('DatastoreAudit', '/datastore/tank/workshop', 'holdfast@pbs', ops);
    const status = await pbs.ask('GET', '/admin/datastore/tank/status');
    assert.deepEqual(status.json.data, { total: 0, used: 0, avail: 0, 'backend-type': 'filesystem' });
    assert.deepEqual(await pbs.rows('/admin/datastore/tank/namespace'), [{ ns: 'workshop' }]);
  });
  it('is the task of another, but for those who audit tasks or may run that job', async () => {
    const pbs = pbsLab();
    const login = 'holdfast@pbs!storage';
    await pbs.ask('POST', '/config/prune', { form: 'id=job-a&store=tank&schedule=daily&keep-last=9' });
    const { at } = await runToEnd(pbs, 'job-a');
    const refused = await pbs.ask('GET', `${at}/status`, { login });
    assert.deepEqual([refused.status, refused.body], [400, 'task access not allowed']);
    assert.deepEqual(await pbs.rows('/nodes/localhost/tasks', { login }), []);
    pbs.grant('DatastoreAdmin', '/datastore/tank', login);
    assert.equal((await pbs.rows('/nodes/localhost/tasks', { login })).length, 1);
  });
  it('is the task of a job of any kind, until one may run it', async () => {
    const pbs = pbsLab();
    const login = 'holdfast@pbs!storage';
    await done(pbs, 'POST', '/config/verify', { form: 'id=v-tank&store=tank' });
    await ended(pbs, 'POST', '/admin/verify/v-tank/run');
    await ended(pbs, 'POST', '/admin/datastore/tank/gc');
    const seen = async () => (await pbs.rows('/nodes/localhost/tasks', { login })).map((row) => row['worker_type']);
    assert.deepEqual(await seen(), []);
    pbs.grant('DatastoreReader', '/datastore/tank', login);
    assert.deepEqual(await seen(), ['verificationjob']);
    pbs.grant('DatastoreAdmin', '/datastore/tank', login);
    assert.deepEqual((await seen()).sort(), ['garbage_collection', 'verificationjob']);
  });
  it('are users and entries of others without Sys.Audit; of its own rights a token always hears', async () => {
    const pbs = pbsLab();
    const all = (await pbs.rows('/access/users?include_tokens=1')).find(({ userid }) => userid === 'holdfast@pbs');
    assert.deepEqual((all?.['tokens'] as Row[] | undefined)?.length, 2);
    assert.equal((await pbs.ask('GET', '/access/users/holdfast@pbs/token/nope')).status, 400);
    pbs.grant('DatastoreAudit', '/datastore', ops);
    assert.deepEqual(
      (await pbs.rows('/access/users')).map(({ userid }) => userid),
      ['holdfast@pbs'],
    );
    assert.deepEqual(await pbs.rows('/access/acl'), []);
    const denied = await pbs.ask('GET', '/access/users/holdfast@pbs/token');
    assert.deepEqual([denied.status, denied.waitMilliseconds], [403, 500], 'a token is not its user');
    const { data } = (await pbs.ask('GET', '/access/permissions')).json;
    assert.deepEqual((data as Record<string, Row>)['/datastore'], { 'Datastore.Audit': true });
  });
});
