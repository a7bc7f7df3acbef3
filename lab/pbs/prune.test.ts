// Prune jobs and what they remove (facts: pbs-api section 5, pbs-prune-and-calendar A).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TimeZone } from '../../src/values/time-zone.ts';
import { foreignHandOn } from './foreign.ts';
import { ops, type PbsLab, pbsLab, type Row, runToEnd } from './product.test-support.ts';
import { addSnapshot } from './snapshots.ts';

const times = async ({ rows }: PbsLab, group: string): Promise<string[]> => {
  const [type, id] = group.split('/');
  const found = await rows(`/admin/datastore/tank/snapshots?backup-type=${type}&backup-id=${id}`);
  return found.map((row) => new Date(Number(row['backup-time']) * 1000).toISOString().slice(0, 16)).sort();
};
const backups = ({ host, state }: PbsLab, id: string, moments: readonly string[]) => {
  for (const moment of moments) {
    const time = Date.parse(`${moment.slice(0, 16)}:00Z`) / 1000;
    addSnapshot(host, { store: 'tank', namespace: '', type: 'vm', id, time, size: 1e9, owner: 'holdfast@pbs!storage' });
    const added = state.snapshots.at(-1);
    assert.ok(added !== undefined);
    added.protected = moment.endsWith('protected');
    added.finished = !moment.endsWith('unfinished');
  }
};
const foreignSnapshot = ({ host }: PbsLab) =>
  addSnapshot(host, {
    ...{ store: 'tank', namespace: 'workshop', type: 'host', id: 'workshop' },
    ...{ time: Math.floor(host.now() / 1000) - 60, size: 1e9, owner: 'workshop@pbs' },
  });

// facts: pbs-prune-and-calendar A.1
const worked = [
  '2026-01-05T22:30 unfinished',
  '2026-01-05T20:00',
  '2026-01-05T08:00',
  '2026-01-04T20:00',
  '2026-01-04T08:00 goes',
  '2026-01-03T20:00 protected',
  '2026-01-02T20:00',
  '2026-01-01T20:00',
  '2025-12-31T23:30 goes',
  '2025-12-30T20:00 goes',
  '2025-12-28T20:00',
  '2025-12-27T20:00 goes unfinished',
  '2025-12-21T20:00',
  '2025-12-14T20:00 goes',
  '2025-11-30T20:00',
  '2025-10-31T20:00',
  '2024-12-31T20:00',
];
const stay = worked
  .filter((moment) => !moment.includes('goes'))
  .map((moment) => moment.slice(0, 16))
  .sort();
const policy = 'keep-last=2&keep-daily=3&keep-weekly=2&keep-monthly=2&keep-yearly=1';

