// The step `offsite.send`: one sealed point to the target. It is proved here, sent under a name that is nobody's copy, read back at the
// other end, and only then gets its manifest.
import { join } from 'node:path';
import { changedSincePlanned, type Done, type StepContext, type StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { withItemResults } from '../../model/item-results.ts';
import type { Manifest } from '../../model/restore-point.ts';
import { absent } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { formatSize, bytes as sizeOf } from '../../values/size.ts';
import { count, cut, shown } from '../../values/text.ts';
import { givenOf } from '../common/given.ts';
import { provePart } from '../common/points/point-proof.ts';
import { bytesOf } from './decide.ts';
import { type Ends, endsOf, isPull } from './ends.ts';
import { type SendGiven, sendGiven } from './given.ts';
import { workFolder } from './look.ts';
import { lookThere } from './look-there.ts';
import { isFlat, isPacked, pack, proofs, shapeOf } from './pack.ts';
import { diskUse, tooLarge } from './physical.ts';
import { idOf } from './places.ts';
import { targetOf } from './reach.ts';
import { isWholeDue, rememberWhole } from './read-back.ts';
import { rememberSent, sentKey } from './sent.ts';
import { seriesOf } from './source-key.ts';
import { readSources } from './sources.ts';
import type { Spot, Target } from './target.ts';

type Placed = SendGiven & Readonly<{ ends: Ends; target: Target; work: string; spot: Spot }>;

function placed(context: StepContext): Placed {
  const given = givenOf(sendGiven, context.step);
  const ends = endsOf(given.entry, given.layers, context.world);
  const work = join(workFolder(context, given.entry), given.id);
  const target = targetOf(given.entry, ends, { ...context, work });
  return { ...given, ends, work, target, spot: { layer: given.layer, name: given.name } };
}

export const sendKind: StepKind = {
  name: 'offsite.send',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const sending = placed(context);
    const { ends, target, spot, work, entry, layer, id, workload } = sending;
    context.take('folder that it works in', work);
    const { manifest, folder } = await sourceOf(sending, context);
    if (!isPull(ends) && target.written(spot) === undefined)
      await proveParts(ends.source, folder, manifest, context.signal);
    const out = await shaped(sending, { manifest, folder }, context);
    const bases = isPacked(out.manifest) ? [] : await target.basesThere(layer, sending.bases);
    const expected = isPacked(out.manifest) ? undefined : await expectedUse(sending, folder, bases, context.signal);
    await checkRoomThere(target, expected ?? bytesOf(out.manifest));
    if (!sending.sent) await target.send(out.folder, spot, bases);
    if (!target.reads) {
      await target.seal(spot, out.manifest, false);
      rememberSent(entry, context.world, sentKey(layer, id), spot.name);
      const says = 'sent, unverified: no key reads there';
      return {
        result: withItemResults({ sent: id }, { items: [item(sending, false, says)] }),
        degraded: [`${layer} ${id}: ${says}`],
      };
    }
    const misled = await verified(sending, out, bases, context);
    await target.seal(spot, out.manifest, true);
    const takes = await target.physical({ layer, name: spot.name }, bases);
    const large = tooLarge(takes, expected);
    const degraded = [misled, large].flatMap((says) => (says === undefined ? [] : [`${layer} ${id}: ${says}`]));
    const result = { sent: id, folder: `${target.at}/${layer}/${spot.name}`, takes: takes ?? null, workload };
    return { result: withItemResults(result, { items: [item(sending, true, large, bytesOf(manifest))] }), degraded };
  },

  probe: async (context) => {
    const { target, entry, layers, spot, manifest } = placed(context);
    if (!target.reads) return { answer: 'not done', evidence: 'nobody can read what lies there: it is sent again' };
    const { copies } = await lookThere(await target.reader(), entry, layers, target);
    const found = copies.find(({ name, point }) => name === spot.name && point.manifest.layer === spot.layer);
    if (found === undefined) return { answer: 'not done', evidence: 'no manifest seals it there' };
    const same = (found.point.manifest.details['packed'] ?? digestOf(found.point.manifest)) === manifest;
    return same
      ? { answer: 'done', evidence: 'its manifest seals it there', result: { sent: spot.name } }
      : { answer: 'not done', evidence: 'another point lies there under its name' };
  },

  release: async (context) => {
    const { ends, work, target, spot } = placed(context);
    await ends.near.files.remove(work);
    await target.giveUp(spot);
  },
};

const item = ({ layer, id, workload }: Placed, done: boolean, says?: string, bytes?: number) => ({
  ...{ name: sentKey(layer, id), workload, done },
  ...(says === undefined ? {} : { says }),
  ...(bytes === undefined ? {} : { bytes }),
});

/** A point that has rotted here must not become the good copy there. */
async function proveParts(machine: Machine, folder: string, { parts }: Manifest, signal: AbortSignal): Promise<void> {
  const found = await proofs(machine, folder, parts, signal);
  for (const [place, sealed] of parts.entries()) provePart(folder, sealed, found[place] ?? { ...sealed, sha256: '' });
}

