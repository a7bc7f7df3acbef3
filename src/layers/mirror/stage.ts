// Brings what is wanted beside the mirror, into a folder that nobody else knows: nothing in the mirror changes yet.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Path } from '../../model/change-journal.ts';
import { shown } from '../../values/text.ts';
import { carryHoley } from '../common/holes/holes.ts';
import { isHoley } from '../common/holes/rule.ts';
import { checkRoom } from '../common/points/destination.ts';
import { confinedMachine } from './confined.ts';
import { below, type Decision } from './decide.ts';
import { fromShare, toldByShare } from './from-share.ts';
import { linkScript } from './link-script.ts';
import { perl } from './perl.ts';
import { asNames, type MirrorPlace, readable } from './places.ts';
import type { Arrived, Lot } from './renames.ts';
import { differing, isDamaged, namedFolders, namedWholly, rootAlone, whatDiffers } from './rsync.ts';
import { amountOf, filesBelow, isFolder, isThere, type States, statesOf } from './states.ts';

export type Staged = Readonly<{
  arrived: readonly Arrived[];
  /** wanted, and not there when it was looked for */
  missing: readonly Path[];
  /** changed while they were read: they are there, and come again */
  moving: readonly Path[];
  bytes: number;
}>;

type Watched = Pick<StepContext, 'signal' | 'progress'>;

/** Above this, what was brought is compared by size, time and all attributes, and no longer read again on both sides. */
const readAgain = 1024 * 1024 * 1024;

export async function stage(
  place: MirrorPlace,
  { bring, moved, folders, renamed, tied }: Decision,
  { excluded, damaged }: Readonly<{ excluded: readonly Path[]; damaged: readonly Path[] }>,
  watched: Watched,
): Promise<Staged> {
  const { signal, progress } = watched;
  const { machine, source, entry, root, work } = place;
  const share = entry.from.folder;
  const at = (name: string) => join(root, work, name);
  for (const name of ['new', 'into', 'basis', 'meta', 'moved']) await machine.files.makeFolder(at(name), 0o700);

  const sizes = await statesOf(
    source,
    share,
    bring.map(({ path }) => path),
    signal,
    'counted',
  );
  const there = [...sizes.values()].filter(isThere);
  const bytes = there.reduce((sum, one) => sum + amountOf(one).bytes, 0);
  const room = there.reduce((sum, one) => sum + one.room, 0);
  await checkRoom(machine.files, root, room);
  progress({ done: 0, total: bytes, unit: 'bytes', what: 'bringing what changed' });

  const bases = new Map(renamed.map(({ from, to }) => [to, from]));
  for (const { path, state, replaces } of bring)
    if (state.type === 'file' && replaces?.state.type === 'file' && !bases.has(path)) bases.set(path, replaces.before);
  // What has lost its content is no basis: rsync would link it, by size and time.
  for (const path of damaged) bases.delete(path);
  // rsync would rather link the basis than leave what is there: the name that comes first has it.
  for (const { path, to } of tied) {
    const basis = bases.get(path);
    if (basis !== undefined && bases.delete(path) && !bases.has(to)) bases.set(to, basis);
  }
  const pairs = [...bases].flatMap(([path, before]) => [before, path]);
  if (pairs.length > 0) await perl(machine, linkScript, [place.tree, at('basis')], { signal, input: asNames(pairs) });

  const left = [...excluded, ...moved.filter(({ into }) => into).map(({ to }) => to)];
  if (room < bytes) {
    const [isRenamed, isLeft] = [new Set(renamed.map(({ to }) => to)), among(left)];
    const paths = (await holeyAmong(place, sizes, signal)).filter((path) => !isRenamed.has(path) && !isLeft(path));
    const from = confinedMachine(source, share);
    await carryHoley({ from, folder: share, to: machine, into: at('new'), paths }, watched);
  }
  const isInto = below(moved.filter(({ into }) => into).map(({ to }) => to));
  const lots = [
    { lot: 'new', wanted: bring.filter(({ path }) => !isInto(path)), out: left },
    { lot: 'into', wanted: bring.filter(({ path }) => isInto(path)), out: excluded },
  ] as const;
  const came = [];
  for (const lot of lots) {
    if (lot.wanted.length === 0) continue;
    const pairs = lot.lot === 'into' ? tied.flatMap(({ path, to }) => [to, path]) : [];
    if (pairs.length > 0) await perl(machine, linkScript, [at('new'), at('into')], { signal, input: asNames(pairs) });
    came.push(await brought(place, lot, bytes <= readAgain, watched));
  }
  await bringFolders(
    place,
    folders.map(({ path }) => path),
    watched,
  );
  return {
    arrived: came.flatMap(({ arrived }) => arrived),
    missing: came.flatMap(({ missing }) => missing),
    moving: came.flatMap(({ moving }) => moving),
    bytes,
  };
}

