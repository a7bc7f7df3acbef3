import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { GuestSeen } from '../model/fact-types.ts';
import type { Ask } from '../model/facts.ts';
import { minutes } from '../values/duration.ts';
import { after } from '../values/instant.ts';
import { coverage } from './coverage.ts';
import { doubleRetention } from './double-retention.ts';
import { failureDomain } from './failure-domain/failure-domain.ts';
import { gainsRights } from './gains-rights/gains-rights.ts';
import { jobOverlap } from './job-overlap/job-overlap.ts';
import { pbsInsideJob } from './pbs-inside-job.ts';
import { type Given, guest, house, nightly, now, planned } from './plans.test-support.ts';
import { replacedStorage } from './replaced-storage.ts';
import { retentionChange } from './retention-change/retention-change.ts';
import { sameIdTwice } from './same-id-twice.ts';

// Staging asks for far more, and has a plan of its own.
const mine = [
  ...[retentionChange, coverage, replacedStorage, gainsRights, sameIdTwice],
  ...[pbsInsideJob, doubleRetention, jobOverlap, failureDomain],
];

const root = join(import.meta.dirname, '..', '..');
const s0 = readFileSync(join(root, 'examples', 's0', 'estate.yaml'), 'utf8');

/** The example with these words in place of those, each of which must be there. */
const edited = (...edits: readonly (readonly [string, string])[]): string =>
  edits.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `examples/s0 no longer says ${from}`);
    return text.replace(from, to);
  }, s0);

const secrets = ['secrets/backup.token'];

const on = (node: string, guests: readonly GuestSeen[]) => guests.map((one) => ({ ...one, node }));
const guests: Readonly<Record<string, readonly GuestSeen[]>> = {
  ruapehu: on('ruapehu', [
    guest(109, 'vault'),
    guest(400, 'talos-1'),
    guest(450, 'db'),
    guest(200, 'dns', { type: 'lxc' }),
  ]),
  pihanga: on('pihanga', [guest(101, 'pbs'), guest(200, 'monitoring')]),
  hikurangi: on('hikurangi', [guest(100, 'synapse', { type: 'lxc' }), guest(200, 'spare')]),
};
const held: Readonly<Record<string, ReturnType<typeof nightly>>> = {
  ruapehu: [...nightly('109', 40), ...nightly('400', 9), ...nightly('450', 9, { protected: true })],
  pihanga: nightly('200', 12),
};

function answer(ask: Ask): unknown {
  switch (ask.fact) {
    case 'guests':
      return guests[ask.server];
    case 'snapshots':
      return held[ask.namespace] ?? [];
    case 'time-zone':
      return ask.server === 'pbs-pihanga' ? 'Pacific/Auckland' : 'UTC';
    case 'running-backups':
      return [{ node: 'ruapehu', startedAt: Date.UTC(2026, 10, 21, 2, 30) / 1000, vmid: 109 }];
    default:
      return undefined;
  }
}

describe('what a plan means', () => {
  it('is told in words that a person can read, beside the steps it is about', async (t) => {
    const accident = edited(
      ['keep_daily: 7, keep_monthly: 3, keep_yearly: 1', 'keep_daily: 2'],
      ['select: all,', 'select: { all_but: [109, 100] },'],
      ['select: { all_but: [101] }', 'select: all'],
      ['prune_backups: { keep_all: 1 }\n    on: [pihanga]', 'prune_backups: { keep_last: 3 }\n    on: [pihanga]'],
      ['role: DatastoreBackup', 'role: DatastorePowerUser'],
      ['    namespace: hikurangi', '    namespace: pihanga'],
      ['datastore: pbs-datastore', 'datastore: second'],
    );
    const { text } = await planned(mine, { secrets, before: s0, now: accident, answer });
    t.assert.fileSnapshot(
      text
        .replace(/^Plan [0-9a-f]{12}/, 'Plan DIGEST')
        .replaceAll(/\/\S*now\.yaml/g, 'estate.yaml')
        .replaceAll(/now\.yaml/g, 'estate.yaml'),
      join(root, 'test', 'golden', 'consequences.plan.txt'),
      { serializers: [(value) => String(value)] },
    );
  });

  it('asks nothing and weakens nothing where an estate is as it is declared', async () => {
    const { asked, plan, notes } = await planned(mine, { secrets, before: s0, now: s0, answer });
    assert.deepEqual([asked, plan.steps, plan.refusals], [[], [], []]);
    assert.deepEqual(
      notes.map(({ subject, level }) => `${level} ${subject}`),
      ['warning pbs/pbs-pihanga', 'warning pbs-datastore/pbs-pihanga/pbs-datastore', 'info estate/s0'],
    );
  });

  it('gives the same plan the same identity a few minutes later, and another one when an answer differs', async () => {
    const pruned = (keep: number) =>
      house(`datastores: [{ name: tank, path: /mnt/tank, prune: { schedule: "03:30", keep_daily: ${keep} } }]`);
    const told = (nights: number) => (ask: Ask) =>
      ask.fact === 'time-zone' ? 'UTC' : [{ namespace: '', snapshots: nightly('109', nights) }];
    const digest = async (given: Partial<Given> = {}) =>
      (await planned(mine, { before: pruned(14), now: pruned(7), answer: told(20), ...given })).plan.digest;
    const one = await digest();
    assert.equal(await digest({ at: after(now, minutes(4)) }), one);
    assert.notEqual(await digest({ answer: told(21) }), one);
  });
});
