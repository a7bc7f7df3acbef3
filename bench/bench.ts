// What every bench gives: a row with a ratio against a peer, both measured in this very run, interleaved, medians quoted.
import { spawnSync } from 'node:child_process';

export type Row = Readonly<{
  name: string;
  /** in words: `holdfast validate --offline` */
  ours: string;
  peer: string;
  ratio: number;
  limit: number;
  /** peak memory, sizes, counts: what else was measured */
  extra: string;
}>;

export const median = (figures: readonly number[]): number =>
  figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)] ?? Number.NaN;

/** Runs both in turn, so that a machine that slows down slows both; one warm-up each. */
export async function paired(
  rounds: number,
  ours: () => Promise<number> | number,
  peer: () => Promise<number> | number,
): Promise<Readonly<{ ours: number; peer: number }>> {
  await ours();
  await peer();
  const figures: { ours: number; peer: number }[] = [];
  for (let round = 0; round < rounds; round += 1) figures.push({ ours: await ours(), peer: await peer() });
  return { ours: median(figures.map((one) => one.ours)), peer: median(figures.map((one) => one.peer)) };
}

/** Wall time in milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export function timedCommand(argv: readonly string[], options: { cwd?: string } = {}): number {
  const [program = '', ...rest] = argv;
  const began = performance.now();
  const ended = spawnSync(program, rest, { stdio: 'ignore', ...options });
  const spent = performance.now() - began;
  if (ended.status !== 0) throw new Error(`${argv.join(' ')} ended with ${ended.status ?? ended.signal}`);
  return spent;
}

export const milliseconds = (figure: number): string => `${figure >= 100 ? Math.round(figure) : figure.toFixed(1)} ms`;