type Wanting = Readonly<{ lot: Lot; wanted: Decision['bring']; out: readonly Path[] }>;

async function brought(
  place: MirrorPlace,
  { lot, wanted, out }: Wanting,
  readAll: boolean,
  watched: Watched,
): Promise<Omit<Staged, 'bytes'>> {
  const { signal } = watched;
  const { machine, root, work } = place;
  const to = join(root, work, lot);
  const names = wanted.map(({ path }) => path);
  const whole = await fromShare(
    place,
    { options: namedWholly, names, to, basis: join(root, work, 'basis'), out },
    watched,
  );
  const found = await statesOf(machine, to, names, signal, 'counted');
  const arrived: Arrived[] = [];
  const missing: Path[] = [];
  for (const one of wanted) {
    const state = found.get(one.path);
    if (!isThere(state) || (state.type === 'folder') !== (one.state.type === 'folder')) missing.push(one.path);
    else if (state.file !== one.replaces?.state.file) arrived.push({ bring: one, state, lot });
  }
  if (!whole) {
    const folders = arrived.flatMap(({ bring: { path }, state }) => (isFolder(state) ? [path] : []));
    const isLeft = among(out);
    missing.push(...(await notIn(to, place, folders, signal)).filter((path) => !isLeft(path)));
  }
  const moving: Path[] = [];
  if (arrived.length > 0) {
    const asked = { options: whatDiffers(readAll), names: arrived.map(({ bring: { path } }) => path), out, to };
    for await (const line of toldByShare(place, asked, watched)) {
      const name = differing(line);
      if (name === undefined) continue;
      if (isDamaged(line)) throw notVerified(name);
      moving.push(name);
    }
  }
  return { arrived, missing, moving };
}

const notVerified = (name: Path): Fault =>
  new Fault('copy-not-verified', {
    where: shown(readable(name)),
    says: 'what was read back at the target is not what the share has, though size and times are the same',
    remedy: 'do not trust this disk before it was checked (dmesg, smartctl); nothing in the mirror was changed',
  });

/** Whether a name is one of these, or lies below one. */
function among(left: readonly Path[]): (path: Path) => boolean {
  const [names, isBelow] = [new Set(left), below(left)];
  return (path) => names.has(path) || isBelow(path);
}

/** What the share has in these folders now, and what was brought of them has not. */
async function notIn(
  brought: string,
  { machine, source, entry }: MirrorPlace,
  folders: readonly Path[],
  signal: AbortSignal,
): Promise<readonly Path[]> {
  const came = new Set<Path>();
  for await (const { path } of filesBelow(machine, brought, folders, signal, 'names')) came.add(path);
  const missing: Path[] = [];
  for await (const { path } of filesBelow(source, entry.from.folder, folders, signal, 'names'))
    if (!came.has(path)) missing.push(path);
  return missing;
}

/** Names of the share, those in folders that come as a whole among them. */
async function holeyAmong(
  { source, entry }: MirrorPlace,
  states: States,
  signal: AbortSignal,
): Promise<readonly Path[]> {
  const found: Path[] = [];
  const folders: Path[] = [];
  for (const [path, state] of states) {
    if (isFolder(state) && state.room < state.bytes) folders.push(path);
    else if (isThere(state) && state.type === 'file' && isHoley(state.size, state.room)) found.push(path);
  }
  for await (const { path, size, taken } of filesBelow(source, entry.from.folder, folders, signal))
    if (isHoley(size, taken)) found.push(path);
  return found;
}

async function bringFolders(place: MirrorPlace, paths: readonly Path[], watched: Watched): Promise<void> {
  const to = join(place.root, place.work, 'meta');
  const names = paths.filter((path) => path !== '');
  if (names.length > 0) await fromShare(place, { options: namedFolders, names, to }, watched);
  if (names.length < paths.length) await fromShare(place, { options: rootAlone, to }, watched);
}
