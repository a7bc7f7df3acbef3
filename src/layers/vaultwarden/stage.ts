// The step `vaultwarden.stage`: the point, unpacked in the data folder under a name that nobody reads, compared with its listing, its
// database asked whether it is sound, and its rows counted. A point that is not whole interrupts nobody.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { asOwner, begin, type DataFolder, script } from '../common/in-place/data-folder.ts';
import { checkRoom } from '../common/points/destination.ts';
import { checkDatabase } from '../common/sqlite/check.ts';
import { deadlineFor, uriOf } from '../common/sqlite/shell.ts';
import { extractArgv, extractFault } from '../common/trees/archive.ts';
import { compareTree } from '../common/trees/compare-tree.ts';
import { partNames, provenPart } from '../common/trees/parts.ts';
import { atHand, type Restoring } from '../common/trees/target.ts';
import type { LiveGiven } from './given.ts';
import { folderIn, givenIn, observePoint } from './live.ts';
import { database } from './names.ts';
import { fewer, notSound } from './rows-compared.ts';
import { stagingBase } from './staging.ts';

/** Lists are sorted in a folder of our own: whoever owns the data folder cannot touch them. */
const sortingIn = ({ entry }: LiveGiven, run: string): string =>
  join(stagingBase(entry) ?? '/run', `holdfast-${run}-${entry.name}-restore`);

export const stageKind: StepKind = {
  name: 'vaultwarden.stage',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const data = await folderIn(given, context);
    const restoring = await restoringOf(given, data, context);
    const { machine } = data;
    const point = await atHand(restoring, context);
    const { counts } = point.manifest;
    await checkRoom(machine.files, data.path, (counts['bytes'] ?? 0) + 16 * 1024 * 1024);
    context.take('folder of the restore', data.work);
    context.take('folder of sorted lists', restoring.work);
    await machine.files.remove(restoring.work);
    await machine.files.makeFolder(restoring.work, 0o700);
    await begin(data, context.signal);
    await unpack(restoring, data, context);
    const { degraded } = await compareTree(restoring, context);
    if ((counts['databases'] ?? 0) > 0) await ask(given, restoring, context);
    await script(data, adopt, given.names, context.signal);
    await machine.files.remove(restoring.work);
    return { result: { ...given.rows }, degraded };
  },

  probe: async () => ({ answer: 'not done', evidence: 'what nobody saw laid there to its end is laid there again' }),

  release: async (context) => {
    const given = givenIn(context);
    await context.world.machine(given.entry.machine).files.remove(sortingIn(given, context.run));
  },

  undo: async (context) => {
    const given = givenIn(context);
    const there = await context.world.machine(given.entry.machine).files.info(given.entry.data);
    if (there?.type !== 'folder') return;
    const emptied = '[ ! -e "$2/before" ] || rmdir -- "$2/before"; rm -rf -- "$2"';
    await script(await folderIn(given, context), emptied, [], context.signal);
  },
};

async function restoringOf(given: LiveGiven, data: DataFolder, { world, run }: StepContext): Promise<Restoring> {
  const { entry, folder } = given;
  const { machine, path: target, as, work } = data;
  const found = await machine.files.info(target);
  const owner = as.length === 0 || found === undefined ? {} : { owner: { uid: found.uid, gid: found.gid } };
  return {
    ...{ machine, points: world.machine(given.points), folder, target, devices: false, identity: entry.identity },
    ...{ scope: undefined, work: sortingIn(given, run), tree: join(work, 'new'), ...owner },
  };
}

async function unpack(restoring: Restoring, data: DataFolder, context: StepContext): Promise<void> {
  const { machine, tree, target } = restoring;
  const { signal, progress } = context;
  const point = await atHand(restoring, context);
  const own = data.as.length === 0 ? [] : ['--no-same-owner'];
  // From within the folder: its owner may not be let through to it.
  const [program, ...rest] = extractArgv(`.${tree.slice(data.path.length)}`);
  const argv = ['env', `--chdir=${data.path}`, ...asOwner(data, [program, ...rest, ...own])] as const;
  const feeding = machine.feed(argv, { signal });
  let done = 0;
  let reading = true;
  try {
    // Where tar stops early, the rest is read all the same: that the point is damaged is the better answer.
    for await (const piece of provenPart(point, partNames.contents, signal)) {
      done += piece.length;
      if (reading) reading = await feeding.write(piece);
      progress({ done, unit: 'bytes', what: `unpacking ${partNames.contents}` });
    }
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const fault = extractFault(await feeding.close(), target, '');
  if (fault !== undefined) throw fault;
}

async function ask({ entry, rows }: LiveGiven, { machine, tree }: Restoring, { signal }: StepContext): Promise<void> {
  const path = join(tree, database);
  const size = (await machine.files.info(path))?.size ?? 0;
  const {
    sound,
    says,
    rows: counted,
  } = await checkDatabase(
    {
      ...{ machine, access: 'read', folder: tree, signal, database: uriOf(path, 'mode=ro&immutable=1') },
      limits: { deadline: deadlineFor(size) },
    },
    { rows: true },
  );
  if (sound !== 'yes') throw notSound(entry, `the database of the point: ${says}`);
  const less = fewer(rows, counted ?? {});
  if (less !== undefined) throw notSound(entry, `the database of the point ${less}`);
}

/** Of each name that is there now, what comes gets the mode, and where we may give it, the owner. `$1` is the folder, `$2` ours. */
const adopt = `data=$1; work=$2; shift 2
for name; do
  old=$data/$name; new=$work/new/$name
  if [ -e "$old" ] && [ ! -L "$old" ] && [ -e "$new" ] && [ ! -L "$new" ]; then
    [ "$(id -u)" != 0 ] || chown -hR --reference="$old" -- "$new"
    chmod --reference="$old" -- "$new"
  fi
done`;
