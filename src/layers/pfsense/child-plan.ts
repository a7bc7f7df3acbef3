// What one run does with a firewall: its config.xml, an archive where one is due, and after each the removal of what its own
// retention lets go. Pure.
import type { ChildPlan, Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import type { Instant, SinceBoot } from '../../values/instant.ts';
import type { TimeZone } from '../../values/time-zone.ts';
import { asGiven } from '../common/given.ts';
import { lane, pointId, pointRef } from '../common/points/places.ts';
import { decidePruning } from '../common/points/prune-decision.ts';
import { pruneSteps } from '../common/points/prune-step.ts';
import { isOf } from '../common/points/source.ts';
import { archiveDue } from './due.ts';
import { firewallRef } from './firewall.ts';
import { type Sort, sourceOf } from './given.ts';
import type { PfsenseEntry } from './schema.ts';

export type Looked = Readonly<{
  entry: PfsenseEntry;
  timeZone: string;
  run: RunId;
  now: Instant;
  sinceBoot: SinceBoot | undefined;
  points: readonly RestorePoint[];
}>;

export function childPlan(looked: Looked): ChildPlan {
  const { entry, points, now, timeZone } = looked;
  const archives = points.filter(({ manifest }) => isOf(manifest, sourceOf(entry, 'archive')));
  const { due, because } = archiveDue(entry, archives, now, timeZone as TimeZone);
  const config = taken(looked, 'config', []);
  const archive = due ? taken(looked, 'archive', ['config']) : { steps: [], notes: [] };
  return {
    because: [due ? `an archive is due: ${because}` : `no archive is due: ${because}`],
    steps: [...config.steps, ...archive.steps],
    notes: [...config.notes, ...archive.notes],
    // A config.xml is worth having where the archive fails; then the run is degraded.
    afterFailure: 'alone',
  };
}

function taken(looked: Looked, sort: Sort, after: readonly string[]) {
  const { entry, points, now, timeZone, run, sinceBoot } = looked;
  const source = sourceOf(entry, sort);
  const id = pointId(now, run, sort);
  const keep = sort === 'config' ? entry.keep : entry.keep_archives;
  const fresh = { id, takenAt: now, source, run, sinceBoot };
  const { policy, remove, remarks } = decidePruning({ ...entry, keep }, points, fresh, timeZone);
  const take: Step = {
    id: sort,
    kind: 'pfsense.take',
    subject: pointRef(entry.name, id),
    act: 'create',
    title: `take ${sort === 'config' ? 'config.xml' : 'a full archive'} of ${entry.machine} into restore point ${id}`,
    because: [
      sort === 'config'
        ? 'each run takes it'
        : 'it is unpacked and compared with the config.xml just taken before it is a point',
    ],
    changes: [],
    after,
    lanes: [lane(entry.to_machine, entry.to)],
    risk: 'adds',
    needs: [],
    expects: [],
    given: asGiven({ entry, sort, id, takenAt: now, policy, since_boot: sinceBoot }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(30),
  };
  const subject = firewallRef(entry.machine);
  const notes = remarks.map((remark): Note => ({ subject, ...remark }));
  return { steps: [take, ...pruneSteps({ entry, source, after: [take.id] }, remove)], notes };
}