type Out = Readonly<{ manifest: Manifest; folder: string; flat: boolean }>;

/**
 * Read back and compared. What has the size and the time of a file in the copy before was linked to that one: where that was wrong, it is
 * sent once more, and linked by content alone. @returns what is to be said of that
 */
async function verified(
  { target, spot, entry }: Placed,
  out: Out,
  bases: readonly string[],
  context: StepContext,
): Promise<string | undefined> {
  const { world, signal } = context;
  const series = seriesOf(out.manifest);
  const due = isWholeDue(entry, world, series);
  try {
    await readBack(target, spot, out, due ? [] : bases, signal);
    if (due) rememberWhole(entry, world, series);
    return undefined;
  } catch (error) {
    const isWrong = error instanceof Fault && ['copy-not-verified', 'point-damaged'].includes(error.code);
    if (!isWrong || bases.length === 0 || !target.yields) throw error;
    context.log(error.message);
  }
  await target.giveUp(spot);
  await target.send(out.folder, spot, bases, true);
  await readBack(target, spot, out, [], signal);
  rememberWhole(entry, world, series);
  return `a file that has the size and time of one in ${bases.join(' or ')} has other content; it was sent. See whether that copy is damaged: restore it somewhere`;
}

async function readBack(
  target: Target,
  spot: Spot,
  out: Out,
  known: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const proved = await provedThere(target, spot, out.manifest, signal);
  const differences = await target.differences(out.folder, spot, { except: proved, timeless: out.flat, known });
  if (differences.length > 0) throw differs(target, spot, differences);
}

/** Parts whose digests were read from the disk there: they need not be compared with those here as well. */
async function provedThere(
  target: Target,
  spot: Spot,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const written = target.written(spot);
  if (written === undefined) return [];
  await proveParts(written.machine, written.folder, manifest, signal);
  return manifest.parts.map(({ name }) => name);
}

/** The point as it is now: the one that was seen, or nothing is sent. */
async function sourceOf(
  { entry, layers, ends, layer, id, manifest: digest, work }: Placed,
  { signal }: StepContext,
): Promise<Readonly<{ manifest: Manifest; folder: string }>> {
  const own = layers.filter(({ name }) => name === layer);
  const [read] = await readSources(entry, own, ends, work, signal);
  const found = read?.points.find(({ manifest }) => manifest.id === id);
  if (found !== undefined && digestOf(found.manifest) === digest) return found;
  throw changedSincePlanned(
    `${layer} ${id}`,
    found === undefined ? 'the point is not there any more' : 'its manifest is another one',
  );
}

/** What goes out: the folder itself, or a pack of it. Where the points are fetched, they lie elsewhere, and come as they are. */
async function shaped(
  { entry, ends, target, work }: Placed,
  point: Readonly<{ manifest: Manifest; folder: string }>,
  context: StepContext,
): Promise<Readonly<{ manifest: Manifest; folder: string; flat: boolean }>> {
  if (isPull(ends)) return { ...point, flat: false };
  const { counts, parts } = point.manifest;
  const flat = await isFlat(ends.near, point.folder, point.manifest);
  const shape = shapeOf({
    recipients: entry.encrypt_to !== undefined,
    encrypted: parts.every(({ name }) => name.endsWith('.age')),
    flat,
    plain: ends.target === undefined,
    tame: ends.target?.rsyncOnly !== undefined && !target.yields,
    specials: (counts['fifos'] ?? 0) + (counts['devices'] ?? 0) + (counts['sockets'] ?? 0),
  });
  if (shape === 'folder') return { ...point, flat };
  const packed = await pack(ends.near, point, shape === 'encrypted' ? entry.encrypt_to : undefined, work, context);
  return { ...packed, flat: true };
}

/** What it should take there beyond its bases: as much as it takes here beyond the same points. */
async function expectedUse(
  { ends: { source } }: Placed,
  folder: string,
  bases: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  if (source.rsyncOnly !== undefined) return undefined;
  const folders = bases.map((name) => join(folder, '..', idOf(name)));
  for (const one of folders) if ((await source.files.info(one)) === undefined) return undefined;
  return diskUse(source, folder, folders, signal);
}

async function checkRoomThere(target: Target, need: number): Promise<void> {
  const free = await target.room();
  if (free === undefined || free >= need) return;
  throw new Fault('no-room', {
    where: shown(target.at),
    says: `${formatSize(sizeOf(need))} are needed, ${formatSize(sizeOf(free))} are free`,
    remedy: 'free some space there, keep fewer points, or use a larger disk',
  });
}

const differs = (target: Target, { layer, name }: Spot, differences: readonly string[]): Fault =>
  new Fault('copy-not-verified', {
    where: shown(`${target.where}:${target.at}/${layer}/${name}`),
    says: `read back, ${count(differences.length, 'entry differs', 'entries differ')}: ${cut(shown(differences.slice(0, 5).join('; ')), 500)}`,
    remedy:
      'see that the file system there holds owners, ACLs and attributes (ext4, xfs, btrfs), and its disk (dmesg, smartctl)',
  });
