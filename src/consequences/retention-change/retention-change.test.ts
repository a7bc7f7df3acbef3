import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ask } from '../../model/facts.ts';
import { classOf } from '../../model/step.ts';
import { entry, guest, house, meansOf, nightly, planned } from '../plans.test-support.ts';
import { retentionChange } from './retention-change.ts';

const weighing = [retentionChange];
const store = (prune: string, more = '') =>
  `datastores: [{ name: tank, path: /mnt/tank, prune: { schedule: "03:30", ${prune} }${more} }]`;
const update = 'update prune job holdfast-tank on backup';

const answering =
  (snapshots: unknown, zone = 'UTC') =>
  (ask: Ask): unknown => {
    if (ask.fact === 'time-zone') return zone;
    if (ask.fact === 'snapshots-below') return snapshots;
    return undefined;
  };
const inRoot = (...groups: readonly (readonly object[])[]) => [{ namespace: '', snapshots: groups.flat() }];

describe('retention that changes on a PBS', () => {
  const before = house(store('keep_daily: 14'));
  const shorter = house(store('keep_daily: 7'));

  it('counts what becomes prunable, names the first, says when it goes and which rule keeps the rest', async () => {
    const answer = answering(inRoot(nightly('109', 20), nightly('400', 3)));
    const made = await planned(weighing, { before, now: shorter, answer });
    assert.deepEqual(made.asked, ['time-zone backup', 'snapshots-below backup tank (root) null']);
    assert.deepEqual(meansOf(made, update), [
      'in tank 7 of 23 snapshots become prunable, in 1 of 2 groups, taken 2026-11-08T02:00:00Z to 2026-11-14T02:00:00Z; the first go at 2026-11-21T03:30:00Z, when the job next runs (03:30, UTC)',
      'the first is vm/109 of 2026-11-08T02:00:00Z: removed: newer points have the places (7 daily)',
      'vm/109: 7 of 20, 2026-11-08T02:00:00Z to 2026-11-14T02:00:00Z; 7 by keep_daily stay',
      '6 snapshots in tank could be pruned before, too',
    ]);
  });

  it("goes by the PBS's own zone: its midnight parts the days, and its clock starts the job", async () => {
    const evening = nightly('109', 3).map((one, index) => ({ ...one, time: one.time - 3 * 3600 - index * 3600 }));
    const answer = answering(inRoot(evening), 'Pacific/Auckland');
    const made = await planned(weighing, { before, now: house(store('keep_daily: 1')), answer });
    assert.match(
      meansOf(made, update)[0] ?? '',
      /at 2026-11-21T14:30:00Z, when the job next runs \(03:30, Pacific\/Auckland\)/,
    );
  });

  it('leaves protected snapshots out, and says that they stay', async () => {
    const answer = answering(inRoot(nightly('109', 10), nightly('109', 1, { protected: true, time: 1_700_000_000 })));
    const made = await planned(weighing, { before, now: shorter, answer });
    assert.match(meansOf(made, update).join('\n'), /vm\/109: 3 of 11, .*; 7 by keep_daily, 1 protected stay/);
  });

  it('says so where nothing that is there becomes prunable, and asks nothing where retention stays as it was', async () => {
    const few = await planned(weighing, { before, now: shorter, answer: answering(inRoot(nightly('109', 5))) });
    assert.deepEqual(meansOf(few, update), ['none of the 5 snapshots that are there now becomes prunable']);
    const moved = house(store('keep_daily: 14').replace('03:30', '04:30'));
    const same = await planned(weighing, { before, now: moved });
    assert.equal(same.plan.steps.length, 1, 'control: the job does change');
    assert.deepEqual([same.asked, meansOf(same, update)], [[], []]);
  });

  it('asks nothing where the job keeps more than anybody could lose by: it is switched off', async () => {
    const off = await planned(weighing, { before, now: house(store('keep_daily: 7, enabled: false')) });
    assert.deepEqual([off.asked, meansOf(off, update)], [[], []]);
  });

  it('says what could not be computed, and why', async () => {
    const made = await planned(weighing, { before, now: shorter });
    assert.deepEqual(meansOf(made, update), [
      'could not be computed: which snapshots become prunable (backup: it does not answer)',
    ]);
  });

  it('asks each namespace that the job reaches, where the plan knows them, and no other', async () => {
    const spaces = ', namespaces: [prod, prod/web, test]';
    const was = house(store('namespace: prod, keep_daily: 14', spaces));
    const answer = (ask: Ask): unknown =>
      ask.fact === 'time-zone'
        ? 'UTC'
        : ask.fact === 'snapshots' && ask.namespace === 'prod/web'
          ? nightly('7', 9)
          : [];
    const made = await planned(weighing, {
      before: was,
      now: house(store('namespace: prod, keep_daily: 7', spaces)),
      answer,
    });
    assert.deepEqual(made.asked, ['time-zone backup', 'snapshots backup tank prod', 'snapshots backup tank prod/web']);
    assert.match(meansOf(made, update)[0] ?? '', /^in tank\/prod\/web 2 of 9 snapshots/);
    const flat = await planned(weighing, {
      before: was,
      now: house(store('namespace: prod, max_depth: 0, keep_daily: 7', spaces)),
      answer,
    });
    assert.deepEqual(flat.asked, ['time-zone backup', 'snapshots backup tank prod'], 'control: one level less');
  });

  it('counts nothing twice: what another prune job already removes is not this change', async () => {
    const other = '{ id: other, schedule: "05:00", keep_daily: 7 }';
    const two = (keep: number) =>
      house(
        `datastores: [{ name: tank, path: /mnt/tank, prune: [{ id: one, schedule: "03:30", keep_daily: ${keep} }, ${other}] }]`,
      );
    const answer = answering(inRoot(nightly('109', 20)));
    const made = await planned(weighing, { before: two(14), now: two(7), answer });
    assert.match(meansOf(made, 'update prune job one on backup')[0] ?? '', /^none of the 20 snapshots/);
  });

  it('asks nothing of a datastore that is yet to be made', async () => {
    const made = await planned(weighing, { now: shorter });
    assert.deepEqual(made.asked, []);
    assert.deepEqual(meansOf(made, 'create prune job holdfast-tank on backup'), [
      'there is no snapshot yet that it could remove',
    ]);
  });

  it('names the groups that lose most, and counts the others', async () => {
    const many = Array.from({ length: 12 }, (_, index) => nightly(String(100 + index), 10));
    const made = await planned(weighing, { before, now: shorter, answer: answering(inRoot(...many)) });
    assert.match(
      meansOf(made, update).join('\n'),
      /^in tank 36 of 120 .*\n.*\n(vm.*\n){8}and 12 snapshots in 4 more groups$/,
    );
  });
});

