// rsync from the share to the target, which may be another machine: it is started where the mirror is, so that names, however many and
// whatever their bytes, lie there in files, and it writes only there.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Machine } from '../../machines/machine.ts';
import type { Path } from '../../model/change-journal.ts';
import { split } from '../common/records.ts';
import { rsyncBetween } from '../common/rsync/between.ts';
import { confinedMachine } from './confined.ts';
import { asNames, type MirrorPlace } from './places.ts';
import { checkRsync, patternsOf } from './rsync.ts';

export type Wanted = Readonly<{
  options: readonly string[];
  /** names of the share; without them what the options say */
  names?: readonly Path[];
  out?: readonly Path[];
  to: string;
  /** a folder beside it: what is the same there becomes a hard link */
  basis?: string;
}>;

type Watched = Pick<StepContext, 'signal' | 'progress'>;

/** @returns whether all of it came; else what cannot be read, is gone, or has no room for its name stayed away. @throws Fault for the rest */
export async function fromShare(place: MirrorPlace, wanted: Wanted, watched: Watched): Promise<boolean> {
  return (await run(place, wanted, place.machine, watched)) === 0;
}

/** What rsync prints, line by line. */
export async function* toldByShare(place: MirrorPlace, wanted: Wanted, watched: Watched): AsyncGenerator<Buffer> {
  const { machine } = place;
  const file = join(place.root, place.work, 'told');
  const toErrors = (argv: readonly string[]) => ['sh', '-c', 'exec "$@" 2>"$0"', file, ...argv] as const;
  await run(
    place,
    wanted,
    {
      ...machine,
      // What rsync prints goes to its errors: its output is the other end's.
      talk: (argv, options) => machine.talk(toErrors(argv), options),
    },
    watched,
  );
  yield* split(machine.files.source(file, { signal: watched.signal }), 0x0a);
}

async function run(place: MirrorPlace, wanted: Wanted, near: Machine, { signal, progress }: Watched): Promise<number> {
  const { entry, root, work, machine, source } = place;
  const { options, names, out = [], to, basis } = wanted;
  const share = entry.from.folder;
  const lists = { names: join(root, work, 'names'), out: join(root, work, 'left-out') };
  if (names !== undefined)
    await machine.files.write(lists.names, asNames(names.map((path) => (path === '' ? './' : path))), 0o600);
  if (out.length > 0) await machine.files.write(lists.out, patternsOf(out), 0o600);
  // Also on one machine two of them speak with each other: the one that reads the share is shut up in it.
  const far = { ...confinedMachine(source, share), name: `${source.name}, in the share` };
  const ended = await rsyncBetween({
    ...{ near, far },
    ...{ direction: 'pull', from: `${share}/`, to: `${to}/`, signal, progress, what: 'bringing what changed' },
    ...(basis === undefined ? {} : { linkDest: [basis] }),
    options: [
      ...options,
      ...(names === undefined ? [] : [`--files-from=${lists.names}`]),
      ...(names === undefined && out.length === 0 ? [] : ['--from0']),
      ...(out.length === 0 ? [] : [`--exclude-from=${lists.out}`]),
    ],
  });
  checkRsync(ended, share, root);
  return ended.exitCode;
}
