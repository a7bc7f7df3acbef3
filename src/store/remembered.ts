// What one run remembers for a later one, a small file each: an inventory for the day on which its source does not answer.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../fault.ts';
import type { Json } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';
import { makeFolder } from './make-folder.ts';

export type Remembered = Readonly<{ value: Json; at: Instant }>;

const folderIn = (state: string): string => join(state, 'remembered');
const fileIn = (state: string, what: string): string => join(folderIn(state), `${encodeURIComponent(what)}.json`);

/** Undefined where nothing was ever remembered under that name. @throws Fault `memory-damaged` */
export function recall(state: string, what: string): Remembered | undefined {
  const file = fileIn(state, what);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { value, at } = JSON.parse(text) as Remembered;
    return { value, at };
  } catch (cause) {
    throw new Fault('memory-damaged', {
      where: file,
      says: 'it is not what Holdfast wrote there',
      remedy: 'move it away: it is made anew when its source answers again',
      cause,
    });
  }
}

/** Whole or not at all, and on the disk when it returns. */
export function remember(state: string, what: string, value: Json, at: Instant): void {
  makeFolder(folderIn(state));
  const file = fileIn(state, what);
  const beside = `${file}.${randomBytes(6).toString('hex')}.new`;
  const descriptor = openSync(beside, 'wx', 0o600);
  try {
    writeSync(descriptor, JSON.stringify({ at, value }));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(beside, file);
  const folder = openSync(folderIn(state), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
