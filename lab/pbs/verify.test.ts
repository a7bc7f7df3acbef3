// Verify jobs, what they find, and when they look again (facts: pbs-api section 5; failure-signatures F11).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { done, ended, type PbsLab, pbsLab, type Row, refusal } from './product.test-support.ts';
import { addSnapshot } from './snapshots.ts';

const create = (lab: PbsLab, form: string) =>
  done(lab, 'POST', '/config/verify', { form: `id=v-tank&store=tank&${form}` });
const run = (lab: PbsLab) => ended(lab, 'POST', '/admin/verify/v-tank/run');
const job = async (lab: PbsLab) => ((await lab.rows('/admin/verify'))[0] ?? {}) as Row;
const day = 86_400_000;
const skipped = (log: readonly string[]): number => log.filter((line) => line.startsWith('SKIPPED')).length;
const looked = (log: readonly string[]): number => log.filter((line) => /^verify tank:\S+Z$/.test(line)).length;

describe('a verify job', () => {
  it('marks what is good, finds what has rotted, and says which', async () => {
    const lab = pbsLab();
    await create(lab, 'schedule=daily');
    const [bad] = lab.state.snapshots.filter(({ id }) => id === '102');
    assert.ok(bad !== undefined);
    bad.damaged = true;
    const { upid, status, type, id, log } = await run(lab);
    assert.deepEqual(
      [type, id, status],
      ['verificationjob', 'tank:v-tank', 'verification failed - please check the log for details'],
    );
    assert.equal(log[0], "Starting datastore verify job 'tank:v-tank'");
    assert.ok(log.includes('using 1 read and 4 verify thread(s)'));
    const name = `\tvm/102/${new Date(bad.time * 1000).toISOString().replace('.000', '')}`;
    assert.deepEqual(log.slice(log.indexOf('Failed to verify the following snapshots/groups:') + 1, -1), [name]);
    const rows = await lab.rows('/admin/datastore/tank/snapshots');
    const states = rows.map((row) => [row['verification'], row['backup-id'] === '102'] as const);
    assert.ok(states.every(([verification]) => (verification as Row)['upid'] === upid));
    assert.equal(states.filter(([verification]) => (verification as Row)['state'] === 'failed').length, 1);
    assert.deepEqual([(await job(lab))['last-run-upid'], (await job(lab))['last-run-state']], [upid, status]);
  });
  it('does not look again at what was verified, unless it is outdated by more full days than it says', async () => {
    const lab = pbsLab();
    await create(lab, 'outdated-after=2');
    const first = await run(lab);
    assert.equal(skipped(first.log), 0);
    const count = looked(first.log);
    lab.clock.now += 3 * day - 1000;
    assert.equal(skipped((await run(lab)).log), count, 'two full days are not more than two');
    lab.clock.now += 1000;
    assert.equal(looked((await run(lab)).log), count);
    await done(lab, 'PUT', '/config/verify/v-tank', { form: 'delete=outdated-after' });
    lab.clock.now += 200 * day;
    assert.equal(skipped((await run(lab)).log), count, 'without an age it never does');
    await done(lab, 'PUT', '/config/verify/v-tank', { form: 'ignore-verified=0' });
    assert.equal(looked((await run(lab)).log), count, 'ignoring nothing, it always does');
  });
  it('takes threads from the store where the job has none', async () => {
    const lab = pbsLab();
    await done(lab, 'PUT', '/config/datastore/tank', { form: 'tuning=default-verification-readers=3' });
    await create(lab, 'verify-threads=8');
    assert.ok((await run(lab)).log.includes('using 3 read and 8 verify thread(s)'));
  });
  it('does not see an empty namespace in a change: only `delete` leads back to the root', async () => {
    const lab = pbsLab();
    await create(lab, 'ns=workshop');
    await done(lab, 'PUT', '/config/verify/v-tank', { form: 'ns=' });
    assert.equal((await job(lab))['ns'], 'workshop');
    await done(lab, 'PUT', '/config/verify/v-tank', { form: 'delete=ns' });
    assert.equal((await job(lab))['ns'], undefined);
  });
  it('that is due is put off by any change that leaves its schedule out, and by none that repeats it', async () => {
    const lab = pbsLab();
    await create(lab, 'schedule=14:00');
    const next = async () => (await job(lab))['next-run'];
    const due = await next();
    lab.clock.now += 3 * 3_600_000;
    assert.equal(await next(), due, 'it is late');
    await done(lab, 'PUT', '/config/verify/v-tank', { form: 'comment=x&schedule=14:00' });
    assert.equal(await next(), due, 'it is still late');
    await done(lab, 'PUT', '/config/verify/v-tank', { form: 'comment=y' });
    assert.equal(await next(), Number(due) + 86_400, 'it is due tomorrow');
  });
  it('is refused as a job is: by 400, with the right and the place', async () => {
    const lab = pbsLab();
    await create(lab, 'schedule=daily');
    lab.grant('DatastoreAudit', '/datastore', 'holdfast@pbs', 'holdfast@pbs!ops');
    const lacks = [400, "missing permissions 'Datastore.Verify' on '/datastore/tank'"];
    assert.deepEqual(await refusal(lab, 'POST', '/admin/verify/v-tank/run'), lacks);
    assert.deepEqual(await refusal(lab, 'PUT', '/config/verify/v-tank', { form: 'comment=x' }), lacks);
    assert.equal((await lab.ask('GET', '/config/verify/v-tank')).status, 200, 'reading is enough to read');
    lab.grant('DatastoreBackup', '/datastore', 'holdfast@pbs', 'holdfast@pbs!ops');
    assert.deepEqual(await lab.rows('/config/verify'), []);
    assert.equal((await refusal(lab, 'GET', '/config/verify/v-tank'))[0], 400);
  });
});

