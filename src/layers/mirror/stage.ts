// Brings what is wanted beside the mirror, into a folder that nobody else knows: nothing in the mirror changes yet.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Path } from '../../model/change-journal.ts';
import { shown } from '../../values/text.ts';
import { checkRoom } from '../common/points/destination.ts';
import { basisScript } from './basis-script.ts';
import type { Decision } from './decide.ts';
import { fromShare, toldByShare } from './from-share.ts';
import { perl } from './perl.ts';
import { asNames, type MirrorPlace, readable } from './places.ts';
import type { Arrived } from './renames.ts';
import { differing, isDamaged, namedFolders, namedWholly, rootAlone, whatDiffers } from './rsync.ts';
import { isThere, statesOf } from './states.ts';

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
  { bring, moved, folders, renamed }: Decision,
  excluded: readonly Path[],
  watched: Watched,
): Promise<Staged> {
  const { signal, progress } = watched;
  const { machine, source, entry, root, work } = place;
  const share = entry.from.folder;
  const at = (name: string) => join(root, work, name);
  for (const name of ['new', 'basis', 'meta', 'moved']) await machine.files.makeFolder(at(name), 0o700);

  const sizes = await statesOf(
    source,
    share,
    bring.map(({ path }) => path),
    signal,
    'counted',
  );
  const bytes = [...sizes.values()].reduce((sum, one) => sum + (isThere(one) ? one.bytes || one.size : 0), 0);
  await checkRoom(machine.files, root, bytes);
  progress({ done: 0, total: bytes, unit: 'bytes', what: 'bringing what changed' });

  const bases = new Map(renamed.map(({ from, to }) => [to, from]));
  for (const { path, state, replaces } of bring)
    if (state.type === 'file' && replaces?.state.type === 'file' && !bases.has(path)) bases.set(path, replaces.before);
  const pairs = [...bases].flatMap(([path, before]) => [before, path]);
  if (pairs.length > 0) await perl(machine, basisScript, [place.tree, at('basis')], { signal, input: asNames(pairs) });

  const left = [...excluded, ...moved.filter(({ into }) => into).map(({ to }) => to)];
  if (bring.length > 0)
    await fromShare(
      place,
      { options: namedWholly, names: bring.map(({ path }) => path), out: left, to: at('new'), basis: at('basis') },
      watched,
    );
  await bringFolders(
    place,
    folders.map(({ path }) => path),
    watched,
  );

  const found = await statesOf(
    machine,
    at('new'),
    bring.map(({ path }) => path),
    signal,
    'counted',
  );
  const arrived: Arrived[] = [];
  const missing: Path[] = [];
  for (const one of bring) {
    const state = found.get(one.path);
    if (!isThere(state) || (state.type === 'folder') !== (one.state.type === 'folder')) missing.push(one.path);
    else if (state.file !== one.replaces?.state.file) arrived.push({ bring: one, state });
  }
  const moving: Path[] = [];
  if (arrived.length > 0) {
    const names = arrived.map(({ bring: { path } }) => path);
    const asked = { options: whatDiffers(bytes <= readAgain), names, out: left, to: at('new') };
    for await (const line of toldByShare(place, asked, watched)) {
      const name = differing(line);
      if (name === undefined) continue;
      if (isDamaged(line)) throw notVerified(name);
      moving.push(name);
    }
  }
  return { arrived, missing, moving, bytes };
}

const notVerified = (name: Path): Fault =>
  new Fault('copy-not-verified', {
    where: shown(readable(name)),
    says: 'what was read back at the target is not what the share has, though size and times are the same',
    remedy: 'do not trust this disk before it was checked (dmesg, smartctl); nothing in the mirror was changed',
  });

async function bringFolders(place: MirrorPlace, paths: readonly Path[], watched: Watched): Promise<void> {
  const to = join(place.root, place.work, 'meta');
  const names = paths.filter((path) => path !== '');
  if (names.length > 0) await fromShare(place, { options: namedFolders, names, to }, watched);
  if (names.length < paths.length) await fromShare(place, { options: rootAlone, to }, watched);
}
