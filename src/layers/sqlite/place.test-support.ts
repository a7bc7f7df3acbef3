// The layer at work on folders of this machine, in a temp folder that is gone after.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerContext } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Json } from '../../values/canonical.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { sqlite } from './layer.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore.ts';
import { type SqliteEntry, sqliteEntry } from './schema.ts';

export type Place = Readonly<{
  folder: string;
  data: string;
  copies: string;
  back: string;
  entry: SqliteEntry;
  world: World;
  protect(run: string, more?: Partial<Driven>): Promise<Outcome>;
  restore(run: string, point: RestorePoint, more?: Partial<Driven>): Promise<Outcome>;
  points(): Promise<readonly RestorePoint[]>;
  remarks(): Promise<readonly string[]>;
  /** unfinished folders, and work folders; nothing where nothing is left */
  left(): readonly string[];
  /** what a point says of each of its databases */
  results(point: RestorePoint): readonly Readonly<Record<string, Json>>[];
  close(): void;
}>;

/** What runs remember for each other, in memory. */
function remembering(world: World): World {
  const memory = new Map<string, Json>();
  return {
    ...world,
    recall: (what) => {
      const value = memory.get(what);
      return value === undefined ? undefined : { value, at: world.clock.now() };
    },
    remember: (what, value) => void memory.set(what, value),
  };
}

export function placeWith(more: Record<string, unknown> = {}): Place {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'));
  const at = (name: string) => join(folder, name);
  const [data, copies, back, taken] = [at('data'), at('copies'), at('back'), at('taken')];
  for (const made of [data, taken]) mkdirSync(made);
  const entry = sqliteEntry.parse({
    ...{ name: 'apps', kind: 'sqlite', machine: 'here', workload: 'apps', from: { folder: data }, to: copies },
    ...{ keep: { keep_last: 2 }, ...more },
  });
  const world = remembering(worldWith());
  const context: LayerContext = { timeZone: 'UTC', now: world.clock.now(), layers: [] };
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    ...{ run: run as RunId, world, taken, ...others },
  });
  return {
    ...{ folder, data, copies, back, entry, world },
    protect: (run, others) => drive(driven(run, others), planProtect(entry, context).steps, 'keep'),
    restore: (run, point, others) =>
      drive(driven(run, others), planRestore(entry, { point, target: back }, context).steps, 'lead back'),
    points: () => sqlite.points(entry, world),
    remarks: async () => {
      const says: string[] = [];
      await sqlite.points(entry, world, (note) => void says.push(note.says));
      return says;
    },
    left: () =>
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => /\.(partial|removing|holdfast)-|^taken\/./.test(name)),
    results: (point) =>
      readFileSync(join(point.folder, 'databases.ndjson'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
