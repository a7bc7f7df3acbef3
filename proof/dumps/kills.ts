// kill -9 of worker, supervisor and both at a kind of step, for layers whose restores replace what is there: it is all as before, or all
// as it was to be; nothing is left, and no older point is lost.
import type { Estate } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import { killedAt, victims } from '../layers/killed-run.ts';
import type { Report } from '../report.ts';
import { differing, leftAfter, pointsOf } from './apps.ts';

export type Moment = Readonly<{ kind: string; path: RegExp; typed: readonly string[] }>;

export type Killing = Readonly<{
  layer: string;
  estate: Estate;
  copies: string;
  /** who is asked what there is */
  asked: string;
  /** as it is before each kill */
  reset(): Promise<void> | void;
  /** all that there is, as its own client says */
  picture(): Promise<string> | string;
  /** what it is where a restore came to its end */
  good: string;
  /** what is wrong beside that, in words */
  wrong?(): string;
}>;

/** Some steps are over before anybody can meet them: they are tried again. */
const tries = 5;

/** @param full each of the three at each moment; otherwise they take turns, from one moment to the next */
export async function killEach(
  report: Report,
  killing: Killing,
  moments: readonly Moment[],
  full: boolean,
): Promise<void> {
  for (const [at, moment] of moments.entries())
    for (const [nth, victim] of victims.entries())
      if (full || at % victims.length === nth) await killOnce(report, killing, moment, victim);
  const all = await killing.estate.type('points');
  report.row(
    `${killing.layer}: after all of that each point can be read`,
    all.command,
    'ls of the points',
    (all.status === 0 && all.stderr === '' && pointsOf(killing.copies).every((point) => all.stdout.includes(point))) ||
      seen(all),
  );
}

async function killOnce(
  report: Report,
  { layer, estate, copies, asked, reset, picture, good, wrong }: Killing,
  { kind, path, typed }: Moment,
  victim: (typeof victims)[number],
): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    await reset();
    const today = await picture();
    const there = pointsOf(copies);
    const { run, state, command, settled } = await killedAt(estate, victim, path, typed);
    if (state === 'done' && tried < tries) continue;
    const now = await picture();
    const left = leftAfter(run, [estate.folder]);
    const points = pointsOf(copies);
    report.row(
      `kill -9 of ${victim}, ${layer} ${kind}`,
      `${command}; holdfast cancel ${run}`,
      `${asked}; ps, find, ls`,
      holds(
        {
          'it is settled': state === 'aborted' || state === 'done',
          'as before, or as it was to be': now === today || (state === 'done' && now === good),
          'nothing is left': left.length === 0,
          'no older point is gone': there.every((point) => points.includes(point)),
          [`beside that: ${wrong?.() ?? ''}`]: (wrong?.() ?? '') === '',
        },
        `state ${state}; left: ${left.join(', ')}; ${differing(today, now)}; ${settled.stdout.slice(-300)}${settled.stderr.slice(-300)}`,
      ),
    );
    return;
  }
}
