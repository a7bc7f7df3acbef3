// kill -9 of worker, supervisor and both at a step, and whoever comes next settles it: nothing is left, and what was good stays.
import { rmSync } from 'node:fs';
import type { Estate } from '../../test/e2e/estate.test-support.ts';
import type { Report } from '../report.ts';
import { killedAt, victims } from './killed-run.ts';
import { leftOf, pointsIn } from './place.ts';

export type Moment = Readonly<{ kind: string; path: RegExp; typed: readonly string[] }>;

export type Sweep = Readonly<{
  estate: Estate;
  /** the folder of the layer's points, and others where something may be left */
  points: string;
  folders: readonly string[];
  /** of restores; it is gone, or whole, after each */
  target: string;
  /** makes a step take long enough to be met */
  before?(moment: Moment): void;
  /** an outer authority that is asked each time: nothing, or what is wrong */
  wrong?(): string;
}>;

export async function sweep(report: Report, layer: string, given: Sweep, moments: readonly Moment[]): Promise<void> {
  for (const moment of moments) for (const victim of victims) await killOnce(report, layer, given, moment, victim);
}

/** Some steps are over before anybody can meet them: they are tried again. */
const tries = 5;

async function killOnce(
  report: Report,
  layer: string,
  given: Sweep,
  moment: Moment,
  victim: (typeof victims)[number],
): Promise<void> {
  const { estate, points, folders, target } = given;
  for (let tried = 1; ; tried += 1) {
    rmSync(target, { recursive: true, force: true });
    given.before?.(moment);
    const there = pointsIn(points);
    const { run, state, command, settled } = await killedAt(estate, victim, moment.path, moment.typed);
    if (state === 'done' && tried < tries) continue;
    const left = leftOf(run, [...folders, target]);
    const now = pointsIn(points);
    // Retention may have removed one; the newest good one stays, and no other is there than was sealed.
    const lost = there.length > 0 && now.length === 0;
    const wrong = given.wrong?.() ?? '';
    const unread = (await estate.type('points')).stderr;
    report.row(
      `kill -9 of ${victim}, ${layer} ${moment.kind}`,
      `${command}; holdfast cancel ${run}`,
      'ps, find, ls of the points, the journal',
      (state === 'aborted' && left.length === 0 && !lost && wrong === '' && unread === '') ||
        new Error(
          `state ${state}; left: ${left.join(', ')}; points ${there.length} -> ${now.length}; ${wrong}${unread}${settled.stderr}`.slice(
            0,
            900,
          ),
        ),
    );
    return;
  }
}
