// One dump becomes one part of a point: packed, encrypted where that is declared, digested as it came and as it lies there.
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { Part } from '../../../model/restore-point.ts';
import { shown } from '../../../values/text.ts';
import { lastWords } from '../commands.ts';
import { encryptedName } from '../points/encryption.ts';
import { provenPart, proveWritten } from '../points/part.ts';
import { fullOr } from '../records.ts';
import type { Compression } from './entry.ts';
import { endings, packed } from './packing.ts';

export type Storing = Readonly<{
  machine: Machine;
  /** nobody's point yet */
  folder: string;
  /** of the part, without what packing and encryption put behind it */
  name: string;
  compress: Compression;
  recipients: readonly string[] | undefined;
  /** as its operator calls it, for progress */
  what: string;
  /** what it may come to, where anybody knows */
  expected: number | undefined;
}>;

/** The part as it lies there, and the dump as it came. */
export type Stored = Readonly<{ part: Part; bytes: number; sha256: string }>;

type Watched = Pick<StepContext, 'signal' | 'progress' | 'world'>;

export async function stored(storing: Storing, dump: AsyncIterable<Uint8Array>, watched: Watched): Promise<Stored> {
  const { machine, folder, name, compress, recipients, what, expected } = storing;
  const hash = createHash('sha256');
  let bytes = 0;
  const seen = async function* () {
    for await (const chunk of dump) {
      hash.update(chunk);
      bytes += chunk.length;
      const total = expected === undefined ? {} : { total: Math.max(expected, bytes) };
      watched.progress({ done: bytes, ...total, unit: 'bytes', what });
      yield chunk;
    }
  };
  const pieces = packed(seen(), compress);
  const path = join(folder, `${name}${endings[compress]}`);
  const part =
    recipients === undefined
      ? await provenPart(machine, path, pieces, watched)
      : await encrypted(machine, encryptedName(path), pieces, recipients, watched);
  return { part, bytes, sha256: hash.digest('hex') };
}

/** By age(1) on the machine that it lies on; its digest is of what age wrote there. */
async function encrypted(
  machine: Machine,
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  recipients: readonly string[],
  watched: Watched,
): Promise<Part> {
  const { signal } = watched;
  const whom = recipients.flatMap((one) => ['--recipient', one]);
  const feeding = machine.feed(['age', '--encrypt', ...whom, '--output', path], { signal });
  try {
    for await (const piece of pieces) if (!(await feeding.write(piece))) break;
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const ended = await feeding.close();
  if (ended.exitCode === 0) {
    const part = await digested(machine, path, signal);
    await proveWritten(machine, path, part, watched);
    return part;
  }
  const fault = new Fault('not-encrypted', {
    where: shown(path),
    says: `age: ${lastWords(ended)}`,
    remedy: 'see that the keys in `encrypt_to` are what `age-keygen -y` prints',
  });
  throw fullOr(fault, lastWords(ended), path);
}

async function digested(machine: Machine, path: string, signal: AbortSignal): Promise<Part> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of machine.files.source(path, { signal })) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { name: basename(path), bytes, sha256: hash.digest('hex') };
}
