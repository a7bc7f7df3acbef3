// The step `etcd.stage`: a new data folder within the one of the server, under a name that nobody reads yet. It is made by the account that
// the folder belongs to.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { asOwner, begin, dataFolder, fill, script } from '../common/in-place/data-folder.ts';
import { checkRoom } from '../common/points/destination.ts';
import { inPlace } from '../common/service/service.ts';
import type { RestoreGiven } from './restore-given.ts';
import { checkBuilt, givenIn, observePoint, snapshotOf } from './restoring.ts';
import { rebuild, snapshotTool, statusOfFile } from './snapshot-tool.ts';

export const stageKind: StepKind = {
  name: 'etcd.stage',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const { entry, taken, member } = given;
    const { signal } = context;
    const data = await folderIn(given, context);
    const tool = await snapshotTool(entry, data.machine, signal);
    await checkRoom(data.machine.files, data.path, taken.bytes * 2);
    context.take('folder of the restore', data.work);
    await begin(data, signal);
    await fill(data, 'snapshot.db', await snapshotOf(given, context), signal);
    const as = (argv: Parameters<typeof asOwner>[1]) => asOwner(data, argv);
    const built = join(data.work, 'built');
    await rebuild(tool, { snapshot: join(data.work, 'snapshot.db'), into: built, member }, signal, as);
    checkBuilt(given, await statusOfFile(tool, join(built, 'member/snap/db'), signal, as));
    await script(data, ready, [], signal);
    return { result: { revision: taken.counts['revision'] ?? 0 } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'what nobody saw made to its end is made again' }),

  undo: async (context) => {
    const given = givenIn(context);
    const there = await context.world.machine(given.entry.machine).files.info(inPlace(given.entry).data);
    if (there?.type !== 'folder') return;
    const emptied = '[ ! -e "$2/before" ] || rmdir -- "$2/before"; rm -rf -- "$2"';
    await script(await folderIn(given, context), emptied, [], context.signal);
  },
};

const ready =
  'mv -T -- "$2/built/member" "$2/new/member"; rm -f -- "$2/snapshot.db"; sync -- "$2/new/member/snap/db" "$2/new"';

const folderIn = ({ entry }: RestoreGiven, { world, run }: StepContext) =>
  dataFolder(world.machine(entry.machine), inPlace(entry).data, run);
