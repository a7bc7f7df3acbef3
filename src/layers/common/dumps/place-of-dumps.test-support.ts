// A layer of dumps at work on a real server, with everything else in a temp folder that is gone after.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerContext, LayerKind, RestoreWish } from '../../../contracts/layer.ts';
import type { World } from '../../../contracts/world.ts';
import type { Machine } from '../../../machines/machine.ts';
import type { LayerEntry } from '../../../model/estate.ts';
import type { Note, Refusal } from '../../../model/plan.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { RunId } from '../../../model/run.ts';
import { systemClock } from '../../../values/instant.ts';
import { Secret } from '../../../values/secret.ts';
import { type Driven, drive, type Outcome, worldWith } from '../driver.test-support.ts';

export class Refused extends Error {
  readonly codes: readonly string[];
  constructor(refusals: readonly Refusal[]) {
    super(refusals.map(({ code, says }) => `${code}: ${says}`).join('; '));
    this.codes = refusals.map(({ code }) => code);
  }
}

export type PlaceOfDumps = Readonly<{
  folder: string;
  copies: string;
  world: World;
  entry: LayerEntry;
  driven(run: string, more?: Partial<Driven>): Driven;
  protect(run: string, more?: Partial<Driven>): Promise<Outcome>;
  notes(): readonly Note[];
  restore(run: string, wish: Partial<RestoreWish>, more?: Partial<Driven>): Promise<Outcome>;
  /** how many steps that restore has */
  steps(wish: Partial<RestoreWish>): Promise<number>;
  points(): Promise<readonly RestorePoint[]>;
  /** unfinished folders, and what lies anywhere for a moment; nothing where nothing is left */
  left(): readonly string[];
  close(): void;
}>;

type Given = Readonly<{
  layer: LayerKind;
  password?: string;
  entry: Readonly<Record<string, unknown>>;
  /** of the machine, in the place of what it has */
  over?: Partial<Machine>;
  /** further folders that nothing may be left in */
  also?: readonly string[];
}>;

export function placeOfDumps({ layer, password, entry: more, over = {}, also = [] }: Given): PlaceOfDumps {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-dumps-'));
  const [copies, taken] = [join(folder, 'copies'), join(folder, 'taken')];
  mkdirSync(taken);
  const common = {
    name: 'store',
    kind: layer.kind,
    machine: 'here',
    workload: 'apps',
    to: copies,
    keep: { keep_last: 3 },
  };
  const entry = layer.schema.parse({ ...common, ...more }) as LayerEntry;
  const world: World = {
    ...worldWith(systemClock, over),
    secret: async (reference, audience) =>
      new Secret('it', 'file' in reference && reference.file.endsWith('wrong') ? 'wrong' : (password ?? ''), audience),
    recall: () => undefined,
    remember: () => {},
  };
  const contextOf = (): LayerContext => ({ timeZone: 'UTC', now: world.clock.now(), layers: [] });
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    run: run as RunId,
    world,
    taken,
    ...others,
  });
  const points = () => layer.points(entry, world);
  const planned = async (wish: Partial<RestoreWish>) => {
    const [point] = wish.point === undefined ? await points() : [wish.point];
    if (point === undefined) throw new Error('there is no point to restore');
    const full = { target: 'live', ...wish, point };
    const scouted = await layer.scout?.(entry, full, world, new AbortController().signal);
    const { steps, refusals } = layer.restore(entry, full, contextOf(), scouted);
    if (refusals.length > 0) throw new Refused(refusals);
    return steps;
  };
  return {
    ...{ folder, copies, world, entry, driven, points },
    protect: (run, others) => drive(driven(run, others), layer.protect(entry, contextOf()).steps, 'keep'),
    notes: () => layer.protect(entry, contextOf()).notes,
    restore: async (run, wish, others) => drive(driven(run, others), await planned(wish), 'lead back'),
    steps: async (wish) => (await planned(wish)).length,
    left: () =>
      [folder, ...also].flatMap((place) =>
        readdirSync(place, { recursive: true })
          .map(String)
          .filter((name) => /(^|\/)\.(partial|removing|holdfast)-|^taken\/./.test(name))
          .map((name) => join(place, name)),
      ),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
