// A stored dump as the stream that it was: opened, unpacked, and compared with what was sealed when all of it has passed.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { Secret } from '../../../values/secret.ts';
import { shown } from '../../../values/text.ts';
import { decrypted, encryptedName } from '../points/encryption.ts';
import { unpacked } from './packing.ts';
import type { Taken } from './taken.ts';

export type Opening = Readonly<{
  machine: Machine;
  /** of the point */
  folder: string;
  taken: Pick<Taken, 'name' | 'part' | 'compress' | 'bytes' | 'sha256'>;
  identity: Secret | undefined;
}>;

/** @throws Fault `point-damaged`, also behind the last piece: what was made of it until then is not to be trusted */
export async function* opened(
  { machine, folder, taken, identity }: Opening,
  { signal, progress }: Pick<StepContext, 'signal' | 'progress'>,
): AsyncGenerator<Uint8Array> {
  const path = join(folder, taken.part);
  const isEncrypted = taken.part === encryptedName(taken.part.replace(/\.age$/, ''));
  const stored = isEncrypted
    ? decrypted(machine, path, identity, signal)
    : copied(machine.files.source(path, { signal }));
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of unpacked(stored, taken.compress)) {
      hash.update(piece);
      bytes += piece.length;
      progress({ done: bytes, total: Math.max(bytes, taken.bytes), unit: 'bytes', what: `reading ${taken.name}` });
      yield piece;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw isOfPacking(error) ? damaged(path, `it cannot be unpacked: ${error.message}`) : error;
  }
  const sha256 = hash.digest('hex');
  if (bytes !== taken.bytes || sha256 !== taken.sha256)
    throw damaged(
      path,
      `what is in it has ${bytes} bytes and SHA-256 ${sha256}, dumped were ${taken.bytes} bytes, ${taken.sha256}`,
    );
}

/** A piece of a file holds until the next one is asked for, and what unpacks asks ahead. */
export async function* copied(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

const isOfPacking = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(String(error.code));

const damaged = (path: string, says: string): Fault =>
  new Fault('point-damaged', {
    where: shown(path),
    says,
    remedy: 'restore another point; hold or keep this one until it is known what damaged it',
  });
