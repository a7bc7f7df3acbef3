// The layer at work with real programs of this machine, with everything else in a temp folder that is gone after.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { LayerContext, RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import { Secret } from '../../values/secret.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { planDumps } from '../common/dumps/plan.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { command } from './layer.ts';
import { planRestore } from './restore-plan.ts';
import { type CommandEntry, commandEntry } from './schema.ts';

export type Place = Readonly<{
  folder: string;
  /** what programs work in */
  data: string;
  copies: string;
  entry: CommandEntry;
  world: World;
  protect(run: string, more?: Partial<Driven>): Promise<Outcome>;
  planned(point: RestorePoint, wish: Partial<RestoreWish>): ReturnType<typeof planRestore>;
  restore(run: string, point: RestorePoint, wish: Partial<RestoreWish>, more?: Partial<Driven>): Promise<Outcome>;
  driven(run: string, more?: Partial<Driven>): Driven;
  points(): Promise<readonly RestorePoint[]>;
  newest(): Promise<RestorePoint>;
  left(): readonly string[];
  close(): void;
}>;

/** @param commands is given the folder that they work in; @param secrets by the path of their files */
export function placeWith(
  commands: (data: string) => readonly object[],
  more: Readonly<Record<string, unknown>> = {},
  secrets: Readonly<Record<string, string>> = {},
): Place {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-command-'));
  const [copies, taken, data] = [
    String(more['to'] ?? join(folder, 'copies')),
    join(folder, 'taken'),
    join(folder, 'data'),
  ];
  for (const one of [taken, data]) mkdirSync(one);
  // Programs that run as another account work in it, too.
  for (const one of [folder, data]) chmodSync(one, 0o755);
  const entry = commandEntry.parse({
    ...{ name: 'outputs', kind: 'command', machine: 'here', workload: 'apps', to: copies, keep: { keep_last: 3 } },
    commands: commands(data),
    ...more,
  });
  const world: World = {
    ...worldWith(),
    secret: async (reference, audience) =>
      new Secret('file', secrets['file' in reference ? reference.file : ''] ?? '', audience),
  };
  const contextOf = (): LayerContext => ({ timeZone: 'UTC', now: world.clock.now(), layers: [] });
  const driven = (run: string, own: Partial<Driven> = {}): Driven => ({
    ...{ run: run as RunId, world, taken, ...own },
  });
  const points = () => command.points(entry, world);
  const planned = (point: RestorePoint, wish: Partial<RestoreWish>) =>
    planRestore(entry, { point, target: 'live', ...wish }, contextOf());
  return {
    ...{ folder, data, copies, entry, world, driven, points, planned },
    protect: (run, own) => drive(driven(run, own), planDumps(entry, contextOf()).steps, 'keep'),
    restore: async (run, point, wish, own) => {
      const { steps, refusals } = planned(point, wish);
      if (refusals.length > 0) throw new Error(refusals.map(({ code, says }) => `${code}: ${says}`).join('; '));
      return drive(driven(run, own), steps, 'lead back');
    },
    newest: async () => {
      const point = (await points()).findLast(({ held }) => held === undefined);
      if (point === undefined) throw new Error('there is no point');
      return point;
    },
    left: () =>
      existsSync(copies)
        ? readdirSync(copies, { recursive: true })
            .map(String)
            .filter((name) => /\.(partial|removing|holdfast)-/.test(name))
        : [],
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What lies in a point of that name, as it came. */
export function dumpIn({ folder, manifest }: RestorePoint, name: string): Buffer {
  const taken = takenIn(manifest).find((one) => one.name === name);
  if (taken === undefined) throw new Error(`there is no dump of ${name}`);
  const content = readFileSync(join(folder, taken.part));
  return taken.compress === 'zstd' ? zstdDecompressSync(content) : content;
}

export type Given = Parameters<typeof placeWith>;

/** A place for some work, which leaves nothing unfinished. */
export async function within(work: (place: Place) => Promise<void>, ...given: Given): Promise<void> {
  const place = placeWith(...given);
  try {
    await work(place);
    assert.deepEqual(place.left(), []);
  } finally {
    place.close();
  }
}

/** A line of a shell as a program. */
export const sh = (name: string, text: string, more: object = {}) => ({
  ...{ name, command: ['sh', '-c', text] },
  ...more,
});
