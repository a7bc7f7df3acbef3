// The parts of a point on their way to the disk: followed while they are written, read back from the disk, compared.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import type { Part } from '../../model/restore-point.ts';
import { milliseconds } from '../../values/duration.ts';
import { shown } from '../../values/text.ts';
import { must } from './commands.ts';

type Watched = Pick<StepContext, 'signal' | 'progress' | 'world'>;

/**
 * The digest of a file that another program is writing, taken from its bytes as they arrive; the program's own speed is not
 * held back by ours, as a pipe through this process would, and nothing of the stream stays in its memory.
 */
export async function followed(
  machine: Machine,
  path: string,
  written: Promise<unknown>,
  total: number,
  { signal, progress, world }: Watched,
): Promise<Part> {
  const hash = createHash('sha256');
  let bytes = 0;
  let over = false;
  const end = written.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  for (let last = false; !last; ) {
    last = over;
    for await (const piece of machine.files.source(path, { signal, from: bytes })) {
      hash.update(piece);
      bytes += piece.length;
      progress({ done: bytes, total: Math.max(total, bytes), unit: 'bytes', what: `writing ${basename(path)}` });
    }
    if (!last) await pause(end, world, signal);
  }
  return { name: basename(path), bytes, sha256: hash.digest('hex') };
}

async function pause(end: Promise<void>, { clock }: Watched['world'], signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const wait = clock.sleep(milliseconds(100), AbortSignal.any([signal, over.signal]));
  await Promise.race([end, wait.catch(() => {})]);
  over.abort();
  signal.throwIfAborted();
}

/** Writes a part that we make ourselves. */
export async function writtenPart(machine: Machine, path: string, pieces: AsyncIterable<Uint8Array>): Promise<Part> {
  const hash = createHash('sha256');
  let bytes = 0;
  const sink = await machine.files.sink(path, 0o600);
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      bytes += piece.length;
      await sink.write(piece);
    }
  } catch (error) {
    await sink.abandon();
    throw error;
  }
  await sink.close();
  return { name: basename(path), bytes, sha256: hash.digest('hex') };
}

/**
 * Reads a part back and compares. It is fsynced, and the kernel is told to forget what it holds of it in memory (dd with
 * `nocache` and nothing to copy: dd(1)), so that what is read comes from the disk wherever that can be had.
 */
export async function proveWritten(machine: Machine, path: string, part: Part, watched: Watched): Promise<void> {
  const { signal } = watched;
  await must(machine, ['sync', '--', path], { signal });
  await must(machine, ['dd', `if=${path}`, 'iflag=nocache', 'count=0', 'status=none'], { signal });
  const found = await digested(machine, path, part.bytes, 'reading back', watched);
  if (found.bytes === part.bytes && found.sha256 === part.sha256) return;
  throw new Fault('copy-not-verified', {
    where: shown(path),
    says: `what was read back (${found.bytes} bytes, SHA-256 ${found.sha256}) is not what was written (${part.bytes} bytes, ${part.sha256})`,
    remedy: 'do not trust this disk before it was checked (dmesg, smartctl); use another one for restore points',
  });
}

export async function digested(
  machine: Machine,
  path: string,
  total: number,
  what: string,
  { signal, progress }: Pick<Watched, 'signal' | 'progress'>,
): Promise<Part> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of machine.files.source(path, { signal })) {
    hash.update(piece);
    bytes += piece.length;
    progress({ done: bytes, total, unit: 'bytes', what: `${what} ${basename(path)}` });
  }
  return { name: basename(path), bytes, sha256: hash.digest('hex') };
}
