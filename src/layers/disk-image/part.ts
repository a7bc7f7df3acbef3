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

/** Often enough that a copy needs little of the machine's memory, seldom enough that it costs nothing. */
const forgetEvery = 64 * 1024 * 1024;

/**
 * Has the kernel write out what it holds of a file in memory, and forget what is on the disk already (dd with `nocache` and
 * nothing to copy: dd(1)). A copy so neither pushes everybody else's files out of memory, nor pays for fresh pages.
 */
const forget = (machine: Machine, path: string, signal: AbortSignal): Promise<unknown> =>
  must(machine, ['dd', `if=${path}`, 'iflag=nocache', 'count=0', 'status=none'], { signal });

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
  let forgotten = 0;
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
    if (!last && (await grownBy(machine, path, bytes)) < worthReading) {
      await pause(end, world, signal);
      continue;
    }
    for await (const piece of machine.files.source(path, { signal, from: bytes })) {
      hash.update(piece);
      bytes += piece.length;
      progress({ done: bytes, total: Math.max(total, bytes), unit: 'bytes', what: `writing ${basename(path)}` });
    }
    if (last || bytes - forgotten < forgetEvery) continue;
    // Here everything was read: a digest of what was forgotten before would be of what the disk had made of it.
    await forget(machine, path, signal);
    forgotten = bytes;
  }
  return { name: basename(path), bytes, sha256: hash.digest('hex') };
}

/** Each reading needs buffers of its own: many small ones would be much memory before it is collected. */
const worthReading = 8 * 1024 * 1024;

const grownBy = async (machine: Machine, path: string, known: number): Promise<number> =>
  ((await machine.files.info(path))?.size ?? 0) - known;

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
  await forget(machine, path, signal);
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
  let forgotten = 0;
  for await (const piece of machine.files.source(path, { signal })) {
    hash.update(piece);
    bytes += piece.length;
    if (bytes % (8*1024*1024) === 0) progress({ done: bytes, total, unit: 'bytes', what: `${what} ${basename(path)}` });
    if (bytes - forgotten < forgetEvery) continue;
    await forget(machine, path, signal);
    forgotten = bytes;
  }
  return { name: basename(path), bytes, sha256: hash.digest('hex') };
}
