import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { datastoreOwner } from './datastore-owner.ts';
import { meansOf, planned } from './plans.test-support.ts';

const on = (more: string) =>
  `pbs: [{ name: backup, url: "https://10.0.0.9:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, datastores: [{ name: tank${more} }] }]`;

describe('a datastore on the disks of another host', () => {
  it('is made with a word on who must own its folder there', async () => {
    const made = await planned([datastoreOwner], { now: on(', path: /mnt/tank, stored_on: truenas') });
    assert.match(
      meansOf(made, 'create datastore tank on backup').join(),
      /\/mnt\/tank lies on truenas: .*uid 34.*chown -R 34:34.*Mapall/,
    );
  });

  it('is made without it where the disks are its own, and said nothing of once it is there', async () => {
    for (const [before, now] of [
      ['', ', path: /mnt/tank'],
      ['', ', path: /mnt/tank, stored_on: backup'],
      [', path: /mnt/tank', ', path: /mnt/tank, stored_on: truenas, comment: more'],
    ] as const) {
      const made = await planned([datastoreOwner], { ...(before === '' ? {} : { before: on(before) }), now: on(now) });
      const [step] = made.plan.steps;
      assert.deepEqual([step?.kind.startsWith('pbs-datastore.'), step?.means ?? []], [true, []], now);
    }
  });
});
