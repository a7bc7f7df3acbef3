// A restore that ends at any place: killed, told to stop, its answer lost, its host without power. Each thing it does is tried, before and
// after it has taken effect; what is there afterwards is all of what was there before, or all of what was to be.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../../../fault.ts';
import type { Plan } from '../../../model/plan.ts';
import { type Lab, labWith, live, type Ran, run } from './restoring.test-support.ts';

type Place = Readonly<{ nth: number; moment: 'before' | 'after' }>;
type Abort = (lab: Lab, place: Place) => Promise<Ran>;

const isChange = (what: string): boolean => what !== 'read';

/** Calls `then` at one place of a run, and tells whether the run came by it. */
function atPlace(lab: Lab, { nth, moment }: Place, then: () => Promise<void> | void): { reached: () => boolean } {
  let changes = 0;
  let reached = false;
  lab.moments.at = (what, when) => {
    if (!isChange(what)) return undefined;
    if (when === 'before') changes += 1;
    if (reached || changes !== nth || when !== moment) return undefined;
    reached = true;
    return then();
  };
  return { reached: () => reached };
}

async function sweep(abort: Abort, over: Readonly<{ done: string }>): Promise<void> {
  let [places, whole] = [0, 0];
  for (let nth = 1; nth < 100; nth += 1) {
    let reached = false;
    for (const moment of ['before', 'after'] as const) {
      const lab = labWith({ replicas: 2 });
      try {
        const before = lab.picture();
        const probe = lab.moments;
        const { outcome, summary } = await abort(lab, { nth, moment });
        reached = outcome !== 'never';
        if (!reached) continue;
        places += 1;
        probe.at = undefined;
        lab.cluster.tick();
        const where = `at change ${nth}, ${moment} it: ${outcome} (${summary})`;
        assert.doesNotMatch(summary, /not undone|not released|in doubt/, where);
        assert.equal(lab.cluster.replicas('Deployment', 'media', 'jellyfin'), 2, where);
        if (lab.host.volume(live)?.content === 'ext4 of tuesday') {
          whole += 1;
          assert.equal(lab.host.volumes.length, 3, `${where}: the volume, its point, its safety point`);
        } else assert.equal(lab.picture(), before, where);
      } finally {
        lab.close();
      }
    }
    if (!reached) break;
  }
  assert.ok(places >= 20, `${places} places were tried`);
  if (over.done === 'some') assert.ok(whole > 0 && whole < places, `${whole} of ${places} had all of it`);
  else assert.equal(whole > 0, over.done === 'yes', `${whole} of ${places}`);
}

const never: Ran = { outcome: 'never', summary: '', log: [] };

async function killedAt(lab: Lab, place: Place, plan: Plan): Promise<Ran> {
  const killed = Promise.withResolvers<void>();
  const { reached } = atPlace(lab, place, () => {
    // Nothing the dead process still has in hand is ever answered.
    lab.moments.at = () => new Promise(() => {});
    killed.resolve();
    return new Promise(() => {});
  });
  const ran = await run(lab, plan, { killed: killed.promise });
  return reached() ? ran : never;
}

describe('a restore in place', () => {
  it('that is killed at any place leads back, or has all of it in place (reality 6.29)', () =>
    sweep(async (lab, place) => killedAt(lab, place, await lab.plan()), { done: 'some' }));

  it('that is told to stop at any place leads back, or has all of it in place (reality 6.29)', () =>
    sweep(
      async (lab, place) => {
        const plan = await lab.plan();
        const stop = new AbortController();
        const { reached } = atPlace(lab, place, () => stop.abort(new Error('Ctrl-C')));
        const ran = await run(lab, plan, { signal: stop.signal });
        return reached() ? ran : never;
      },
      { done: 'some' },
    ));

  it('one of whose commands fails leads back, or has all of it in place', () =>
    sweep(
      async (lab, place) => {
        const plan = await lab.plan();
        const { reached } = atPlace(lab, place, () => {
          throw new Fault('lvm-failed', { where: 'pve', says: 'device mapper says no', remedy: 'none' });
        });
        const ran = await run(lab, plan);
        return reached() ? ran : never;
      },
      { done: 'some' },
    ));

  it('whose host loses its power at any place waits for it, and leads back, or has all of it in place', () =>
    sweep(
      async (lab, place) => {
        const plan = await lab.plan();
        let silent = 0;
        const { reached } = atPlace(lab, place, () => {
          const still = lab.moments.at;
          lab.moments.at = (what, moment) => {
            silent += 1;
            if (silent > 6) lab.moments.at = still;
            if (what.startsWith('lv') || what === 'read') throw lost();
            return still?.(what, moment);
          };
          throw lost();
        });
        const ran = await run(lab, plan);
        return reached() ? ran : never;
      },
      { done: 'some' },
    ));
});

describe('a point brought back as a volume of its own', () => {
  it('that is killed at any place leaves nothing of that name, or all of it, and the live volume as it was', async () => {
    const seen = { nothing: 0, all: 0 };
    for (let [nth, reached] = [1, true]; reached; nth += 1) {
      reached = false;
      for (const moment of ['before', 'after'] as const) {
        const lab = labWith();
        try {
          const before = lab.picture();
          const { outcome, summary } = await killedAt(lab, { nth, moment }, await lab.plan({ target: 'pve/rescued' }));
          if (outcome === 'never') continue;
          reached = true;
          const where = `at change ${nth}, ${moment} it (${summary})`;
          assert.doesNotMatch(summary, /not undone|not released|in doubt/, where);
          const made = lab.host.volume('rescued');
          seen[made === undefined ? 'nothing' : 'all'] += 1;
          if (made === undefined) assert.equal(lab.picture(), before, where);
          else assert.deepEqual([made.content, lab.host.volumes.length], ['ext4 of tuesday', 3], where);
        } finally {
          lab.close();
        }
      }
    }
    assert.ok(seen.nothing >= 6, JSON.stringify(seen));
  });
});

const lost = (): Fault =>
  new Fault('machine-connection-lost', { where: 'ruapehu', says: 'the connection is gone', remedy: 'none' });
