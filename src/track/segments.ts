// The segments of a journal: lines that are only ever added at the end, and are on the disk before anybody may read them.
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { type Change, type ChangeRecord, firstOf, type Position, segmentName } from '../model/change-journal.ts';
import { lineOf, recordOf } from '../model/change-record.ts';
import type { Instant } from '../values/instant.ts';

const newline = 0x0a;
const fullAt = 4 * 1024 * 1024;

export type Segment = Readonly<{ path: string; first: Position; size: number }>;

export interface Segments {
  /** of the last record that is on the disk */
  position(): Position;
  /** Resolves when they are on the disk. Where that fails nothing of them is there. */
  add(changes: readonly Change[], at: Instant): Promise<void>;
  close(): Promise<void>;
}

/** @param durable what readers were told is on the disk: a damage below it is kept for them to see */
export async function openSegments(folder: string, durable: Position): Promise<Segments> {
  let position = await lastWhole(folder, durable);
  let open: Readonly<{ file: fs.FileHandle; path: string }> | undefined;
  let size = 0;
  const begin = async () => {
    await open?.file.close();
    open = undefined;
    const path = join(folder, segmentName(position + 1));
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    open = { file: await fs.open(path, flags, 0o600), path };
    size = 0;
    await syncFolder(folder);
    return open.file;
  };
  return {
    position: () => position,
    add: async (changes, at) => {
      const file = open === undefined || size >= fullAt ? await begin() : open.file;
      const text = Buffer.from(
        changes.map((change, index) => lineOf({ n: position + 1 + index, at, ...change })).join(''),
      );
      try {
        for (let from = 0; from < text.length; )
          from += (await file.write(text, from, text.length - from, size + from)).bytesWritten;
        await file.datasync();
      } catch (error) {
        // Half a record would stand in the middle of what comes next.
        await file.truncate(size).catch(() => {});
        throw error;
      }
      size += text.length;
      position += changes.length;
    },
    close: async () => {
      await open?.file.close();
      open = undefined;
    },
  };
}

export async function segmentsIn(folder: string): Promise<readonly Segment[]> {
  const names = (await fs.readdir(folder)).sort();
  return Promise.all(
    names.flatMap((name) => {
      const first = firstOf(name);
      const path = join(folder, name);
      return first === undefined ? [] : [fs.lstat(path).then(({ size }) => ({ path, first, size }))];
    }),
  );
}

export async function recordsIn(path: string): Promise<readonly (ChangeRecord | undefined)[]> {
  return linesOf(await fs.readFile(path)).map(recordOf);
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(newline, from);
    lines.push(bytes.subarray(from, end === -1 ? bytes.length : end));
    from = end === -1 ? bytes.length : end + 1;
  }
  return lines;
}

/** New records go into a segment of their own, behind all numbers that a reader may have seen. */
async function lastWhole(folder: string, durable: Position): Promise<Position> {
  const last = (await segmentsIn(folder)).at(-1);
  if (last === undefined) return durable;
  const bytes = await fs.readFile(last.path);
  const lines = linesOf(bytes);
  const records = lines.map(recordOf);
  const whole = records.findLastIndex((record) => record !== undefined);
  const end = records.reduce((most, record) => Math.max(most, lastOf(record)), last.first - 1);
  // What a kill left unfinished was told to nobody.
  const kept = lines.slice(0, whole + 1).reduce((sum, { length }) => sum + length + 1, 0);
  if (end >= durable && kept < bytes.length) await fs.truncate(last.path, kept);
  if (kept === 0 && end >= durable) await fs.rm(last.path);
  return Math.max(end, durable);
}

export const lastOf = (record: ChangeRecord | undefined): Position =>
  record === undefined ? 0 : record.what === 'rescan' ? (record.through ?? record.n) : record.n;

export async function syncFolder(folder: string): Promise<void> {
  await using file = await fs.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await file.sync();
}
