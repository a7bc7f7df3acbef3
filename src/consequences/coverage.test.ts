import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ask } from '../model/facts.ts';
import { classOf } from '../model/step.ts';
import { coverage } from './coverage.ts';
import { guest, house, meansOf, notesOf, planned } from './plans.test-support.ts';

const weighing = [coverage];
const jobs = (...entries: readonly string[]) =>
  house('', `backup_jobs: [${entries.map((one) => `{ on: [ruapehu], schedule: "02:00", storage: tank, ${one} }`)}]`);
const answer = (ask: Ask): unknown =>
  ask.fact === 'guests'
    ? [guest(100, 'web'), guest(109, 'vault', { pool: 'gold' }), guest(200, 'dns', { type: 'lxc', node: 'tongariro' })]
    : undefined;

describe('coverage', () => {
  it('names the guests that leave all jobs, with the step that drops them, as what weakens', async () => {
    const made = await planned(weighing, {
      before: jobs('name: nightly, select: all'),
      now: jobs('name: nightly, select: { all_but: [109, 200] }'),
      answer,
    });
    assert.deepEqual(made.asked, ['guests ruapehu']);
    assert.deepEqual(meansOf(made, 'update backup job nightly on ruapehu'), [
      '2 guests on ruapehu are in no backup job any more: vm/109 vault, ct/200 dns',
    ]);
    assert.deepEqual(made.plan.steps.map(classOf), ['weakens']);
    assert.match(made.text, /means {4}2 guests .* \(weakens\)\n/);
  });

  it('stays silent where another enabled job takes them; a disabled one takes nobody', async () => {
    const now = (enabled: boolean) =>
      jobs('name: nightly, select: { all_but: [109] }', `name: other, select: { guests: [109] }, enabled: ${enabled}`);
    const before = jobs('name: nightly, select: all');
    const kept = await planned(weighing, { before, now: now(true), answer });
    assert.deepEqual([meansOf(kept, 'update backup job nightly on ruapehu'), notesOf(kept)], [[], []]);
    const lost = await planned(weighing, { before, now: now(false), answer });
    assert.match(meansOf(lost, 'update backup job nightly on ruapehu').join(), /vm\/109 vault/);
  });

  it('sees a job that is removed, switched off or bound to one node, and a pool', async () => {
    const before = jobs('name: nightly, select: all');
    const off = await planned(weighing, { before, now: jobs('name: nightly, select: all, enabled: false'), answer });
    assert.match(
      meansOf(off, 'disable backup job nightly on ruapehu').join() ||
        meansOf(off, 'update backup job nightly on ruapehu').join(),
      /^3 guests/,
    );
    const gone = await planned(weighing, {
      before,
      now: jobs('name: pool, select: { pool: gold }'),
      answer,
      prune: true,
    });
    assert.match(
      meansOf(gone, 'remove backup job nightly on ruapehu').join(),
      /^2 guests .* vm\/100 web, ct\/200 dns$/,
    );
    const node = await planned(weighing, { before, now: jobs('name: nightly, select: all, node: ruapehu'), answer });
    assert.match(
      meansOf(node, 'update backup job nightly on ruapehu').join(),
      /^1 guest on ruapehu is .* ct\/200 dns$/,
    );
  });

  it('says once, as no doing of this plan, who was in no job anyway', async () => {
    const made = await planned(weighing, {
      before: jobs('name: nightly, select: { guests: [100] }'),
      now: jobs('name: nightly, select: { guests: [100] }, comment: hello'),
      answer,
    });
    assert.deepEqual(notesOf(made), [
      'info pve/ruapehu: in no enabled backup job, with or without this plan: vm/109 vault, ct/200 dns',
    ]);
    assert.deepEqual(meansOf(made, 'update backup job nightly on ruapehu'), []);
  });

  it('asks nobody where no backup job is touched', async () => {
    const same = jobs('name: nightly, select: all');
    assert.deepEqual((await planned(weighing, { before: same, now: same })).asked, []);
  });

  it('says what could not be computed: no answer, or a pool whose members this identity does not see', async () => {
    const before = jobs('name: nightly, select: all');
    const now = jobs('name: nightly, select: { pool: silver }');
    assert.match(
      notesOf(await planned(weighing, { before, now })).join(),
      /could not be computed: which guests leave .*\(ruapehu: it does not answer\)/,
    );
    assert.match(
      notesOf(await planned(weighing, { before, now, answer })).join(),
      /could not be computed: which guests the pool silver has .*Pool\.Audit/,
    );
  });
});
