// Streaming a file of 2 GB out of an image into a sealed restore point, as `holdfast run` does it from its first to its last
// moment, against `cp`, `sync` and `sha256sum` of the same file. Both find their source in the page cache.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  canMount,
  type Estate,
  estateIn,
  imageOf,
  photosEstate,
  until,
  workerOf,
} from '../test/e2e/estate.test-support.ts';
import { milliseconds, paired, type Row, timed, timedCommand } from './bench.ts';

const mebibytes = 2048;
const rounds = 3;
const memoryLimit = 150;

export async function streamRows(): Promise<readonly Row[]> {
  if (!canMount()) {
    console.error('streaming is left out: it needs root and loop devices');
    return [];
  }
  const estate = estateIn(photosEstate('bench'), 'bench');
  try {
    const tree = join(estate.folder, 'tree');
    const file = join(tree, 'big');
    mkdirSync(tree);
    execFileSync('dd', ['if=/dev/urandom', `of=${file}`, 'bs=1M', `count=${mebibytes}`, 'status=none']);
    imageOf(join(estate.folder, 'photos.img'), tree, mebibytes + 256);
    const peaks: number[] = [];
    const { ours, peer } = await paired(
      rounds,
      () => seal(estate, peaks),
      () => copy(file, join(estate.folder, 'copy')),
    );
    return rowsOf(ours, peer, Math.max(...peaks));
  } finally {
    estate.close();
  }
}

function rowsOf(ours: number, peer: number, peak: number): readonly Row[] {
  return [
    {
      ...{ name: 'streaming 2 GB into a sealed point', ratio: ours / peer, limit: 1.2 },
      ...{ ours: milliseconds(ours), peer: `cp, sync, sha256sum: ${milliseconds(peer)}` },
      extra: `median of ${rounds}; written, synced, read back from the disk`,
    },
    {
      ...{
        name: 'memory of streaming 2 GB',
        ratio: peak / memoryLimit,
        limit: 1,
        extra: 'peak RSS of the worker (VmHWM)',
      },
      ...{ ours: `${Math.round(peak)} MB`, peer: `${memoryLimit} MB` },
    },
  ];
}

async function seal(estate: Estate, peaks: number[]): Promise<number> {
  const copies = join(estate.folder, 'copies');
  warm(join(estate.folder, 'photos.img'));
  const spent = await timed(async () => {
    const started = estate.start('run', 'photos-image');
    const watching = peakOfWorker(estate, started.ended);
    const status = await started.ended;
    if (status !== 0) throw new Error(`the run ended with ${status}: ${started.output()}`);
    peaks.push(await watching);
  });
  const [point = ''] = readdirSync(join(copies, 'photos-image'));
  if (!existsSync(join(copies, 'photos-image', point, 'manifest.json'))) throw new Error('no restore point was sealed');
  for (const used of [copies, estate.state]) rmSync(used, { recursive: true });
  return spent;
}

/** @returns megabytes; the kernel keeps the high-water mark, so the last look before the end is enough */
async function peakOfWorker(estate: Estate, ended: Promise<unknown>): Promise<number> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const worker = await until('the worker', () => {
    const run = estate.journal((runs) => runs[0]?.id);
    return over ? 0 : run !== undefined && workerOf(run);
  });
  let peak = 0;
  while (!over) {
    peak = peakOf(worker) ?? peak;
    await pause(20);
  }
  if (peak === 0) throw new Error('the worker was never seen');
  return (peak * 1024) / 1e6;
}

/** In KiB; undefined when the process has ended. */
function peakOf(pid: number): number | undefined {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line === null ? undefined : Number(line[1]);
  } catch {
    return undefined;
  }
}

function copy(file: string, to: string): number {
  warm(file);
  const spent = timedCommand([
    'sh',
    '-c',
    'cp "$0" "$1" && sync "$1" "$2" && sha256sum "$1"',
    file,
    to,
    join(to, '..'),
  ]);
  rmSync(to);
  return spent;
}

const warm = (file: string): void => void execFileSync('cat', [file], { stdio: ['ignore', 'ignore', 'inherit'] });
