// The step `redis.stage`: the dump, compared with what was sealed, lies in the data folder under a name that nobody reads yet.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { opened } from '../common/dumps/opened.ts';
import { begin, dataFolder, fill, script } from '../common/in-place/data-folder.ts';
import { checkRoom } from '../common/points/destination.ts';
import { forAge } from '../common/points/encryption.ts';
import { inPlace } from '../common/service/service.ts';
import { checkLogThere } from './own-folder.ts';
import type { RestoreGiven } from './restore-given.ts';
import { givenIn, observePoint } from './restoring.ts';

export const stageKind: StepKind = {
  name: 'redis.stage',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const { entry, points, folder, taken, names, reads } = given;
    const data = await folderIn(given, context);
    if (given.ran && reads !== 'dump') await checkLogThere(given, context);
    await checkRoom(data.machine.files, data.path, taken.bytes * (reads === 'dump' ? 1 : 2));
    context.take('folder of the restore', data.work);
    await begin(data, context.signal);
    const identity = entry.identity && (await context.world.secret(entry.identity, forAge));
    const opening = { machine: context.world.machine(points), folder, taken, identity };
    await fill(data, `new/${names.dump}`, opened(opening, context), context.signal);
    if (reads !== 'dump') await script(data, logScripts[reads], [names.dump, names.logs, names.log], context.signal);
    return { result: { bytes: taken.bytes } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'what nobody saw laid there to its end is laid there again' }),

  undo: async (context) => {
    const given = givenIn(context);
    const { data } = inPlace(given.entry);
    const there = await context.world.machine(given.entry.machine).files.info(data);
    if (there?.type !== 'folder') return;
    const emptied = '[ ! -e "$2/before" ] || rmdir -- "$2/before"; rm -rf -- "$2"';
    await script(await folderIn(given, context), emptied, [], context.signal);
  },
};

const folderIn = ({ entry }: RestoreGiven, { world, run }: StepContext) =>
  dataFolder(world.machine(entry.machine), inPlace(entry).data, run);

/**
 * With `appendonly yes` a server reads its log and never a dump beside it. A log may begin with a dump, so a new one is made of
 * nothing else: since 7.0 as the base that a manifest names, before as the log itself.
 */
const logScripts = {
  logs: `cd -- "$2/new"; mkdir -- "$4"; cp -- "$3" "$4/$5.1.base.rdb"
printf 'file %s seq 1 type b\\n' "$5.1.base.rdb" > "$4/$5.manifest"; sync -- "$4/$5.1.base.rdb" "$4/$5.manifest" "$4"`,
  log: `cd -- "$2/new"; cp -- "$3" "$5"; sync -- "$5"`,
} as const;
