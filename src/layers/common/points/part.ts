// The parts of a point on their way to the disk: followed while they are written, read back from the disk, compared.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { Part } from '../../../model/restore-point.ts';
import { milliseconds } from '../../../values/duration.ts';
import { shown } from '../../../values/text.ts';
import { must } from '../commands.ts';

type Watched = Pick<StepContext, 'signal' | 'progress' | 'world'>;

/**
 * What is read at once of a file that grows, and forgotten after it: enough that the buffers of each reading are few, little
 * enough that a copy takes no more of the machine's memory than this.
 */
const stretch = 64 * 1024 * 1024;

/**
 * Has the kernel write out what it holds of a file in memory, and forget what is on the disk already (dd with `nocache` and
 * nothing to copy: dd(1)). So a copy neither pushes everybody else's files out of memory, nor waits for fresh pages.
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
  const what = `writing ${basename(path)}`;
  let bytes = 0;
  let size = 0;
  let over = false;
  const ended = () => {
    over = true;
  };
  const end = written.then(ended, ended);
  for (let last = false; !last; ) {
    last = over;
    const known = size;
    size = (await machine.files.info(path))?.size ?? 0;
    // A program that writes no more is given up after the step's patience: only growth is a sign of life.
    if (size > known) progress({ done: size, total: Math.max(total, size), unit: 'bytes', what });
    if (!last && size - bytes < stretch) {
      await pause(end, world, signal);
      continue;
    }
    for await (const piece of machine.files.source(path, { signal, from: bytes })) {
      hash.update(piece);
      bytes += piece.length;
    }
    // Not before everything was read: a digest of what was forgotten unread would be of what the disk had made of it.
    if (!last) await forget(machine, path, signal);
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

/** Writes a part that we make ourselves. @param grown is told how much of it was written */
export async function writtenPart(
  machine: Machine,
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  grown: (bytes: number) => void = () => {},
): Promise<Part> {
  const hash = createHash('sha256');
  let bytes = 0;
  const sink = await machine.files.sink(path, 0o600);
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      bytes += piece.length;
      await sink.write(piece);
      grown(bytes);
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
  const back = readingBack(machine, path, watched);
  await back.written();
  checkSame(path, part, await back.toTheEnd(part.bytes));
}

/**
 * Writes a part that we make ourselves, and reads it back meanwhile, each stretch while the next is written: what comes from the disk is
 * compared as a whole, and when the last of it was written most of it was read.
 */
export async function provenPart(
  machine: Machine,
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  watched: Watched,
  each = stretch,
): Promise<Part> {
  const over = new AbortController();
  const signal = AbortSignal.any([watched.signal, over.signal]);
  const back = readingBack(machine, path, { ...watched, signal });
  let asked = 0;
  let reading: Promise<void> | undefined;
  let failed: unknown;
  const readTo = async (bytes: number): Promise<void> => {
    try {
      await back.upTo(bytes);
    } catch (error) {
      failed = error;
    }
    reading = undefined;
  };
  try {
    const part = await writtenPart(machine, path, pieces, (bytes) => {
      if (failed !== undefined) throw failed;
      if (reading !== undefined || bytes - asked < each) return;
      asked = bytes;
      reading = readTo(bytes);
    });
    await reading;
    if (failed !== undefined) throw failed;
    checkSame(path, part, await back.toTheEnd(part.bytes));
    return part;
  } catch (error) {
    over.abort(error);
    await reading;
    throw error;
  }
}

function checkSame(path: string, part: Part, found: Omit<Part, 'name'>): void {
  if (found.bytes === part.bytes && found.sha256 === part.sha256) return;
  throw new Fault('copy-not-verified', {
    where: shown(path),
    says: `what was read back (${found.bytes} bytes, SHA-256 ${found.sha256}) is not what was written (${part.bytes} bytes, ${part.sha256})`,
    remedy: 'do not trust this disk before it was checked (dmesg, smartctl); use another one for restore points',
  });
}

function readingBack(machine: Machine, path: string, { signal, progress }: Watched) {
  const hash = createHash('sha256');
  let bytes = 0;
  const read = async (end: number, wasRead: () => void): Promise<void> => {
    await forget(machine, path, signal);
    let forgotten = bytes;
    for await (const piece of machine.files.source(path, { signal, from: bytes })) {
      const wanted = piece.subarray(0, end - bytes);
      hash.update(wanted);
      bytes += wanted.length;
      if (bytes >= end) break;
      if (bytes - forgotten < stretch) continue;
      wasRead();
      await forget(machine, path, signal);
      forgotten = bytes;
    }
    wasRead();
    await forget(machine, path, signal);
  };
  const written = () => must(machine, ['sync', '--', path], { signal });
  return {
    written,
    /** of a file that is still being written */
    upTo: async (end: number): Promise<void> => {
      await written();
      await read(end, () => {});
    },
    /** @param total as many as it should have; what there is beyond them is read, too */
    toTheEnd: async (total: number): Promise<Omit<Part, 'name'>> => {
      await read(Number.POSITIVE_INFINITY, () =>
        progress({ done: bytes, total, unit: 'bytes', what: `reading back ${basename(path)}` }),
      );
      return { bytes, sha256: hash.digest('hex') };
    },
  };
}
