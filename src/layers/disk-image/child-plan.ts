// What is to be done with an image once it is open: one copy, and after it the removal of each point that retention lets
// go. Pure.
import type { ChildPlan, Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import type { Instant, SinceBoot } from '../../values/instant.ts';
import type { Keep } from '../../values/retention.ts';
import { formatSize, bytes as sizeOf } from '../../values/size.ts';
import { count, shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { lane, pointId, pointRef } from '../common/points/places.ts';
import { decidePruning } from '../common/points/prune-decision.ts';
import { pruneSteps } from '../common/points/prune-step.ts';
import { remarkOnOthers } from '../common/points/source.ts';
import type { ImageState, SourceFacts } from './given.ts';
import { imageRef } from './places.ts';
import type { DiskImageEntry } from './schema.ts';
import type { Found } from './walk.ts';

export type Opened = Readonly<{
  entry: DiskImageEntry;
  timeZone: string;
  run: RunId;
  now: Instant;
  sinceBoot: SinceBoot | undefined;
  mount: string;
  source: SourceFacts;
  state: ImageState;
  found: Found;
  /** what the archive will need, about */
  bytes: number;
  points: readonly RestorePoint[];
}>;

export function childPlan(opened: Opened): ChildPlan {
  const { entry, found, source, now, run, points } = opened;
  const { sinceBoot } = opened;
  const key = { uuid: source.uuid };
  const fresh = { id: pointId(now, run), takenAt: now, source: key, run, sinceBoot };
  const pruning = decidePruning(entry, points, fresh, opened.timeZone);
  const copy = copyStep(opened, fresh.id, pruning.policy);
  const subject = imageRef(entry);
  const others = remarkOnOthers(points, key, 'another file system (another UUID)');
  const remarks: Note[] = [...others, ...pruning.remarks].map((remark) => ({ subject, ...remark }));
  return {
    because: [`${shown(entry.image)} holds ${contents(found)} in ${source.filesystem}`],
    steps: [copy, ...pruneSteps({ entry, source: key, after: [copy.id] }, pruning.remove)],
    notes: [...notesOn(found, subject), ...remarks],
    afterFailure: 'keep',
  };
}

const contents = ({ files, folders, links, bytes }: Found): string =>
  [count(files, 'file'), count(folders, 'folder'), count(links, 'link'), formatSize(sizeOf(bytes))].join(', ');

function notesOn(found: Found, subject: Note['subject']): Note[] {
  const notes: Note[] = [];
  if (found.sockets > 0) {
    const says = `${count(found.sockets, 'socket')} left out: the program that listens there makes it anew`;
    notes.push({ subject, level: 'info', says });
  }
  if (found.devices > 0) {
    const says = `${count(found.devices, 'device node')} kept apart from the rest: a restore leaves them out unless \`restore_devices\` is set`;
    notes.push({ subject, level: 'info', says });
  }
  return notes;
}

function copyStep(opened: Opened, id: string, policy: Keep | undefined): Step {
  const { entry, mount, source, state, found, bytes, now, sinceBoot } = opened;
  return {
    id: 'copy',
    kind: 'disk-image.copy',
    subject: pointRef(entry.name, id),
    act: 'create',
    title: `copy ${contents(found)} into restore point ${id}`,
    because: [`the image is mounted read-only, about ${formatSize(sizeOf(bytes))} are needed and free`],
    changes: [],
    after: [],
    lanes: [lane(entry.machine, entry.to)],
    risk: 'adds',
    needs: [],
    expects: [],
    given: asGiven({
      entry,
      mount,
      id,
      takenAt: now,
      source,
      state,
      bytes,
      devices: found.devices,
      policy,
      since_boot: sinceBoot,
    }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(30),
  };
}
