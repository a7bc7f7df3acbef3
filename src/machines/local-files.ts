// The files of this machine. What is promised to be on the disk was fsynced, its folder too.
import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { Fault } from '../fault.ts';
import { bytes, formatSize } from '../values/size.ts';
import { shown } from '../values/text.ts';
import { errnoOf, fileFault } from './local-faults.ts';
import type { FileInfo, Files, Sink, SourceOptions } from './machine.ts';

/** @param removeTree how a tree is removed without following a link that is put there meanwhile */
export const localFiles = (removeTree: (path: string) => Promise<void>): Files => ({
  info: (path) => told(path, () => info(path)),
  read: (path, limit) => told(path, () => read(path, limit)),
  source,
  write: (path, content, mode) => told(path, () => write(path, content, mode)),
  sink: (path, mode) => told(path, () => sink(path, mode)),
  list: (folder) => told(folder, () => list(folder)),
  makeFolder: (path, mode) => told(path, () => makeFolder(path, mode)),
  rename: (from, to) => told(to, () => rename(from, to)),
  remove: async (path) => {
    if (!isAbsolute(path)) throw new Error(`only absolute paths are removed, not ${path}`);
    // Most of what may have been left is not there, and a program that finds nothing costs more than a look.
    if ((await told(path, () => info(path))) !== undefined) await removeTree(path);
  },
  space: (path) => told(path, () => space(path)),
});

async function told<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw await fileFault(error, path);
  }
}

/** Undefined where there is nothing. */
async function unlessMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function info(path: string): Promise<FileInfo | undefined> {
  const found = await unlessMissing(fs.lstat(path, { bigint: true }));
  if (found === undefined) return undefined;
  const type = typeOf(found);
  return {
    type,
    size: Number(found.size),
    mode: Number(found.mode & 0o7777n),
    uid: Number(found.uid),
    gid: Number(found.gid),
    modified: Number(found.mtimeNs) / 1e6,
    device: Number(found.dev),
    inode: Number(found.ino),
    links: Number(found.nlink),
    target: type === 'link' ? nameOf(await fs.readlink(path, 'buffer'), path) : undefined,
  };
}

function typeOf(found: BigIntStats): FileInfo['type'] {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  if (found.isSymbolicLink()) return 'link';
  if (found.isFIFO()) return 'fifo';
  if (found.isSocket()) return 'socket';
  return found.isBlockDevice() ? 'block' : 'character';
}

function nameOf(name: Buffer, where: string): string {
  if (isUtf8(name)) return name.toString();
  throw new Fault('name-not-utf8', {
    where: shown(where),
    says: `a name there is no UTF-8: ${shown(name.toString('latin1'))}`,
    remedy: 'give it a name in UTF-8',
  });
}

async function read(path: string, limit: number): Promise<Uint8Array | undefined> {
  // Without O_NONBLOCK, opening a FIFO that somebody put there would wait for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await unlessMissing(fs.open(path, flags));
  if (file === undefined) return undefined;
  await using _closed = file;
  if (!(await file.stat()).isFile())
    throw new Fault('file-unexpected', {
      where: shown(path),
      says: 'it is no regular file',
      remedy: 'look at what it is, and move it away',
    });
  const buffer = Buffer.alloc(limit + 1);
  let length = 0;
  for (let last = -1; last !== 0 && length < buffer.length; length += last)
    last = (await file.read(buffer, length, buffer.length - length)).bytesRead;
  if (length <= limit) return buffer.subarray(0, length);
  throw new Fault('file-too-large', {
    where: shown(path),
    says: `it has more than the ${formatSize(bytes(limit))} that are read of such a file`,
    remedy: 'look at what it is: it cannot be what Holdfast wrote there',
  });
}

const pieceSize = 1024 * 1024;

/** While one piece is used the next is read, in two buffers that take turns. */
async function* source(path: string, { signal, from = 0 }: SourceOptions = {}): AsyncGenerator<Uint8Array> {
  try {
    await using file = await fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    let piece = Buffer.allocUnsafeSlow(pieceSize);
    let ahead = Buffer.allocUnsafeSlow(pieceSize);
    let position = from;
    let reading = file.read(piece, 0, pieceSize, position);
    try {
      for (;;) {
        const { bytesRead } = await reading;
        signal?.throwIfAborted();
        if (bytesRead === 0) return;
        position += bytesRead;
        reading = file.read(ahead, 0, pieceSize, position);
        yield piece.subarray(0, bytesRead);
        [piece, ahead] = [ahead, piece];
      }
    } finally {
      await reading.catch(() => {});
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw errnoOf(error) === undefined ? error : await fileFault(error, path);
  }
}

async function write(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const beside = join(dirname(path), `.${basename(path).slice(0, 200)}.${randomBytes(6).toString('hex')}.new`);
  const sunk = await sink(beside, mode);
  try {
    await sunk.write(typeof content === 'string' ? Buffer.from(content) : content);
    await sunk.close();
    await fs.rename(beside, path);
  } catch (error) {
    await sunk.abandon();
    throw error;
  }
  await syncFolder(dirname(path));
}

async function sink(path: string, mode: number): Promise<Sink> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await fs.open(path, flags, mode);
  let open = true;
  const close = async () => {
    if (open) await file.close();
    open = false;
  };
  return {
    write: (chunk) =>
      told(path, async () => {
        for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
      }),
    close: () =>
      told(path, async () => {
        // The umask may have taken bits away at open.
        await file.chmod(mode);
        await file.sync();
        await close();
        await syncFolder(dirname(path));
      }),
    abandon: () =>
      told(path, async () => {
        await close();
        await fs.rm(path, { force: true });
      }),
  };
}

async function list(folder: string): Promise<readonly string[] | undefined> {
  const names = await unlessMissing(fs.readdir(folder, { encoding: 'buffer' }));
  return names?.map((name) => nameOf(name, folder)).sort();
}

async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await fs.mkdir(path, { mode });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && (await fs.lstat(path)).isDirectory()) return;
    throw error;
  }
  await fs.chmod(path, mode);
  await syncFolder(dirname(path));
}

async function rename(from: string, to: string): Promise<void> {
  await fs.rename(from, to);
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

async function syncFolder(folder: string): Promise<void> {
  await using file = await fs.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await file.sync();
  } catch (error) {
    // Some network file systems cannot sync a folder; its entries are then as durable as the server makes them.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOTSUP') throw error;
  }
}

async function space(path: string): Promise<Readonly<{ free: number; total: number }>> {
  const { bavail, bfree, blocks, bsize } = await fs.statfs(path);
  return { free: bavail * bsize, total: (blocks - bfree + bavail) * bsize };
}
