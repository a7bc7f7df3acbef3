// What a journal keeps: what somebody has not acknowledged yet, and of that no more than its room. Beyond it the oldest records
// become subtrees to look through: less exact, never silent.
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Acknowledged,
  type ChangeRecord,
  journalNames,
  type Path,
  type Position,
} from '../model/change-journal.ts';
import { lineOf } from '../model/change-record.ts';
import { collapsing, type Rescan } from '../model/collapse-changes.ts';
import type { Size } from '../values/size.ts';
import { lastOf, recordsIn, type Segment, segmentsIn, syncFolder } from './segments.ts';

/** Segments that every consumer acknowledged go; with none, nothing does. The last one is being written. */
export async function makeRoom(journal: string, id: string, room: Size): Promise<void> {
  const folder = join(journal, journalNames.segments);
  const acknowledged = await lowestAcknowledged(journal, id);
  const segments = await segmentsIn(folder);
  const needed = segments.filter((_, index) => {
    const next = segments[index + 1];
    return next === undefined || next.first > acknowledged + 1;
  });
  for (const { path } of segments) if (!needed.some((one) => one.path === path)) await fs.rm(path);
  await condense(needed, room);
}

/** 0 where one of them cannot be read, and where there is none: everything is kept. */
async function lowestAcknowledged(journal: string, id: string): Promise<Position> {
  const folder = join(journal, journalNames.consumers);
  const names = (await fs.readdir(folder)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  const positions = await Promise.all(
    names.map(async (name) => {
      try {
        const read = JSON.parse(await fs.readFile(join(folder, name), 'utf8')) as Acknowledged;
        return read.journal === id && Number.isInteger(read.upTo) ? read.upTo : 0;
      } catch {
        return 0;
      }
    }),
  );
  return positions.length === 0 ? 0 : Math.min(...positions);
}

/** The oldest two become one, until all have room; what is being written stays as it is. */
async function condense(segments: readonly Segment[], room: Size): Promise<void> {
  let [kept, total] = [[...segments], segments.reduce((sum, { size }) => sum + size, 0)];
  while (total > room && kept.length > 2) {
    const [oldest, next, ...others] = kept as [Segment, Segment, ...Segment[]];
    const made = await condensed(oldest, next);
    total += made.size - oldest.size - next.size;
    kept = [made, ...others];
  }
}

async function condensed(oldest: Segment, next: Segment): Promise<Segment> {
  const read = [...(await recordsIn(oldest.path)), ...(await recordsIn(next.path))];
  const records = read.filter((one) => one !== undefined);
  // A damaged line may have said anything.
  const all = records.length < read.length;
  const through = records.reduce((most, record) => Math.max(most, lastOf(record)), next.first);
  const at = records.at(-1)?.at;
  if (at === undefined) throw new Error(`${next.path} holds no whole record`);
  const looks = all ? [{ path: '', since: undefined }] : looksOf(records);
  const lines = looks.map(({ path, since }, index) => {
    const look = { n: oldest.first + index, at, what: 'rescan', path, why: 'crowded', through } as const;
    return lineOf(since === undefined ? look : { ...look, since });
  });
  const text = lines.join('');
  const beside = join(dirname(oldest.path), `.${randomBytes(6).toString('hex')}.new`);
  await fs.writeFile(beside, text, { mode: 0o600, flush: true });
  await fs.rename(beside, oldest.path);
  await syncFolder(dirname(oldest.path));
  await fs.rm(next.path);
  return { ...oldest, size: Buffer.byteLength(text) };
}

const mostSubtrees = 64;

type LookAt = Pick<Rescan, 'path' | 'since'>;

function looksOf(records: readonly ChangeRecord[]): readonly LookAt[] {
  const collapsed = collapsing();
  for (const record of records) collapsed.add(record);
  const { touched, renamed, rescans } = collapsed.result();
  const whole = rescans.filter(({ since }) => since === undefined).map(({ path }) => path);
  const subtrees = subtreesOf([...touched.map(({ path }) => above(path)), ...renamed.map(({ now }) => now), ...whole]);
  const since = rescans.filter((one) => one.since !== undefined && !subtrees.includes(''));
  return [...subtrees.map((path) => ({ path, since: undefined })), ...since];
}

/** Where these are too many, those above them, as far up as it takes. */
function subtreesOf(paths: readonly Path[]): readonly Path[] {
  let folders: ReadonlySet<Path> = new Set(paths);
  const deepest = (all: ReadonlySet<Path>) => Math.max(...[...all].map((path) => path.split('/').length));
  while (outermost(folders).length > mostSubtrees) {
    const depth = deepest(folders);
    folders = new Set([...folders].map((path) => (path.split('/').length < depth ? path : above(path))));
  }
  return outermost(folders);
}

const above = (path: Path): Path => path.slice(0, Math.max(0, path.lastIndexOf('/')));

function outermost(folders: ReadonlySet<Path>): readonly Path[] {
  if (folders.has('')) return [''];
  const within = (path: Path): boolean => {
    for (let one = above(path); one !== ''; one = above(one)) if (folders.has(one)) return true;
    return false;
  };
  return [...folders].filter((path) => !within(path)).sort();
}
