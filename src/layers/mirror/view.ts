// The mirror as it was when a point was sealed, put together beside it from hard links: the tree of today, out of which each later run
// is taken back, the newest first. Nothing of the mirror itself is touched, and hardly any room is taken.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import type { Path } from '../../model/change-journal.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { must } from '../common/commands.ts';
import { perl } from './perl.ts';
import { keptFolder, partNames, treeName, wasName } from './places.ts';
import { asRecords, type Rename, renamesIn } from './renames.ts';
import { turnScript } from './turn-script.ts';
import { folderAttributes } from './turning.ts';

export type Viewing = Readonly<{
  machine: Machine;
  /** of the layer */
  root: string;
  /** within it, this run's own */
  view: string;
}>;

const limit = 1024 * 1024 * 1024;

/** @param later the points after it, oldest first: each of them says what its run has changed */
export async function viewBefore(
  viewing: Viewing,
  later: readonly RestorePoint[],
  { signal, progress }: Pick<StepContext, 'signal' | 'progress'>,
): Promise<void> {
  const { machine, root, view } = viewing;
  const at = (name: string) => join(root, view, name);
  await machine.files.makeFolder(join(root, view), 0o700);
  for (const name of ['gone', 'moved']) await machine.files.makeFolder(at(name), 0o700);
  await must(machine, ['cp', '--archive', '--link', '--', join(root, treeName), at(treeName)], { signal });
  for (const [index, point] of later.toReversed().entries()) {
    await takeBack(viewing, point, signal);
    progress({ done: index + 1, total: later.length, unit: 'items', what: 'going back run by run' });
  }
}

async function takeBack({ machine, root, view }: Viewing, { manifest, folder }: RestorePoint, signal: AbortSignal) {
  const { run } = manifest;
  const read = async (name: string) => (await machine.files.read(join(folder, name), limit)) ?? new Uint8Array();
  const [kept, laid] = [join(root, keptFolder(run)), join(root, view, `kept-${run}`)];
  await must(machine, ['cp', '--archive', '--link', '--', kept, laid], { signal });
  const list = join(root, view, `renames-${run}`);
  await machine.files.write(list, asRecords(inView(renamesIn(await read(partNames.renames)), view, run)), 0o600);
  await perl(machine, turnScript, [root, 'back', list, view, 'any'], { signal });
  const was = join(folder, wasName);
  await folderAttributes(machine, was, join(root, view, treeName), await read(partNames.folders), 'set', signal);
}

/** The renames of a run, as they are to be taken back in the view: what it brought goes aside, what it kept comes from the links. */
const inView = (renames: readonly Rename[], view: string, run: string): readonly Rename[] =>
  renames.map(({ from, to }, index) => ({
    file: '',
    from: seen(from, view, run, index),
    to: seen(to, view, run, index),
  }));

function seen(path: Path, view: string, run: string, index: number): Path {
  const under = (folder: string) => path === folder || path.startsWith(`${folder}/`);
  if (under(treeName)) return `${view}/${path}`;
  if (under(keptFolder(run))) return `${view}/kept-${run}${path.slice(keptFolder(run).length)}`;
  const moved = /^\.partial-[^/]*\/work\/moved\/(\d+)$/.exec(path);
  return moved === null ? `${view}/gone/${run}-${index}` : `${view}/moved/${run}-${moved[1]}`;
}

/** @throws Fault `point-damaged` where a run between the point and today is missing: then nobody knows what it changed */
export function laterThan(points: readonly RestorePoint[], id: string): readonly RestorePoint[] {
  const at = points.findIndex(({ manifest }) => manifest.id === id);
  const later = points.slice(at + 1);
  const broken = later.find(({ manifest }, index) => manifest.details['after'] !== points[at + index]?.manifest.id);
  if (at !== -1 && broken === undefined) return later;
  throw new Fault('point-damaged', {
    where: id,
    says:
      at === -1
        ? 'it is no sealed point any more'
        : `the run before ${broken?.manifest.id} has no sealed point, so nobody knows what it had changed`,
    remedy: 'restore a later point; what runs have displaced lies in `.kept` under its own names',
  });
}
