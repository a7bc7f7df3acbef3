// The plan of bringing outputs back: as files, or through the programs that take them in. Pure.

import type { LayerContext, Planned, RestoreTarget, RestoreWish } from '../../contracts/layer.ts';
import type { Note, Refusal } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { count, shown } from '../../values/text.ts';
import { missingIn, type Taken, takenIn } from '../common/dumps/taken.ts';
import { isFolder, meantIn, planUnpack, withoutTarget } from '../common/dumps/unpack-plan.ts';
import { asGiven } from '../common/given.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { asChosen } from '../common/points/expects.ts';
import { lane } from '../common/points/places.ts';
import { commandNamed, itemOf } from './dumps.ts';
import type { RestoreGiven } from './restore-given.ts';
import type { CommandEntry } from './schema.ts';

const takesIn = ({ commands }: CommandEntry, { name }: Pick<Taken, 'name'>): boolean =>
  commands.some((one) => one.name === name && one.restore_command !== undefined);

export const restoreTargets = (entry: CommandEntry, { manifest }: RestorePoint): readonly RestoreTarget[] => {
  const able = takenIn(manifest).filter((taken) => takesIn(entry, taken));
  return [
    ...(able.length === 0
      ? []
      : [{ to: 'live', says: `to the program that takes it in: ${able.map(({ name }) => shown(name)).join(', ')}` }]),
    { to: '/FOLDER', says: 'the dumps as files, into a folder that is empty or not there yet' },
  ];
};

export function planRestore(entry: CommandEntry, wish: RestoreWish, context: LayerContext): Planned {
  const { target, point } = wish;
  if (target === undefined) return refused(withoutTarget(entry, '--to live, or --to /FOLDER'));
  if (isFolder(target)) return planUnpack(entry, { ...wish, target });
  const meant = meantIn(wish);
  if ('code' in meant) return refused(meant);
  const refusal = target === 'live' ? withoutProgram(entry, meant) : unclear(entry, target);
  if (refusal !== undefined) return refused(refusal);
  return {
    steps: [
      safetyStep(entry, meant, point, context),
      ...meant.map((taken, at) => restoreStep(entry, taken, at, point, context)),
    ],
    notes: missingNotes(entry, wish),
    refusals: [],
  };
}

const refused = (refusal: Refusal): Planned => ({ steps: [], notes: [], refusals: [refusal] });

function withoutProgram(entry: CommandEntry, meant: readonly Taken[]): Refusal | undefined {
  const unable = meant.filter((taken) => !takesIn(entry, taken)).map(({ name }) => shown(name));
  if (unable.length === 0 && meant.length > 0) return undefined;
  return {
    subject: ref('layer', entry.name),
    code: 'nothing-takes-it',
    says: `the estate names no \`restore_command\` for ${unable.length === 0 ? 'anything in this point' : unable.join(', ')}`,
    remedy: 'name one, choose others with --only NAME, or bring the dumps as files: --to /FOLDER',
  };
}

function safetyStep(
  entry: CommandEntry,
  meant: readonly Taken[],
  { manifest }: RestorePoint,
  { timeZone, now: planned }: LayerContext,
): Step {
  const items = meant.map(({ name }) => itemOf(commandNamed(entry, name)));
  const server = manifest.details['server'] ?? {};
  return {
    ...bare(entry, 'safety'),
    ...{ kind: 'command.safety', risk: 'adds' },
    title: `run ${meant.map(({ name }) => shown(name)).join(', ')} now, into a restore point of its own, held against retention`,
    because: ['a restore can be a mistake, too'],
    given: asGiven({ entry, timeZone, planned, items, server }),
  };
}

function restoreStep(
  entry: CommandEntry,
  taken: Taken,
  at: number,
  { manifest, folder }: RestorePoint,
  { now }: LayerContext,
): Step {
  const program = commandNamed(entry, taken.name).restore_command?.[0] ?? '';
  const given: RestoreGiven = { entry, points: pointsMachine(entry), folder, taken, planned: now };
  const first = at === 0;
  return {
    ...bare(entry, `restore-${at}`),
    subject: ref('dump', entry.name, taken.name),
    ...{ kind: 'command.restore', risk: 'destroys', after: [first ? 'safety' : `restore-${at - 1}`] },
    title: `give ${shown(taken.name)} of ${manifest.takenAt} (${formatSize(bytes(taken.bytes))}) to ${shown(program)} on ${entry.machine}`,
    because: [`the point ${manifest.id} was chosen, and the estate names that program as the one that takes it in`],
    means: [
      `what ${shown(program)} does with it is its own: what is there now may be destroyed. The way back is the dump of before, given to the same program`,
    ],
    expects: first ? [asChosen(entry, manifest)] : [],
    given: asGiven(given),
  };
}

const bare = (entry: CommandEntry, id: string) => ({
  ...{ id, subject: ref('layer', entry.name), act: 'do' as const, changes: [], after: [], needs: [], expects: [] },
  lanes: [`commands of ${entry.name}`, lane(pointsMachine(entry), entry.to)],
  ...{ wayBack: 'undo' as const, expands: false, patience: minutes(60) },
});

function missingNotes(entry: CommandEntry, { point, only }: RestoreWish): readonly Note[] {
  if (only !== undefined) return [];
  const missing = missingIn(point.manifest).map(({ name }) => shown(name));
  if (missing.length === 0) return [];
  return [
    {
      ...{ subject: ref('layer', entry.name), level: 'warning' },
      says: `${count(missing.length, 'dump')} is not in this point, since it failed then: ${missing.join(', ')}`,
    },
  ];
}

const unclear = ({ name }: CommandEntry, target: string): Refusal => ({
  subject: ref('layer', name),
  code: 'target-unclear',
  says: `${shown(target)} is neither \`live\` nor an absolute folder`,
  remedy: 'write --to live, or --to /FOLDER',
});