describe('retention that changes on PVE', () => {
  const storages = (keep: string, jobs = '') =>
    house(store('keep_daily: 30'), `pbs_storages: [${entry(`on: [ruapehu], prune_backups: { ${keep} }`)}]\n${jobs}`);
  const answer = (ask: Ask): unknown => {
    if (ask.fact === 'time-zone') return 'UTC';
    if (ask.fact === 'guests') return [guest(109, 'vault'), guest(400, 'talos')];
    return ask.fact === 'snapshots' ? [...nightly('109', 10), ...nightly('400', 10), ...nightly('999', 10)] : undefined;
  };
  const title = 'update storage tank on ruapehu';

  it("takes the guests of that server whose backups go there, after each one's next backup", async () => {
    const made = await planned(weighing, {
      before: storages('keep_daily: 14'),
      now: storages('keep_daily: 7'),
      answer,
    });
    assert.deepEqual(made.asked, ['time-zone backup', 'snapshots backup tank (root)', 'guests ruapehu']);
    assert.match(
      meansOf(made, title)[0] ?? '',
      /^in tank 6 of 20 .*; the first go right after a guest's next backup to tank$/,
    );
    const [step] = made.plan.steps;
    assert.equal(step?.risk, 'loses a restore point');
    assert.equal(step && classOf(step), 'weakens');
  });

  it('leaves out guests whose job does not ask the storage', async () => {
    const jobs =
      'backup_jobs: [{ name: own, on: [ruapehu], schedule: "02:00", select: { guests: [400] }, storage: tank, prune_backups: { keep_all: 1 } }, { name: nightly, on: [ruapehu], schedule: "02:00", select: { guests: [109] }, storage: tank }]';
    const made = await planned(weighing, {
      before: storages('keep_daily: 14', jobs),
      now: storages('keep_daily: 7', jobs),
      answer,
    });
    assert.match(meansOf(made, title)[0] ?? '', /^in tank 3 of 10 snapshots/);
  });

  it('follows a job that says itself what is kept, and stays silent where it keeps everything', async () => {
    const jobs = (keep: string) =>
      `backup_jobs: [{ name: own, on: [ruapehu], schedule: "02:00", select: all, storage: tank, prune_backups: { ${keep} } }]`;
    const before = storages('keep_all: 1', jobs('keep_all: 1'));
    const made = await planned(weighing, { before, now: storages('keep_all: 1', jobs('keep_last: 2')), answer });
    assert.match(
      meansOf(made, 'update backup job own on ruapehu')[0] ?? '',
      /^in tank 16 of 20 .* next backup by own$/,
    );
    const longer = await planned(weighing, { before: storages('keep_daily: 7'), now: storages('keep_all: 1') });
    assert.deepEqual([longer.plan.steps.length, longer.asked], [1, []]);
  });

  it('says that the nodes decide where nothing is set any more', async () => {
    const unset = house(store('keep_daily: 30'), `pbs_storages: [${entry('on: [ruapehu]')}]`);
    const made = await planned(weighing, { before: storages('keep_daily: 14'), now: unset });
    assert.match(meansOf(made, title).join(), /could not be computed.*\/etc\/vzdump\.conf/);
  });

  it('asks nothing of a namespace or datastore that this plan makes', async () => {
    const made = await planned(weighing, { now: storages('keep_daily: 7') });
    assert.deepEqual(made.asked, []);
    const there = 'create storage tank on ruapehu';
    assert.deepEqual(meansOf(made, there), ['there is no snapshot yet that it could remove']);
    const space = (text: string) => text.replace('path: /mnt/tank', 'path: /mnt/tank, namespaces: [prod]');
    const before = house(store('keep_daily: 30'));
    const now = space(storages('keep_daily: 7, keep_last: 1')).replace('username', 'namespace: prod, username');
    const spaced = await planned(weighing, { before, now, answer });
    assert.deepEqual([spaced.asked, meansOf(spaced, there)], [[], ['there is no snapshot yet that it could remove']]);
  });
});