describe('verifying by hand', () => {
  it('is of a store, of a group, or of one snapshot', async () => {
    const lab = pbsLab();
    const [one] = lab.state.snapshots.filter(({ id }) => id === '101');
    const by = async (form: string) => {
      const { type, id, log } = await ended(lab, 'POST', '/admin/datastore/tank/verify', {
        form: `ignore-verified=0&${form}`,
      });
      return [type, id, looked(log)];
    };
    const group = 'backup-type=vm&backup-id=101';
    assert.deepEqual(await by(`${group}&backup-time=${one?.time}`), [
      'verify_snapshot',
      `tank::vm/101/${one?.time}`,
      1,
    ]);
    assert.deepEqual(await by(group), ['verify_group', 'tank::vm/101', 8]);
    assert.deepEqual(await by('max-depth=0'), ['verify', 'tank', lab.state.snapshots.length - 2]);
    assert.equal((await refusal(lab, 'POST', '/admin/datastore/tank/verify', { form: 'backup-type=vm' }))[0], 400);
  });
});

describe('a backup', () => {
  const backup = {
    namespace: '',
    type: 'vm' as const,
    id: '900',
    time: 1_767_000_000,
    size: 1e9,
    owner: 'holdfast@pbs!storage',
  };
  it('is verified at once where its store wants that, and a copy is not', async () => {
    const lab = pbsLab();
    await done(lab, 'PUT', '/config/datastore/tank', { form: 'verify-new=1' });
    for (const store of ['tank', 'archive']) addSnapshot(lab.host, { ...backup, store });
    addSnapshot(lab.host, { ...backup, store: 'tank', id: '901', synced: true });
    await lab.host.tasks.ended();
    const verified = lab.state.snapshots.filter(({ verification }) => verification?.state === 'ok');
    assert.deepEqual(
      verified.map(({ store, id }) => [store, id]),
      [['tank', '900']],
    );
    assert.deepEqual(
      lab.state.tasks.map(({ type }) => type),
      ['verify'],
    );
  });
  it('does not get into a store in maintenance', async () => {
    const lab = pbsLab();
    await done(lab, 'PUT', '/config/datastore/tank', { form: 'maintenance-mode=read-only' });
    assert.throws(() => addSnapshot(lab.host, { ...backup, store: 'tank' }), /read-only maintenance mode/);
  });
});
