// `points`: the restore points that are really there. Each is read from its own manifest, not from memory. Below them: what else
// lies there, and what each job was to make against what it made.
import { dirname } from 'node:path';
import { coverageText } from '../catalogue/coverage.ts';
import { jobHistories, neverRan } from '../catalogue/job-history.ts';
import { isOf, type PointsOfLayer, readPoints } from '../catalogue/read-points.ts';
import type { Exit } from '../fault.ts';
import { jobsOf } from '../jobs-of-estate.ts';
import type { JobHistory } from '../model/job-history.ts';
import { formatDuration } from '../values/duration.ts';
import { between, type Instant } from '../values/instant.ts';
import type { Paint } from '../values/paint.ts';
import { plainRef } from '../values/ref.ts';
import { bytes, formatSize } from '../values/size.ts';
import { shown } from '../values/text.ts';
import type { PointsAnswer } from './answers.ts';
import type { Command, Invocation } from './command.ts';
import { layersOf, unknownWorkload } from './layers.ts';
import { open } from './open.ts';
import { tableFor } from './table.ts';

export const points: Command<PointsAnswer> = {
  name: 'points',
  says: 'restore points, with age and place, and what is missing',
  run: async (invocation) => {
    const { holdfast, estate } = await open(invocation);
    const [workload] = invocation.arguments;
    await using world = holdfast.world(estate);
    const now = world.clock.now();
    const read = await readPoints(layersOf(estate), world);
    const wanted = workload === undefined ? read : ofWorkload(read, workload);
    // Refused only now: a layer may hold points of workloads that the estate itself does not name.
    if (workload !== undefined && wanted.length === 0) throw unknownWorkload(estate, workload);
    const jobs = jobsOf(estate, now).filter(({ name }) => wanted.some(({ layer }) => layer === name));
    const histories = holdfast.look(estate.name, (journal) => jobHistories(journal, jobs)) ?? jobs.map(neverRan);
    return {
      exit: exitOf(wanted),
      value: wanted.flatMap((of) =>
        of.points.map((point) => ({ ...point, layer: of.layer, workload: point.manifest.workload, readAt: of.readAt })),
      ),
      text: [
        pointsAsText(invocation, wanted, now),
        ...wanted.flatMap((of) => remarksAsText(of, invocation.paint)),
        ...histories.map((history) => coverageAsText(history, now, invocation.paint)),
      ].join(''),
    };
  },
};

function exitOf(read: readonly PointsOfLayer[]): Exit {
  const unread = read.filter((of) => of.unread !== undefined).length;
  if (unread === 0) return 'fine';
  return unread === read.length ? 'failed' : 'partly';
}

function ofWorkload(read: readonly PointsOfLayer[], workload: string): readonly PointsOfLayer[] {
  return read.flatMap((of) => {
    const points = of.points.filter((point) => isOf(workload, of, point));
    return of.workload === workload || points.length > 0 ? [{ ...of, points }] : [];
  });
}

function pointsAsText(invocation: Invocation, read: readonly PointsOfLayer[], now: Instant): string {
  const rows = read.flatMap(({ layer, points: found }) =>
    found.map(({ manifest, machine, folder, held, ...point }) => [
      manifest.workload,
      layer,
      manifest.takenAt,
      formatDuration(between(manifest.takenAt, now)),
      formatSize(bytes(point.bytes)),
      `${machine}:${dirname(folder)}`,
      [held === undefined ? 'sealed' : `held: ${held}`, ...(point.how === undefined ? [] : [point.how])].join(', '),
      manifest.id,
    ]),
  );
  const head = ['workload', 'layer', 'taken', 'age', 'size', 'place', 'state', 'point'];
  return rows.length === 0 ? 'There is no restore point yet.\n' : tableFor(invocation, head, rows);
}

function remarksAsText({ layer, remarks, unread }: PointsOfLayer, paint: Paint): readonly string[] {
  const lines = remarks.map(({ subject, level, says }) => {
    const mark = level === 'warning' ? paint.warning('warning') : paint.dim('note');
    return `${mark}  ${shown(plainRef(subject))}: ${shown(says)}\n`;
  });
  if (unread === undefined) return lines;
  return [
    ...lines,
    `${paint.bad('unknown')}  ${shown(layer)} could not be read: ${shown(unread.says)}\n      do this: ${shown(unread.remedy)}\n`,
  ];
}

function coverageAsText(history: JobHistory, now: Instant, paint: Paint): string {
  const line = coverageText(history, now);
  const { last } = history;
  if (last === undefined) return `${paint.dim(line)}\n`;
  const short = last.tally.done < last.tally.expected || last.outcome !== 'done';
  return `${short ? paint.warning(line) : line}\n`;
}