describe('a prune job', () => {
  const form = 'id=job-a&store=tank&schedule=daily&keep-last=2&comment=';
  it('is made, changed and removed under the digest of the whole file', async () => {
    const pbs = pbsLab();
    const { ask } = pbs;
    assert.deepEqual((await ask('POST', '/config/prune', { form })).json, { data: null });
    assert.match((await ask('POST', '/config/prune', { form })).body, /already exists/);
    const digest = (await ask('GET', '/config/prune')).json.digest ?? '';
    assert.equal((await ask('GET', '/config/prune/workshop-weekly')).json.digest, digest);
    const put = (more: string) => ask('PUT', '/config/prune/job-a', { form: `${more}&digest=${digest}` });
    assert.equal((await put('keep-daily=7&delete=keep-last&delete=comment')).status, 200);
    assert.deepEqual((await ask('GET', '/config/prune/job-a')).json.data, {
      ...{ id: 'job-a', store: 'tank', schedule: 'daily', 'keep-daily': 7 },
    });
    const stale = await put('keep-daily=8');
    assert.equal(stale.status, 400);
    assert.match(stale.body, /^detected modified configuration - file changed by other user\? Try again\.$/);
    const late = await ask('DELETE', `/config/prune/job-a?digest=${digest}`);
    assert.match(late.body, /^detected modified/);
    assert.equal((await ask('DELETE', '/config/prune/job-a')).status, 200);
    const gone = await ask('GET', '/config/prune/job-a');
    assert.deepEqual([gone.status, gone.body], [400, "no such prune job 'job-a'"]);
  });
  it('that somebody else changes has another digest at once', async () => {
    const { ask, host, board } = pbsLab();
    const digest = async () => (await ask('GET', '/config/prune')).json.digest;
    const before = await digest();
    foreignHandOn(host, 'prune', 'workshop-weekly');
    const after = await digest();
    assert.notEqual(after, before);
    board.add('foreign-change', { count: 1 });
    const put = () => ask('PUT', '/config/prune/workshop-weekly', { form: `keep-last=9&digest=${after}` });
    assert.match((await put()).body, /^detected modified/, 'the change came between reading and writing');
  });
  it('is not touched while its file stays locked', async () => {
    const { ask, board, state } = pbsLab();
    board.add('lock-timeout', { count: 1 });
    const refused = await ask('DELETE', '/config/prune/workshop-weekly');
    assert.equal(refused.status, 400);
    assert.match(refused.body, /got lock request timeout/);
    assert.deepEqual(
      state.pruneJobs.map(({ id }) => id),
      ['workshop-weekly'],
    );
  });
  it('removes exactly what the rules of PBS do not keep, and its log says so, oldest first', async () => {
    const pbs = pbsLab();
    backups(pbs, '900', worked);
    assert.equal((await times(pbs, 'vm/900')).length, worked.length);
    backups(pbs, '902', ['2026-01-05T10:00', '2026-01-05T09:00', '2026-01-05T08:00']);
    await pbs.ask('POST', '/config/prune', { form: `id=job-a&store=tank&schedule=daily&max-depth=0&${policy}` });
    const { upid, status, log } = await runToEnd(pbs, 'job-a');
    assert.match(
      upid,
      /^UPID:pihanga:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:prunejob:tank:holdfast@pbs!ops:$/,
    );
    assert.deepEqual(
      [status['status'], status['exitstatus'], status['user'], status['tokenid']],
      ['stopped', 'OK', 'holdfast@pbs', 'ops'],
    );
    assert.deepEqual(await times(pbs, 'vm/900'), stay);
    const lines = log.map((line) => line.replace(/^2026-01-06T12:00:00\+00:00: /, ''));
    assert.deepEqual(lines.slice(0, 3), [
      "prune job 'job-a'",
      "Starting datastore prune on datastore 'tank', root namespace, non-recursive",
      'retention options: --keep-last 2 --keep-daily 3 --keep-weekly 2 --keep-monthly 2 --keep-yearly 1',
    ]);
    const own = lines.slice(lines.indexOf('Pruning group :"vm/900"') + 1).slice(0, worked.length);
    assert.deepEqual([own[0], own[3]], ['keep vm/900/2024-12-31T20:00:00Z', 'remove vm/900/2025-12-14T20:00:00Z']);
    assert.ok(own.includes('keep protected vm/900/2026-01-03T20:00:00Z'));
    assert.equal(lines.at(-1), 'TASK OK');
    assert.deepEqual(await times(pbs, 'vm/902'), ['2026-01-05T09:00', '2026-01-05T10:00'], 'each group for itself');
  });
  it('reaches as deep below its namespace as it says, and no further', async () => {
    const pbs = pbsLab();
    const left = (wanted: string) => pbs.state.snapshots.filter(({ namespace }) => namespace === wanted).length;
    const [root, workshop] = [left(''), left('workshop')];
    assert.ok(root > 3 && workshop === 2, 'there is something to remove in both');
    await pbs.ask('POST', '/config/prune', { form: 'id=job-a&store=tank&schedule=daily&ns=workshop&keep-last=1' });
    const { upid } = await runToEnd(pbs, 'job-a');
    assert.match(upid, /:prunejob:tank\\x3aworkshop:/);
    assert.deepEqual([left(''), left('workshop')], [root, 1]);
    foreignSnapshot(pbs);
    await pbs.ask('PUT', '/config/prune/job-a', { form: 'ns=&max-depth=0' });
    await runToEnd(pbs, 'job-a');
    assert.deepEqual([left('') < root, left('workshop')], [true, 2], 'depth 0 is the root alone');
    await pbs.ask('PUT', '/config/prune/job-a', { form: 'delete=max-depth' });
    await runToEnd(pbs, 'job-a');
    assert.equal(left('workshop'), 1);
  });
  it('parts the days at the midnight of its own time zone', async () => {
    const kept = async (zone: string) => {
      const pbs = pbsLab();
      pbs.state.timeZone = zone as TimeZone;
      backups(pbs, '901', ['2026-01-04T23:30', '2026-01-05T10:00', '2026-01-03T10:00']);
      await pbs.ask('POST', '/config/prune', { form: 'id=job-a&store=tank&schedule=daily&keep-daily=2' });
      await runToEnd(pbs, 'job-a');
      return times(pbs, 'vm/901');
    };
    assert.deepEqual(await kept('UTC'), ['2026-01-04T23:30', '2026-01-05T10:00']);
    assert.deepEqual(await kept('Europe/Berlin'), ['2026-01-03T10:00', '2026-01-05T10:00']);
  });
  it('without a rule removes nothing, and ends with a warning', async () => {
    const pbs = pbsLab();
    const before = pbs.state.snapshots.length;
    await pbs.ask('POST', '/config/prune', { form: 'id=job-a&store=tank&schedule=daily' });
    const { status, log } = await runToEnd(pbs, 'job-a');
    assert.equal(status['exitstatus'], 'WARNINGS: 1');
    assert.match(log.at(-1) ?? '', /: TASK WARNINGS: 1$/);
    assert.equal(pbs.state.snapshots.length, before);
  });
  it('tells of its last run, and when it runs next: from the end of that run, and not while it is disabled', async () => {
    const pbs = pbsLab();
    const job = async () => (await pbs.rows('/admin/prune')).find(({ id }) => id === 'job-a') ?? {};
    await pbs.ask('POST', '/config/prune', { form: 'id=job-a&store=tank&schedule=daily&keep-last=1' });
    assert.equal((await job())['next-run'], Date.parse('2026-01-07T00:00:00Z') / 1000);
    assert.equal((await job())['last-run-state'], undefined);
    pbs.clock.now += 2 * 86_400_000;
    const { upid } = await runToEnd(pbs, 'job-a');
    const after = await job();
    assert.deepEqual([after['last-run-upid'], after['last-run-state']], [upid, 'OK']);
    assert.equal(after['next-run'], Date.parse('2026-01-09T00:00:00Z') / 1000);
    await pbs.ask('PUT', '/config/prune/job-a', { form: 'disable=1' });
    assert.equal((await job())['next-run'], undefined);
  });
  it('that runs is not started again, and can be stopped; then it has removed nothing', async (test) => {
    const pbs = pbsLab();
    test.after(pbs.close);
    const before = pbs.state.snapshots.length;
    await pbs.ask('POST', '/config/prune', { form: 'id=job-a&store=tank&schedule=daily&keep-last=1' });
    pbs.board.add('task-never-ends', { count: 1 });
    const upid = String((await pbs.ask('POST', '/admin/prune/job-a/run')).json.data);
    const at = `/nodes/pihanga/tasks/${encodeURIComponent(upid)}`;
    const again = await pbs.ask('POST', '/admin/prune/job-a/run');
    assert.match(again.body, /^Unable to acquire lock .*prunejob-job-a/);
    const [running] = await pbs.rows('/nodes/localhost/tasks?running=1');
    assert.deepEqual([running?.['upid'], running?.['node'], running?.['status']], [upid, 'localhost', undefined]);
    assert.equal((await pbs.ask('DELETE', at)).status, 200);
    await pbs.host.tasks.ended();
    assert.equal(((await pbs.ask('GET', `${at}/status`)).json.data as Row)['exitstatus'], 'task aborted');
    assert.equal(pbs.state.snapshots.length, before);
  });
});

