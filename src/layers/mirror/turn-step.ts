// The step `mirror.turn`: what is to go moves to `.kept/RUN`, what was brought moves into its place, and the run becomes a sealed point.
// All of it is renaming, so it is quick whatever the size, and can be taken back up to the seal. The journal is acknowledged last.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { absent } from '../../model/step.ts';
import type { Instant } from '../../values/instant.ts';
import { shown } from '../../values/text.ts';
import { acknowledge } from '../common/changes/read.ts';
import { must, versionOf } from '../common/commands.ts';
import { givenOf } from '../common/given.ts';
import { settleHolds } from '../common/judgement/holding.ts';
import { standingOf } from '../common/judgement/standing.ts';
import { readPoints } from '../common/points/points.ts';
import { pointPlace, probeSealed, seal, sealedResult } from '../common/points/sealing.ts';
import { turnGiven } from './given.ts';
import { writeMark } from './mark.ts';
import {
  besidePoints,
  journalOf,
  keptFolder,
  keptName,
  type MirrorPlace,
  mirrorPlace,
  namesIn,
  partNames,
  stoppedName,
  treeName,
  wasName,
} from './places.ts';
import { isFolder, statesOf } from './states.ts';
import { folderAttributes, leadBack, turn } from './turning.ts';

const limit = 1024 * 1024 * 1024;

function placed(context: StepContext) {
  const given = givenOf(turnGiven, context.step);
  const place = mirrorPlace(context.world, given.entry, context.run);
  return { ...given, place, point: pointPlace(context, given.entry, given.id) };
}

export const turnKind: StepKind = {
  name: 'mirror.turn',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { place, point, first, ...given } = placed(context);
    const { machine, source, root, partial, work, tree, run } = place;
    const { signal } = context;
    const kept = join(root, keptFolder(run));
    const was = join(root, partial, wasName);
    const read = async (path: string) => (await machine.files.read(path, limit)) ?? new Uint8Array();
    const folders = await read(join(root, partial, partNames.folders));
    const attributes = await read(join(root, work, 'attributes'));
    await machine.files.makeFolder(join(root, keptName), 0o700);
    await machine.files.makeFolder(kept, 0o700);
    if (first) await writeMark(machine, root, { ...given.source } as Parameters<typeof writeMark>[2]);
    else {
      await machine.files.makeFolder(was, 0o700);
      await folderAttributes(machine, tree, was, folders, 'made', signal);
    }
    await turn({ machine, root, partial, run }, 'forward', signal);
    await folderAttributes(machine, join(root, work, 'meta'), tree, attributes, 'set', signal);
    await proveFolders(place, attributes, signal);
    await must(machine, ['sync', '--file-system', '--', root], { signal });
    const [rsync, perl] = await Promise.all([versionOf(source, 'rsync'), versionOf(machine, 'perl')]);
    const manifest = await seal(point, context, {
      ...{ takenAt: given.takenAt, source: given.source, counts: given.counts, parts: given.parts },
      ...{ details: { ...given.details, kept: run }, tools: { rsync, perl }, policy: given.policy },
      sinceBoot: given.since_boot,
    });
    await machine.files.remove(join(root, stoppedName));
    const { points } = await readPoints(machine, place.entry, besidePoints);
    await settleHolds(machine.files, points, standingOf(points, place.entry.suspicious_approved));
    const { id: journal, up_to: upTo, until } = given.journal;
    await acknowledge(
      journalOf(place, signal),
      { journal, upTo, until: until as Instant | undefined },
      context.world.clock.now(),
    );
    return { result: { ...sealedResult(manifest, point.sealed), counts: given.counts } };
  },

  /** Sealed and not acknowledged: the journal says the same again to the next run, which finds nothing to do. */
  probe: (context) => probeSealed(placed(context).point),

  undo: async (context, fate) => {
    const { place, point } = placed(context);
    if (fate === 'done' || (await probeSealed(point)).answer === 'done') return;
    const { machine, root, partial, run } = place;
    await leadBack({ machine, root, partial, run });
  },
};

/** What was brought was compared before it was put in place, and its inode is what was renamed; folders got their attributes here. */
async function proveFolders({ machine, root, work, tree }: MirrorPlace, names: Uint8Array, signal: AbortSignal) {
  const paths = namesIn(names);
  const [wanted, found] = await Promise.all([
    statesOf(machine, join(root, work, 'meta'), paths, signal),
    statesOf(machine, tree, paths, signal),
  ]);
  for (const path of paths) {
    const [one, other] = [wanted.get(path), found.get(path)];
    if (!isFolder(one) || !isFolder(other)) continue;
    const differs = (['mode', 'uid', 'gid', 'modified'] as const).find((field) => one[field] !== other[field]);
    if (differs === undefined) continue;
    throw new Fault('copy-not-verified', {
      where: shown(`${treeName}/${path}`),
      says: `its ${differs} is ${other[differs]}, and ${one[differs]} was set`,
      remedy:
        'use a file system that can hold owners, modes and times (ext4, xfs, btrfs), and that nobody else writes to',
    });
  }
}
