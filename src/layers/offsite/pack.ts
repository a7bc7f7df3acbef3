// A point as one file, for targets that must not read it or cannot hold all that its files have: an archive of its whole folder, encrypted
// where there are recipients. What points share with each other is lost then: each pack is as large as its point.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import type { Manifest, Part } from '../../model/restore-point.ts';
import { digestOf } from '../../values/canonical.ts';
import type { Secret } from '../../values/secret.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import { checkRoom } from '../common/points/destination.ts';
import { decrypted, encryptedName } from '../common/points/encryption.ts';
import { withSeal } from '../common/points/manifest.ts';
import { followed, proveWritten } from '../common/points/part.ts';
import { manifestIn, partOf, provePart } from '../common/points/point-proof.ts';
import { fullOr } from '../common/records.ts';
import { extractArgv, extractFault } from '../common/trees/archive.ts';
import { bytesOf } from './decide.ts';
import { emptied } from './reader.ts';

const archiveName = 'point.tar';

/** How a point goes out: as its folder is, or as one file. */
export type Shape = 'folder' | 'archive' | 'encrypted';

export type Shaping = Readonly<{
  recipients: boolean;
  /** every part of it is encrypted already */
  encrypted: boolean;
  /** nothing lies in its folder but its parts */
  flat: boolean;
  /** the target keeps names and bytes, and nothing else that a file has */
  plain: boolean;
  /** the target makes no devices and fifos */
  tame: boolean;
  specials: number;
}>;

/** Pure. */
export function shapeOf({ recipients, encrypted, flat, plain, tame, specials }: Shaping): Shape {
  if (recipients && !encrypted) return 'encrypted';
  if (flat) return 'folder';
  return plain || (tame && specials > 0) ? 'archive' : 'folder';
}

export async function isFlat(machine: Machine, folder: string, { parts }: Manifest): Promise<boolean> {
  const known = new Set([...parts.map(({ name }) => name), 'manifest.json', 'HOLD']);
  return ((await machine.files.list(folder)) ?? []).every((name) => known.has(name));
}

// sh(1) tells only how the last of a pipe ended: what tar says comes beside it.
const script = `r=$({ { tar --create --file=- --format=posix --acls --xattrs --xattrs-include='*' --numeric-owner --sparse \\
  --exclude=./HOLD --directory="$1" . ; echo $? >&3; } | eval "$4" >"$3"; } 3>&1) && test "$r" = 0`;

export type Packed = Readonly<{ folder: string; manifest: Manifest }>;

/** Into a folder of its own below `work`, with a manifest that says what it is. */
export async function pack(
  machine: Machine,
  point: Readonly<{ folder: string; manifest: Manifest }>,
  recipients: readonly string[] | undefined,
  work: string,
  context: StepContext,
): Promise<Packed> {
  const folder = join(work, 'pack');
  await emptied(machine, folder);
  await checkRoom(machine.files, folder, bytesOf(point.manifest));
  const name = recipients === undefined ? archiveName : encryptedName(archiveName);
  const path = join(folder, name);
  const keys = join(work, 'recipients');
  if (recipients !== undefined) await machine.files.write(keys, `${recipients.join('\n')}\n`, 0o600);
  const filter = recipients === undefined ? 'cat' : 'age --encrypt --recipients-file "$2"';
  await machine.files.write(path, '', 0o600);
  const { signal } = context;
  const written = machine.run(['sh', '-c', script, 'sh', point.folder, keys, path, filter], { signal });
  const part = await followed(machine, path, written, bytesOf(point.manifest), context);
  const ended = await written;
  if (ended.exitCode !== 0) {
    const fault = new Fault('not-packed', {
      where: shown(point.folder),
      says: `tar or age: ${lastWords(ended)}`,
      remedy:
        'see the words; `encrypt_to` must hold what `age-keygen -y` prints, and `staging` must have room for a point',
    });
    throw fullOr(fault, lastWords(ended), folder);
  }
  await proveWritten(machine, path, part, context);
  return { folder, manifest: manifestOfPack(point.manifest, part, recipients) };
}

/** The same point as far as time, place and retention go; its only part is the pack. */
function manifestOfPack(original: Manifest, part: Part, recipients: readonly string[] | undefined): Manifest {
  const { seal: _, ...details } = original.details;
  return withSeal({
    ...original,
    parts: [part],
    details: { ...details, packed: digestOf(original), ...(recipients === undefined ? {} : { packed_to: recipients }) },
  });
}

export const isPacked = ({ details }: Pick<Manifest, 'details'>): boolean => details['packed'] !== undefined;
/** Whether the two are one point, be it packed or not. */
const isSamePoint = (copy: Manifest, point: Manifest): boolean =>
  (copy.details['packed'] ?? digestOf(copy)) === digestOf(point);

/** @returns the folder of the point as it was sealed; @throws Fault `point-damaged` */
export async function unpack(
  machine: Machine,
  folder: string,
  identity: Secret | undefined,
  into: string,
  { signal, progress }: Pick<StepContext, 'signal' | 'progress'>,
): Promise<Manifest> {
  const manifest = await manifestIn(machine.files, folder);
  const encrypted = manifest.parts.some(({ name }) => name === encryptedName(archiveName));
  const part = partOf(manifest, encrypted ? encryptedName(archiveName) : archiveName);
  const path = join(folder, part.name);
  await provePackedBytes(machine, folder, part, signal);
  await emptied(machine, into);
  const pieces = encrypted ? decrypted(machine, path, identity, signal) : machine.files.source(path, { signal });
  const feeding = machine.feed(extractArgv(into), { signal });
  let done = 0;
  try {
    for await (const piece of pieces) {
      done += piece.length;
      progress({ done, total: Math.max(done, part.bytes), unit: 'bytes', what: 'unpacking the copy' });
      if (!(await feeding.write(piece))) break;
    }
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const fault = extractFault(await feeding.close(), into, '');
  if (fault !== undefined) throw fault;
  const original = await manifestIn(machine.files, into);
  if (isSamePoint(manifest, original)) return original;
  throw new Fault('point-damaged', {
    where: shown(folder),
    says: 'what is in the pack is not the point that its manifest names',
    remedy: 'restore another point; hold or keep this one until it is known what damaged it',
  });
}

async function provePackedBytes(machine: Machine, folder: string, part: Part, signal: AbortSignal): Promise<void> {
  const found = (await proofs(machine, folder, [part], signal))[0];
  if (found !== undefined) provePart(folder, part, found);
}

/** Digests as the machine itself reads them. */
export async function proofs(
  machine: Machine,
  folder: string,
  parts: readonly Part[],
  signal: AbortSignal,
): Promise<readonly Part[]> {
  const found: Part[] = [];
  for (const { name } of parts) {
    const path = join(folder, name);
    const { stdout, ...ended } = await machine.run(['sha256sum', '--', path], { signal });
    if (ended.exitCode !== 0) throw unreadable(path, lastWords({ stdout, ...ended }));
    const sha256 = stdout.replace(/^\\/, '').slice(0, 64);
    found.push({ name, bytes: (await machine.files.info(path))?.size ?? 0, sha256 });
  }
  return found;
}

const unreadable = (path: string, words: string): Fault =>
  new Fault('point-damaged', {
    where: shown(path),
    says: `it cannot be read: ${words}`,
    remedy: 'restore another point; hold or keep this one until it is known what damaged it',
  });
