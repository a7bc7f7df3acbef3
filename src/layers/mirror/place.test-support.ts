// The layer at work on folders of this machine. The journal of the share is written by the test, in the tracker's own form: so it
// says exactly what a test wants it to say, or to have missed.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerContext } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import { type Change, type HeartBeat, journalFormat, journalNames, segmentName } from '../../model/change-journal.ts';
import { lineOf } from '../../model/change-record.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Json } from '../../values/canonical.ts';
import type { Duration } from '../../values/duration.ts';
import { after, type Clock, type Instant, instantAt, systemClock } from '../../values/instant.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { mirror } from './layer.ts';
import { type MirrorEntry, mirrorEntry } from './schema.ts';

export type Place = Readonly<{
  folder: string;
  share: string;
  /** of the mirror */
  root: string;
  tree: string;
  back: string;
  entry: MirrorEntry;
  world: World;
  /** stands still until it is moved */
  clock: Clock & { move(by: Duration): void };
  tell(...changes: readonly Change[]): void;
  heartBeat(over?: Partial<HeartBeat>): void;
  protect(run: string, more?: Partial<Driven>): Promise<Outcome>;
  restore(run: string, point: RestorePoint, more?: Partial<Driven>, only?: string): Promise<Outcome>;
  points(): Promise<readonly RestorePoint[]>;
  remarks(): Promise<readonly string[]>;
  acknowledged(): number;
  /** folders in which something was worked, and kept files of no run */
  left(): readonly string[];
  close(): void;
}>;

function steppedClock(): Place['clock'] {
  let now = instantAt(Date.parse('2026-03-01T02:00:00Z'));
  const move = (by: Duration): void => {
    now = after(now, by);
  };
  return { ...systemClock, now: () => now, move };
}

export const changed = (path: string, folder = false): Change => ({
  what: 'changed',
  path: Buffer.from(path).toString('latin1'),
  folder,
});
export const removed = (path: string, folder = false): Change => ({
  what: 'removed',
  path: Buffer.from(path).toString('latin1'),
  folder,
});
export const renamed = (path: string, to: string, folder = false): Change => ({
  ...{ what: 'renamed', path: Buffer.from(path).toString('latin1'), to: Buffer.from(to).toString('latin1'), folder },
});
export const rescan = (path: string): Change => ({
  what: 'rescan',
  path: Buffer.from(path).toString('latin1'),
  why: 'moved-in',
});

/** @param inside an existing folder that all of it lies in, such as a disk of its own */
export function placeWith(more: Record<string, unknown> = {}, inside = tmpdir()): Place {
  const folder = mkdtempSync(join(inside, 'holdfast-mirror-'));
  const at = (name: string) => join(folder, name);
  const [share, copies, back, taken, journal] = [at('share'), at('copies'), at('back'), at('taken'), at('journal')];
  for (const made of [share, taken, journal]) mkdirSync(made);
  for (const name of [journalNames.segments, journalNames.consumers]) mkdirSync(join(journal, name));
  const entry = mirrorEntry.parse({
    ...{
      name: 'photos',
      kind: 'mirror',
      machine: 'here',
      workload: 'photos',
      from: { folder: share, journal },
      to: copies,
      ...more,
    },
  });
  const clock = steppedClock();
  const memory = new Map<string, Json>();
  const world: World = {
    ...worldWith(clock),
    recall: (what) => {
      const value = memory.get(what);
      return value === undefined ? undefined : { value, at: clock.now() };
    },
    remember: (what, value) => void memory.set(what, value),
  };
  const id = 'a-journal';
  const segment = join(journal, journalNames.segments, segmentName(1));
  let position = 0;
  const put = (name: string, value: unknown) => writeFileSync(join(journal, name), JSON.stringify(value));
  put(journalNames.header, {
    format: journalFormat,
    id,
    folder: share,
    excluded: [],
    begun: clock.now(),
    place: '',
    disk: '',
  });
  // The reader compares it with the journal's machine, whose clock nobody steps here.
  const heartBeat = (over: Partial<HeartBeat> = {}) => {
    const now = new Date().toISOString() as Instant;
    const beat = { journal: id, at: now, position, complete: now, state: 'following', says: 'it follows' };
    put(journalNames.beat, { ...beat, listener: 'fanotify', watches: 0, since: now, process: process.pid, ...over });
  };
  const tell = (...changes: readonly Change[]) => {
    for (const change of changes) {
      position += 1;
      appendFileSync(segment, lineOf({ n: position, at: clock.now(), ...change }));
    }
    heartBeat();
  };
  // As every tracker begins: nobody watched before.
  tell({ what: 'rescan', path: '', why: 'started' });
  const context: LayerContext = { timeZone: 'UTC', now: clock.now(), layers: [] };
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    run: run as RunId,
    world,
    taken,
    ...others,
  });
  const root = join(copies, entry.name);
  return {
    ...{ folder, share, root, tree: join(root, 'tree'), back, entry, world, clock, tell, heartBeat },
    protect: (run, others) => drive(driven(run, others), mirror.protect(entry, context).steps, 'keep'),
    restore: (run, point, others, only) =>
      drive(
        driven(run, others),
        mirror.restore(entry, { point, target: back, ...(only === undefined ? {} : { only }) }, context).steps,
        'lead back',
      ),
    points: () => mirror.points(entry, world),
    remarks: async () => {
      const says: string[] = [];
      await mirror.points(entry, world, (note) => void says.push(note.says));
      return says;
    },
    acknowledged: () => {
      const path = join(journal, journalNames.consumers, `mirror:${entry.name}.json`);
      return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).upTo : 0;
    },
    left: () => {
      const names = existsSync(root) ? readdirSync(root) : [];
      const there = existsSync(back) ? readdirSync(back) : [];
      return [...names, ...there].filter((name) => /^\.(partial|removing|view|holdfast)-/.test(name));
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
