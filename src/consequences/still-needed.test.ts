import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { entry, house, planned } from './plans.test-support.ts';
import { stillNeeded } from './still-needed.ts';

const datastore = 'datastores: [{ name: tank, path: /mnt/tank }]';
const storages = `pbs_storages: [${entry('on: [ruapehu]')}]`;
const acl = 'acl: [{ path: /datastore/tank, role: DatastoreBackup, for: backup@pbs }]';
const plan = (before: string, now: string) => planned([stillNeeded], { before, now, prune: true });

describe('what is removed', () => {
  it('is refused where something that is still declared needs it', async () => {
    const { plan: made } = await plan(house(datastore, storages), house('', storages));
    assert.deepEqual(
      made.refusals.map(({ code, subject }) => `${code} ${subject}`),
      ['still-needed pbs-datastore/backup/tank'],
    );
    assert.match(made.refusals[0]?.says ?? '', /pve-storage\/ruapehu\/tank/);
    assert.deepEqual(made.steps, []);
  });

  it('goes where nothing needs it, with a word on what becomes of its backups', async () => {
    const { plan: made } = await plan(house(datastore, storages), house());
    assert.deepEqual(made.refusals, []);
    const step = made.steps.find(({ subject }) => subject === 'pbs-datastore/backup/tank');
    assert.match(step?.means?.join() ?? '', /stay on the disk, in \/mnt\/tank.*reuse: true/);
  });

  it('is said to be a right that a storage gets in by', async () => {
    const { plan: made } = await plan(house(acl, storages), house('', storages));
    assert.match(made.steps[0]?.means?.join() ?? '', /pve-storage\/ruapehu\/tank logs in as backup@pbs there/);
    const without = await plan(house(acl), house());
    assert.deepEqual(without.plan.steps[0]?.means ?? [], []);
  });
});
