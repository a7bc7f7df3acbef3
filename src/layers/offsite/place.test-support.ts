// The layer at work: points of a layer of files in archives on one machine, copies on another, all in a temp folder that is gone after.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerContext } from '../../contracts/layer.ts';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { World } from '../../contracts/world.ts';
import type { Machine } from '../../machines/machine.ts';
import type { LayerEntry } from '../../model/estate.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Json } from '../../values/canonical.ts';
import { milliseconds } from '../../values/duration.ts';
import { after, type Clock, instantAt, systemClock } from '../../values/instant.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { pointId } from '../common/points/places.ts';
import { beginPoint, pointPlace, seal } from '../common/points/sealing.ts';
import { createArgv } from '../common/trees/archive.ts';
import { writeListing } from '../common/trees/write-listing.ts';
import { files } from '../files/layer.ts';
import { planProtect as planFiles } from '../files/protect.ts';
import { filesEntry } from '../files/schema.ts';
import { offsite } from './layer.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore.ts';
import { type OffsiteEntry, offsiteEntry } from './schema.ts';

export type Place = Readonly<{
  folder: string;
  /** what is protected */
  tree: string;
  /** the sealed points of the layer `trees` */
  points: string;
  /** below which copies lie */
  there: string;
  back: string;
  entry: OffsiteEntry;
  world: World;
  memory: Map<string, Json>;
  /** a new sealed point of the tree, so many days after the first; of `generations` as of now */
  take(day: number, details?: Readonly<Record<string, Json>>): Promise<RestorePoint>;
  run(run: string, more?: Partial<Driven>): Promise<Outcome>;
  copies(): Promise<readonly RestorePoint[]>;
  remarks(): Promise<readonly string[]>;
  restore(run: string, point: RestorePoint, more?: Partial<Driven>, only?: string): Promise<Outcome>;
  /** unfinished folders and work folders; nothing where nothing is left */
  left(): readonly string[];
  with(more: Record<string, unknown>): Place;
  close(): void;
}>;

/** What kind of points are copied: archives as of `disk-image`, or generations of the layer `files`. */
export type Of = 'images' | 'generations';
type Machines = Readonly<Record<string, (folder: string) => Machine>>;

const first = instantAt(Date.UTC(2026, 0, 1));

export function placeWith(
  more: Record<string, unknown> = {},
  machines: Record<string, Machine> = {},
  pointsAt?: string,
  of: Of = 'images',
): Place {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-offsite-'));
  const at = (name: string) => join(folder, name);
  for (const name of ['tree', 'there', 'staging', 'taken']) mkdirSync(at(name), { mode: 0o700 });
  return placed(
    folder,
    { to: at('there'), to_machine: 'nas', staging: at('staging'), ...more },
    machines,
    pointsAt,
    new Map(),
    of,
  );
}

function placed(
  folder: string,
  more: Record<string, unknown>,
  machines: Record<string, Machine>,
  pointsAt: string | undefined,
  memory: Map<string, Json>,
  of: Of,
): Place {
  const clock = systemClock;
  const at = (name: string) => join(folder, name);
  const entry = offsiteEntry.parse({
    ...{ name: 'away', kind: 'offsite', machine: 'here', workload: 'away', points_of: ['trees'] },
    ...{ keep: { keep_last: 5 }, ...more },
  });
  const bare = worldWith(clock);
  const world: World = {
    ...bare,
    machine: (name) => machines[name] ?? bare.machine(name),
    recall: (what) => {
      const value = memory.get(what);
      return value === undefined ? undefined : { value, at: clock.now() };
    },
    remember: (what, value) => void memory.set(what, value),
  };
  const trees = {
    name: 'trees',
    kind: of === 'images' ? 'disk-image' : 'files',
    machine: 'here',
    workload: 'photos',
    to: pointsAt ?? at('points'),
    keep: {},
  } as LayerEntry;
  const context: LayerContext = { timeZone: 'UTC', now: clock.now(), layers: [trees, entry] };
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    run: run as RunId,
    world,
    taken: at('taken'),
    ...others,
  });
  return {
    ...{
      folder,
      entry,
      world,
      memory,
      tree: at('tree'),
      points: at('points'),
      there: join(entry.to ?? at('there'), entry.name),
      back: at('back'),
    },
    take: (day, details) =>
      of === 'generations'
        ? generation(trees, at('tree'), driven(`taken${day}`))
        : taken(folder, trees, day, clock, details),
    run: (run, others) => drive(driven(run, others), planProtect(entry, context).steps, 'keep'),
    copies: () => offsite.points(entry, world),
    remarks: async () => {
      const says: string[] = [];
      await offsite.points(entry, world, (note) => void says.push(note.says));
      return says;
    },
    restore: async (run, point, others, only) => {
      const wish = { point, target: at('back'), only };
      const scouted = await offsite.scout?.(entry, wish, others?.world ?? world, new AbortController().signal);
      const { steps, refusals } = planRestore(entry, wish, context, scouted);
      assert.deepEqual(refusals, []);
      return drive(driven(run, others), steps, 'lead back');
    },
    left: () =>
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => /\.(partial|removing|holdfast)-|^(taken|staging)\/.|\.lock/.test(name)),
    with: (over) => placed(folder, { ...more, ...over }, machines, pointsAt, memory, of),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function generation(layer: LayerEntry, tree: string, driven: Driven): Promise<RestorePoint> {
  const entry = filesEntry.parse({ ...layer, keep: { keep_all: 1 }, from: { folders: [{ folder: tree }] } });
  const context: LayerContext = { timeZone: 'UTC', now: driven.world.clock.now(), layers: [] };
  const out = await drive(driven, planFiles(entry, context).steps, 'keep');
  assert.deepEqual(out.failed, {});
  const point = (await files.points(entry, driven.world)).at(-1);
  assert.ok(point !== undefined);
  return point;
}

/** As disk-image makes them: an archive, a listing, a manifest. */
async function taken(
  folder: string,
  layer: LayerEntry,
  day: number,
  clock: Clock,
  details: Readonly<Record<string, Json>> = {},
): Promise<RestorePoint> {
  const entry = { ...layer, to: join(folder, 'points') };
  const world = worldWith(clock);
  const takenAt = after(first, milliseconds(day * 86_400_000));
  const run = `taken${day}` as RunId;
  const signal = new AbortController().signal;
  const context = { run, world, signal, progress: () => {}, take: () => {} } as unknown as StepContext;
  const place = pointPlace(context, entry, pointId(takenAt, run));
  await beginPoint(place, context);
  const { machine, partial, work } = place;
  const tree = join(folder, 'tree');
  const listing = await writeListing(
    {
      machine,
      tree,
      work,
      signal,
      progress: () => {},
      damaged: (words) => {
        throw new Error(words);
      },
    },
    partial,
  );
  const archive = join(partial, 'contents.tar');
  await machine.run(createArgv(tree, join(work, 'names'), archive));
  const { proofs } = await import('./pack.ts');
  const parts = [
    ...(await proofs(machine, partial, [{ name: 'contents.tar', bytes: 0, sha256: '' }], signal)),
    listing.part,
  ];
  const manifest = await seal(place, context, {
    ...{ takenAt, source: { machine: 'here', uuid: 'A' }, counts: listing.counts, parts },
    ...{
      details: { attributes_listed: listing.attributes, ...details },
      tools: {},
      policy: undefined,
      sinceBoot: undefined,
    },
  });
  return { manifest, machine: 'here', folder: place.sealed, bytes: 0, held: undefined };
}
