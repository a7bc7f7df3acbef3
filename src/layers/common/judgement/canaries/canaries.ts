// The canaries of a layer: what is remembered of them, and what became of each.
import * as z from 'zod';
import type { World } from '../../../../contracts/world.ts';
import { Fault } from '../../../../fault.ts';
import type { Machine } from '../../../../machines/machine.ts';
import { shown } from '../../../../values/text.ts';
import { commandFailed } from '../../commands.ts';
import { asGiven } from '../../given.ts';
import type { Evidence } from '../judge.ts';
import { canaryContent } from './content.ts';
import { canaryScript } from './script.ts';

const remembered = z.strictObject({
  /** below which they lie */
  folder: z.string(),
  /** who is planting them, while that is being done */
  planting: z.string().optional(),
  /** what their contents are made of, with their paths */
  seed: z.string(),
  paths: z.array(z.string()),
});
export type Planted = z.infer<typeof remembered>;

const nameOf = (layer: string): string => `canaries ${layer}`;

export function plantedOf(world: Pick<World, 'recall'>, layer: string): Planted | undefined {
  const parsed = remembered.safeParse(world.recall(nameOf(layer))?.value);
  return parsed.success ? parsed.data : undefined;
}

export const rememberPlanted = (world: Pick<World, 'remember'>, layer: string, planted: Planted | null): void =>
  world.remember(nameOf(layer), planted === null ? null : asGiven(planted));

/** `same`: as it was planted. `none`: not there. `other`: something else lies there, or it has another content. */
export type Fate = 'same' | 'none' | 'other';
export type Watching = Readonly<{ machine: Machine; tree: string; signal: AbortSignal }>;

/** @throws Fault `canary-unreachable` where one cannot be read or written though it may be there */
export async function work(
  what: 'read' | 'plant' | 'remove',
  { machine, tree, signal }: Watching,
  { seed, paths }: Pick<Planted, 'seed' | 'paths'>,
): Promise<ReadonlyMap<string, Fate>> {
  if (paths.length === 0) return new Map();
  const argv = ['perl', '-e', canaryScript, what, tree] as const;
  const input = Buffer.concat(
    paths.flatMap((path) => {
      const content = Buffer.from(canaryContent(path.slice(path.lastIndexOf('/') + 1), `${seed} ${path}`));
      return [Buffer.from(`${path}\0${content.length}\0`), content];
    }),
  );
  const ended = await machine.run(argv, { signal, input });
  const lines = ended.stdout.split('\n').filter(Boolean);
  if (ended.exitCode !== 0 || lines.length !== paths.length) throw commandFailed(machine, ['perl'], ended);
  return new Map(paths.map((path, at) => [path, fateIn(lines[at] ?? '', tree, path)]));
}

function fateIn(line: string, tree: string, path: string): Fate {
  if (line === 'ok') return 'same';
  if (line === 'none' || line === 'other') return line;
  throw new Fault('canary-unreachable', {
    where: shown(`${tree}/${path}`),
    says: shown(line.replace(/^! /, '')),
    remedy: 'see who may read and write there; canaries that are no longer wanted: `holdfast canaries remove LAYER`',
  });
}

const words = { none: 'is gone', other: 'has another content' } as const;

/** What is wrong with canaries in a copy of the tree they were planted in. */
export async function troubledCanaries(
  watching: Watching,
  planted: Planted | undefined,
): Promise<Evidence['canaries']> {
  if (planted === undefined || planted.planting !== undefined) return [];
  const fates = await work('read', watching, planted);
  return [...fates].flatMap(([path, fate]) => (fate === 'same' ? [] : [{ path, says: words[fate] }]));
}