describe('pruning one group by hand', () => {
  const group = 'backup-type=vm&backup-id=900';
  it('shows in a dry run, oldest first, what a run then does', async () => {
    const pbs = pbsLab();
    backups(pbs, '900', worked);
    const prune = (more: string) =>
      pbs.ask('POST', '/admin/datastore/tank/prune', { form: `${group}&${policy}${more}` });
    const shown = (await prune('&dry-run=1')).json.data as Row[];
    const kept = shown.filter(({ keep }) => keep === true).map((row) => Number(row['backup-time']));
    assert.deepEqual(
      kept.map((time) => new Date(time * 1000).toISOString().slice(0, 16)),
      stay,
    );
    assert.equal((await times(pbs, 'vm/900')).length, worked.length, 'a dry run removes nothing');
    assert.deepEqual((await prune('')).json.data, shown);
    assert.deepEqual(await times(pbs, 'vm/900'), stay);
    const [task] = await pbs.rows('/nodes/localhost/tasks?typefilter=prune');
    assert.deepEqual([task?.['worker_id'], task?.['status']], ['tank::vm/900', 'OK']);
    assert.match(String(task?.['upid']), /:prune:tank\\x3a\\x3avm-900:/);
  });
  it('needs Datastore.Modify, or Datastore.Prune and the group to be its own', async () => {
    const pbs = pbsLab();
    backups(pbs, '900', worked);
    const prune = () => pbs.ask('POST', '/admin/datastore/tank/prune', { form: `${group}&${policy}` });
    pbs.grant('DatastoreAudit', '/datastore', ops);
    const refused = await prune();
    assert.deepEqual(
      [refused.status, refused.body],
      [403, 'permission check failed - missing Datastore.Modify|Datastore.Prune on /datastore/tank'],
    );
    pbs.grant('DatastorePowerUser', '/datastore', ops);
    assert.match((await prune()).body, /^backup owner check failed \(holdfast@pbs!ops != holdfast@pbs!storage\)$/);
    for (const snapshot of pbs.state.snapshots) snapshot.owner = ops;
    assert.equal((await prune()).status, 200);
    assert.deepEqual(await times(pbs, 'vm/900'), stay);
  });
  it('is refused in maintenance, even the dry run, while lists go on', async () => {
    const { ask, state } = pbsLab();
    const [tank] = state.datastores;
    assert.ok(tank !== undefined);
    tank.options['maintenance-mode'] = 'read-only,message="new disks"';
    const form = 'backup-type=vm&backup-id=101&keep-last=1&dry-run=1';
    const refused = await ask('POST', '/admin/datastore/tank/prune', { form });
    assert.deepEqual(
      [refused.status, refused.body],
      [400, "datastore 'tank' is unavailable: read-only maintenance mode: new disks"],
    );
    assert.equal((await ask('GET', '/admin/datastore/tank/snapshots')).status, 200);
    tank.options['maintenance-mode'] = 'offline';
    assert.equal((await ask('GET', '/admin/datastore/tank/snapshots')).status, 400);
  });
});
