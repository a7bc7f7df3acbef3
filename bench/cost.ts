// What a command costs: its time by the wall, what it and all that it started took of the processors, and the memory of the largest of them.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './bench.ts';

/** milliseconds, milliseconds, KiB */
export type Cost = Readonly<{ wall: number; cpu: number; memory: number }>;

/**
 * By GNU time(1), which counts descendants.
 *
 * @param base where it runs, and where the figures are written to
 */
export function cost(base: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}): Cost {
  const figures = join(base, 'time');
  const began = performance.now();
  const ended = spawnSync('/usr/bin/time', ['-f', '%U %S %M', '-o', figures, ...argv], {
    ...{ encoding: 'utf8', cwd: base, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 },
  });
  const wall = performance.now() - began;
  if (ended.status !== 0)
    throw new Error(`${argv.join(' ')} ended with ${ended.status}: ${ended.stdout}${ended.stderr}`);
  const [user = 0, system = 0, memory = 0] =
    readFileSync(figures, 'utf8').trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return { wall, cpu: (user + system) * 1000, memory };
}

export const middle = (all: readonly Cost[]): Cost => ({
  wall: median(all.map(({ wall }) => wall)),
  cpu: median(all.map(({ cpu }) => cpu)),
  memory: median(all.map(({ memory }) => memory)),
});

/** Of each round against the same round: a disk has good and bad minutes. */
export const pairedRatio = (ours: readonly Cost[], peers: readonly Cost[]): number =>
  median(ours.map(({ wall }, at) => wall / (peers[at]?.wall ?? Number.NaN)));

export const inWords = ({ wall, cpu, memory }: Cost): string =>
  `${(wall / 1000).toFixed(1)} s, CPU ${(cpu / 1000).toFixed(1)} s, ${Math.round(memory / 1024)} MB`;
