import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ask } from '../model/facts.ts';
import { deadReference } from './dead-reference.ts';
import { entry, house, planned } from './plans.test-support.ts';

const job = (storage: string, more = '') =>
  `backup_jobs: [{ name: nightly, on: [ruapehu], schedule: "02:00", select: all, storage: ${storage}${more} }]`;
const sync = (remote: string) =>
  `datastores: [{ name: tank, path: /mnt/tank }]\nremotes: [{ name: home, host: pbs.example, auth_id: a@pbs, password: { env: T } }]\nsync: [{ name: copy, store: tank, remote: ${remote}, remote_store: tank }]`;
const has =
  (...names: readonly string[]) =>
  (ask: Ask): unknown =>
    ask.fact === 'names' ? names : undefined;

describe('a name that leads nowhere', () => {
  it('is refused before anything is written, with the names that there are', async () => {
    const { plan, asked } = await planned([deadReference], {
      now: house('', job('mien')),
      answer: has('local', 'mine'),
    });
    assert.deepEqual(asked, ['names ruapehu storage storage']);
    assert.deepEqual(
      plan.refusals.map(({ code, says, remedy }) => [code, says, remedy]),
      [
        [
          'reference-unknown',
          'its storage mien is neither declared nor on ruapehu',
          'correct the name, or declare it; on ruapehu there are local, mine',
        ],
      ],
    );
    const remote = await planned([deadReference], { now: house(sync('hom')), answer: has('home') });
    assert.deepEqual(
      remote.plan.refusals.map(({ subject }) => subject),
      ['pbs-sync-job/backup/copy'],
    );
  });

  it('is found within a job, too: fleecing onto a storage that the server lacks fails at night', async () => {
    const answer = has('local', 'local-zfs', 'mine');
    const { plan, asked } = await planned([deadReference], {
      now: house('', job('mine', ', fleecing: { storage: lcoal-zfs }')),
      answer,
    });
    assert.deepEqual(new Set(asked), new Set(['names ruapehu storage storage']));
    assert.deepEqual(
      plan.refusals.map(({ code, says }) => [code, says]),
      [['reference-unknown', 'its storage for fleecing lcoal-zfs is neither declared nor on ruapehu']],
    );
    const right = await planned([deadReference], {
      now: house('', job('mine', ', fleecing: { storage: local-zfs }')),
      answer,
    });
    assert.deepEqual(right.plan.refusals, []);
  });

  it('is none where it is declared or there already, and what is declared asks nobody (control)', async () => {
    const declared = `pbs_storages: [${entry('on: [ruapehu]')}]\n${job('tank')}`;
    const made = await planned([deadReference], { now: house('', declared) });
    assert.deepEqual([made.plan.refusals, made.asked], [[], []]);
    const there = await planned([deadReference], { now: house('', job('local')), answer: has('local') });
    assert.deepEqual(there.plan.refusals, []);
    const homely = await planned([deadReference], { now: house(sync('home')) });
    assert.deepEqual([homely.plan.refusals, homely.asked], [[], []]);
  });

  it('is said not to be known where the server could not be asked', async () => {
    const { plan, notes } = await planned([deadReference], { now: house('', job('mien')) });
    assert.deepEqual(plan.refusals, []);
    assert.match(notes.map(({ says }) => says).join(), /could not be computed: whether ruapehu has the storage mien/);
  });
});
