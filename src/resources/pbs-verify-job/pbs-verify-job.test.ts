import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { problemsIn } from '../../estate/estate.test-support.ts';
import { asYaml, type PbsEstate, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsVerifyJob } from './pbs-verify-job.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
});
after(() => on[Symbol.asyncDispose]());

const job = (more: string): string => `datastores: [{ name: tank, verify: { ${more} } }]`;
const stored = () => on.state.verifyJobs.find(({ id }) => id === 'holdfast-tank');
const everything = `schedule: "sat 18:15", again_after: 30d, ignore_verified: false, namespace: workshop, max_depth: 2,
  comment: reads it all, read_threads: 2, verify_threads: 8`;

describe('a verify job of PBS', () => {
  it('is made, and the plan after it is empty', async () => {
    await on.settle(job('schedule: "sat 18:15", again_after: 30d'));
    assert.deepEqual(stored()?.options, { store: 'tank', schedule: 'sat 18:15', 'outdated-after': 30 });
  });

  it('takes every option there is, and gives each of them up again', async () => {
    await on.settle(job(everything));
    assert.deepEqual(stored()?.options, {
      ...{ store: 'tank', schedule: 'sat 18:15', 'outdated-after': 30, 'ignore-verified': false, ns: 'workshop' },
      ...{ 'max-depth': 2, comment: 'reads it all', 'read-threads': 2, 'verify-threads': 8 },
    });
    await on.settle(job('schedule: "sat 18:15"'));
    assert.deepEqual(stored()?.options, { store: 'tank', schedule: 'sat 18:15' });
  });

  it('is not put off by a change of something else: its schedule goes with every change', async () => {
    await on.settle(job('schedule: "sat 18:15"'));
    const entry = stored();
    assert.ok(entry !== undefined);
    entry.scheduledSince = 1000;
    await on.settle(job('schedule: "sat 18:15", again_after: 14d'));
    assert.equal(stored()?.scheduledSince, 1000);
    await on.settle(job('schedule: "sun 18:15", again_after: 14d'));
    assert.notEqual(stored()?.scheduledSince, 1000, 'another schedule does begin anew (control)');
  });

  it('without a schedule says that it never starts, and loses one that it had', async () => {
    const plan = await on.plan(job('again_after: 14d'));
    assert.match(plan.steps[0]?.because.join() ?? '', /never starts by itself/);
    await on.settle(job('again_after: 14d'));
    assert.equal(stored()?.options['schedule'], undefined);
  });

  it('is as declared where the server spells it otherwise', async () => {
    await on.settle(job('again_after: 4w, max_depth: 7'));
    const entry = stored();
    assert.ok(entry !== undefined);
    Object.assign(entry.options, { 'ignore-verified': true, 'max-depth': 7, ns: '', comment: ' ' });
    assert.deepEqual((await on.plan(job('again_after: 28d'))).steps, []);
    entry.options['outdated-after'] = 29;
    assert.equal((await on.plan(job('again_after: 28d'))).steps.length, 1, 'a day more is a change (control)');
  });

  it('is removed when it is no longer declared and --prune is said, and its datastore with its backups stays', async () => {
    const backups = on.state.snapshots.length;
    await on.settle(`datastores: [{ name: tank, verify: [{ id: one-more, schedule: daily }] }]`);
    const plan = await on.plan('datastores: [{ name: tank }]', { prune: true });
    assert.ok(plan.steps.every(({ act }) => act === 'remove'));
    assert.deepEqual([...new Set((await on.apply(plan)).fates)], ['done']);
    assert.deepEqual(on.state.verifyJobs, []);
    assert.equal(on.state.snapshots.length, backups);
  });

  it('written by import declares what is there, and nothing more', async () => {
    const options = { store: 'archive', schedule: 'daily', 'outdated-after': 7, 'ignore-verified': false, ns: 'a' };
    on.state.verifyJobs.push({ id: 'theirs', options }, { id: 'plain', options: { store: 'tank' } });
    const text = asYaml(await on.written(pbsVerifyJob));
    const [found, declared] = await on.foundAndDeclared(pbsVerifyJob, text);
    assert.deepEqual(declared, found);
    assert.deepEqual(Object.keys(found), ['plain', 'theirs']);
    assert.doesNotMatch(text, /ignore_verified":true|max_depth|null/);
    assert.deepEqual((await on.plan(text)).steps, []);
  });

  for (const [span, problem] of [
    ['36h', /no whole number of days/],
    ['0d', /no whole number of days/],
    ['soon', /no whole number of days/],
  ] as const)
    it(`is refused where it is to be done again after ${span}`, async () => {
      const text = `pbs: [{ name: p, url: "https://p:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, datastores: [{ name: tank, verify: { again_after: ${span} } }] }]`;
      assert.match((await problemsIn(text)).join('\n'), problem);
    });
});

describe('threads of a verify job', () => {
  it('are refused in the plan where the PBS has none; without them the job is made', async () => {
    await using old = await pbsEstate({ versions: { pbs: '4.0.14' } });
    const plan = await old.plan(job('schedule: daily, read_threads: 2'));
    assert.deepEqual(
      plan.refusals.map(({ code }) => code),
      ['feature-missing'],
    );
    await old.settle(job('schedule: daily'));
  });
});
