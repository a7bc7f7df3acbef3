// Content judgement at work in the mirror: what is damaged is told, holds what was good, and displaces no more than one budget.
import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RunId } from '../../model/run.ts';
import { days } from '../../values/duration.ts';
import { drive } from '../common/driver.test-support.ts';
import { plantedOf } from '../common/judgement/canaries/canaries.ts';
import { planPlanting } from '../common/judgement/canaries/plan.ts';
import { judgedIn } from '../common/judgement/record.ts';
import { differences, sh } from '../common/trees.test-support.ts';
import { changed, type Place, placeWith, removed } from './place.test-support.ts';

const skip = process.getuid?.() !== 0 && 'it needs root: owners are kept, and the share is mounted without links';

const within = async (work: (place: Place) => Promise<void>, more: Record<string, unknown> = {}): Promise<void> => {
  const place = placeWith(more);
  try {
    sh(
      'mkdir -p a/deep; for n in $(seq 50); do seq $n 900 > a/$n.txt; seq $n 700 > "a/deep/$n x.csv"; done',
      place.share,
    );
    await place.protect('good');
    await work(place);
  } finally {
    place.close();
  }
};

const names = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, at) =>
    (at % 2 === 0 ? 'a/N.txt' : 'a/deep/N x.csv').replace('N', `${from + at + 1}`),
  );

function encrypt(place: Place, from: number, to: number): void {
  for (const name of names(from, to)) {
    sh(`head -c "$(stat -c %s "${name}")" /dev/urandom > in-place; cat in-place > "${name}"; rm in-place`, place.share);
    place.tell(changed(name));
  }
}

async function logged(place: Place, run: string) {
  writeFileSync(join(place.share, 'log'), run);
  place.tell(changed('log'));
  return place.protect(run);
}

const stopped = (says: RegExp) => ({ code: 'mirror-over-budget', says });
const judgements = async (place: Place) =>
  (await place.points()).map(({ manifest }) => judgedIn(manifest)?.verdict ?? 'none');
const held = async (place: Place) => (await place.points()).filter((point) => point.held !== undefined).length;

async function suspicionOf(place: Place): Promise<string> {
  const judged = (await place.points())
    .map(({ manifest }) => judgedIn(manifest))
    .findLast((one) => one?.verdict === 'suspicious');
  assert.ok(judged?.verdict === 'suspicious');
  return judged.suspicion;
}

const approve = (place: Place, ...suspicions: readonly string[]) =>
  Object.assign(place.entry, {
    suspicious_approved: suspicions.map((suspicion) => ({ suspicion, reason: 'by us', owner: 'ana' })),
  });

describe('files that were encrypted in place', { skip, timeout: 600_000 }, () => {
  it('whatever the budget lets through: the last good state is there byte for byte after 90 days, and goes when the suspicion is approved', () =>
    within(
      async (place) => {
        sh('cp -a share was', place.folder);
        place.clock.move(days(1));
        encrypt(place, 0, 50);
        encrypt(place, 0, 10);
        const { degraded } = await place.protect('bad');
        assert.match(
          degraded.join(),
          /content is suspicious \(suspicion [0-9a-f]{12}\): 50 of 100 files .*until it is approved/,
        );
        assert.deepEqual(await judgements(place), ['not known', 'suspicious']);
        for (const day of [31, 61, 91]) {
          place.clock.move(days(30));
          assert.match((await logged(place, `day${day}`)).degraded.join(), /content is suspicious/);
        }
        const [first] = await place.points();
        assert.ok(first?.manifest.run === 'good' && existsSync(join(first.folder, 'HOLD')));
        await place.restore('back', first);
        assert.equal(differences(join(place.folder, 'was'), place.back), '');
        assert.notEqual(differences(place.share, place.back), '', 'control: the share is not what it was');
        approve(place, await suspicionOf(place));
        place.clock.move(days(40));
        assert.deepEqual((await logged(place, 'released')).degraded, []);
        assert.equal(await held(place), 0);
        place.clock.move(days(40));
        await logged(place, 'after');
        assert.ok(
          !(await place.points()).some(({ manifest }) => manifest.run === 'good'),
          'control: it is held no more',
        );
      },
      { budget: 100, kept_for: '30d' },
    ));

  it('a few each day, below the budget: they are told on the first day, and all days together have one budget', () =>
    within(
      async (place) => {
        place.clock.move(days(1));
        encrypt(place, 0, 12);
        assert.match((await place.protect('day1')).degraded.join(), /12 of 100 files .*hold noise now/);
        place.clock.move(days(1));
        encrypt(place, 12, 24);
        await assert.rejects(place.protect('day2'), stopped(/12 overwritten \(and 12 were, since/));
        assert.equal((await place.points()).length, 2);
        approve(place, await suspicionOf(place));
        await place.protect('day3');
        assert.deepEqual(await judgements(place), ['not known', 'suspicious', 'suspicious']);
      },
      { budget: 20 },
    ));

  it('under other names, with another ending: they are told', () =>
    within(
      async (place) => {
        place.clock.move(days(1));
        for (const name of names(0, 40)) {
          sh(`head -c 2000 /dev/urandom > "${name}.locked"; rm "${name}"`, place.share);
          place.tell(changed(`${name}.locked`), removed(name));
        }
        assert.match((await place.protect('bad')).degraded.join(), /40 of 100 files .*got another ending: locked/);
      },
      { budget: 100 },
    ));

  it('are no suspicion where files were edited, added, removed and renamed as people do (control)', () =>
    within(
      async (place) => {
        place.clock.move(days(1));
        for (const name of names(0, 30)) {
          sh(`seq 5 999 >> "${name}"`, place.share);
          place.tell(changed(name));
        }
        rmSync(join(place.share, 'a/1.txt'));
        sh('for n in $(seq 20); do head -c 5000 /dev/urandom > photo$n.jpg; done; mv a/3.txt notes.txt', place.share);
        place.tell(removed('a/1.txt'), removed('a/3.txt'), changed('notes.txt'));
        for (let n = 1; n <= 20; n += 1) place.tell(changed(`photo${n}.jpg`));
        assert.deepEqual((await place.protect('busy')).degraded, []);
        assert.deepEqual(await judgements(place), ['not known', 'fine']);
        assert.equal(await held(place), 0);
      },
      { budget: 100 },
    ));
});

describe('canaries of the share', { skip, timeout: 300_000 }, () => {
  it('make the run suspicious when one of them is changed, and are named by one that is stopped', () =>
    within(
      async (place) => {
        const { steps } = planPlanting({ layer: 'photos', machine: 'here', folder: place.share }, undefined);
        await drive({ run: 'plant' as RunId, world: place.world, taken: place.folder }, steps, 'keep');
        const [canary = ''] = plantedOf(place.world, 'photos')?.paths ?? [];
        for (const path of plantedOf(place.world, 'photos')?.paths ?? []) place.tell(changed(path));
        place.clock.move(days(1));
        assert.deepEqual((await place.protect('planted')).degraded, [], 'as they were planted (control)');
        place.clock.move(days(1));
        sh('head -c 3000 /dev/urandom > "$CANARY"'.replace('$CANARY', canary), place.share);
        place.tell(changed(canary));
        assert.match(
          (await place.protect('touched')).degraded.join(),
          new RegExp(`the canary ${canary} has another content`),
        );
        assert.equal(await held(place), 2);
        encrypt(place, 0, 40);
        await assert.rejects(place.protect('stopped'), stopped(new RegExp(`the canary ${canary} has another content`)));
      },
      { budget: 10 },
    ));
});
