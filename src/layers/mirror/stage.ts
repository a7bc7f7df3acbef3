// Brings what is wanted beside the mirror, into a folder that nobody else knows: nothing in the mirror changes yet.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Path } from '../../model/change-journal.ts';
import { shown } from '../../values/text.ts';
import { checkRoom } from '../common/points/destination.ts';
import { split } from '../common/records.ts';
import { basisScript } from './basis-script.ts';
import { confined, withAside } from './confined.ts';
import type { Decision } from './decide.ts';
import { perl } from './perl.ts';
import { asNames, type MirrorPlace, readable } from './places.ts';
import type { Arrived } from './renames.ts';
import { bringArgv, checkRsync, differArgv, differing, foldersArgv, patternsOf, rootArgv } from './rsync.ts';
import { isThere, statesOf } from './states.ts';

export type Staged = Readonly<{
  arrived: readonly Arrived[];
  /** wanted, and not there when it was looked for */
  missing: readonly Path[];
  /** changed while they were read: they are there, and come again */
  moving: readonly Path[];
  bytes: number;
}>;

/** Above this, what was brought is compared by size, time and all attributes, and no longer read again on both sides. */
const readAgain = 1024 * 1024 * 1024;

export async function stage(
  place: MirrorPlace,
  { bring, moved, folders, renamed }: Decision,
  excluded: readonly Path[],
  { signal, progress }: Pick<StepContext, 'signal' | 'progress'>,
): Promise<Staged> {
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
  const aside = patternsOf(left);
  const names = asNames(bring.map(({ path }) => (path === '' ? './' : path)));
  const input = Buffer.concat([aside, names]);
  const rsync = (argv: readonly [string, ...string[]]) => confined(share, withAside(aside, argv));
  if (bring.length > 0) {
    const argv = rsync(bringArgv(left, `${at('new')}/`, at('basis')));
    checkRsync(await source.run(argv, { signal, input }), share, root);
  }
  await bringFolders(
    place,
    folders.map(({ path }) => path),
    signal,
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
    const argv = rsync(differArgv(left, `${at('new')}/`, bytes <= readAgain));
    const listed = asNames(arrived.map(({ bring: { path } }) => (path === '' ? './' : path)));
    const { stdout, ended } = source.stream(argv, { signal, input: Buffer.concat([aside, listed]) });
    for await (const line of split(stdout, 0x0a)) {
      const name = differing(line);
      if (name === undefined) continue;
      if (isDamaged(line)) throw notVerified(name);
      moving.push(name);
    }
    checkRsync(await ended, share, root);
  }
  return { arrived, missing, moving, bytes };
}

/** The same size and times, and another content: nobody wrote to it meanwhile. */
const isDamaged = (line: Buffer): boolean => /^[<>ch.]fc\.\./.test(line.toString('latin1'));

const notVerified = (name: Path): Fault =>
  new Fault('copy-not-verified', {
    where: shown(readable(name)),
    says: 'what was read back at the target is not what the share has, though size and times are the same',
    remedy: 'do not trust this disk before it was checked (dmesg, smartctl); nothing in the mirror was changed',
  });

async function bringFolders({ source, entry, root, work }: MirrorPlace, paths: readonly Path[], signal: AbortSignal) {
  const to = `${join(root, work, 'meta')}/`;
  const share = entry.from.folder;
  const others = paths.filter((path) => path !== '');
  if (others.length > 0)
    checkRsync(
      await source.run(confined(share, foldersArgv('./', to)), { signal, input: asNames(others) }),
      share,
      root,
    );
  if (others.length < paths.length)
    checkRsync(await source.run(confined(share, rootArgv('./', to)), { signal }), share, root);
}
