// What is to be done once everything is brought: one turn, and after it the removal of what was kept long enough. Pure.
import type { ChildPlan } from '../../model/plan.ts';
import type { Part, RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import type { Json } from '../../values/canonical.ts';
import { minutes } from '../../values/duration.ts';
import type { Instant, SinceBoot } from '../../values/instant.ts';
import type { Keep } from '../../values/retention.ts';
import { count, shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { lane, layerFolder, pointRef } from '../common/points/places.ts';
import { decidePruning } from '../common/points/prune-decision.ts';
import { pruneSteps } from '../common/points/prune-step.ts';
import type { Weighed } from './budget.ts';
import { forgettable } from './forgetting.ts';
import type { Mark } from './mark.ts';
import { shareRef } from './protect.ts';
import type { MirrorEntry } from './schema.ts';

export type Brought = Readonly<{
  entry: MirrorEntry;
  timeZone: string;
  run: RunId;
  id: string;
  now: Instant;
  sinceBoot: SinceBoot | undefined;
  points: readonly RestorePoint[];
  remarks: readonly string[];
  weighed: Weighed;
  counts: Readonly<Record<string, number>>;
  parts: readonly Part[];
  details: Readonly<Record<string, Json>>;
  source: Mark;
  journal: Readonly<{ id: string; up_to: number; until: Instant | undefined }>;
  first: boolean;
}>;

export function childPlan(brought: Brought): ChildPlan {
  const { entry, timeZone, run, id, now, sinceBoot, points, source, counts } = brought;
  const fresh = { id, takenAt: now, source, run, sinceBoot };
  const pruning = decidePruning(entry, points, fresh, timeZone);
  const turn = turnStep(brought, pruning.policy);
  const prunes = pruneSteps({ entry, source, after: [turn.id] }, forgettable(entry, points, pruning.remove, now));
  const subject = shareRef(entry);
  const expired = entry.exclude.filter(({ review_by }) => review_by < now.slice(0, 10));
  return {
    because: [`${told(counts)} since the run before`],
    steps: [turn, ...prunes, ...(prunes.length === 0 ? [] : [forgetStep(turn, entry, prunes)])],
    notes: [
      ...pruning.remarks.map((remark) => ({ subject, ...remark })),
      ...brought.remarks.map((says) => ({ subject, level: 'warning' as const, says })),
      ...expired.map(({ path, owner, review_by }) => ({
        ...{ subject, level: 'warning' as const },
        says: `${shown(path)} is left out as ${shown(owner)} decided, and that was to be looked at again by ${review_by}`,
      })),
    ],
    afterFailure: 'keep',
  };
}

const told = ({ brought = 0, removed = 0, renamed = 0, overwritten = 0 }: Brought['counts']): string =>
  `${count(brought, 'file')} brought (${overwritten} of them over another), ${removed} removed, ${renamed} renamed`;

function turnStep(
  { entry, id, now, sinceBoot, counts, parts, details, source, journal, first }: Brought,
  policy: Keep | undefined,
): Step {
  return {
    id: 'turn',
    kind: 'mirror.turn',
    subject: pointRef(entry.name, id),
    act: 'update',
    title: `put it in place in ${shown(layerFolder(entry))}, and seal the run as restore point ${id}`,
    because: [told(counts), `what is removed or overwritten stays in .kept for ${entry.kept_for}`],
    changes: [],
    after: [],
    lanes: [lane(pointsMachine(entry), entry.to)],
    risk: 'changes',
    needs: [],
    expects: [],
    given: asGiven({
      entry,
      id,
      takenAt: now,
      source,
      counts,
      parts,
      details,
      journal,
      first,
      policy,
      since_boot: sinceBoot,
    }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(60),
  };
}

const forgetStep = (turn: Step, entry: MirrorEntry, prunes: readonly Step[]): Step => ({
  ...turn,
  id: 'forget',
  kind: 'mirror.forget',
  subject: shareRef(entry),
  act: 'do',
  title: 'remove what was displaced before the oldest point that is left',
  because: [`it was kept for ${entry.kept_for}, and no point needs it any more`],
  after: prunes.map(({ id }) => id),
  risk: 'loses a restore point',
  given: asGiven({ entry }),
  wayBack: 'one-way',
});
