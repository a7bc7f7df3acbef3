import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nestedDatastores } from './nested-datastores.ts';
import { house, planned } from './plans.test-support.ts';

const stores = (...places: readonly string[]) =>
  house(`datastores: [${places.map((place, index) => `{ name: store${index}, ${place} }`).join(', ')}]`);
const refusals = async (now: string, before?: string) => {
  const { plan } = await planned([nestedDatastores], { now, ...(before === undefined ? {} : { before }) });
  return plan.refusals.map(({ subject, code, says }) => [subject, code, says]);
};

describe('a datastore within another', () => {
  it('is refused before PBS is asked to make it, also where it is the outer one', async () => {
    const says =
      'it would lie at /mnt/tank/photos, and the datastore store0 lies at /mnt/tank: one within the other is refused by PBS';
    const both = stores('path: /mnt/tank', 'path: /mnt/tank/photos/');
    const inner = [['pbs-datastore/backup/store1', 'datastores-nested', says]];
    assert.deepEqual(await refusals(both), inner, 'both are to be made: the outer one is');
    assert.deepEqual(await refusals(both, stores('path: /mnt/tank')), inner);
    const outer = await refusals(stores('path: /mnt/tank/photos', 'path: /mnt/tank'), stores('path: /mnt/tank/photos'));
    assert.deepEqual(
      outer.map(([subject]) => subject),
      ['pbs-datastore/backup/store1'],
    );
  });

  it('is one at the same place, too, and one at the place where a device is mounted', async () => {
    const device = 'path: backups, removable: { device: 0b0c53f6-4c04-4b5e-9d4a-6f5ed4c4a2b7 }';
    for (const places of [
      ['path: /mnt/tank', 'path: /mnt//tank'],
      [device, 'path: /mnt/datastore/store0/more'],
    ])
      assert.deepEqual(
        (await refusals(stores(...places))).map(([subject]) => subject),
        ['pbs-datastore/backup/store1'],
      );
  });

  it('is none beside another, whose name begins alike, or on another PBS (control)', async () => {
    assert.deepEqual(await refusals(stores('path: /mnt/tank', 'path: /mnt/tank2', 'path: /srv/tank')), []);
    const second = `  - { name: second, url: "https://10.10.0.152:8007", trust: ca, token: { id: h@pbs!ops, secret: { env: T } }, datastores: [{ name: other, path: /mnt/tank }] }`;
    assert.deepEqual(await refusals(stores('path: /mnt/tank').trimEnd().concat(`\n${second}\n`)), []);
  });
});
