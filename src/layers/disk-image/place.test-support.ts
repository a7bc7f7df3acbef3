// A disk image with everything in it that must survive, and the layer working on it, in a temp folder that is gone after.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { diskImage } from './layer.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore.ts';
import { type DiskImageEntry, diskImageEntry } from './schema.ts';

const canMount = process.getuid?.() === 0 && existsSync('/dev/loop-control');
/** For `skip`: says why, or is false. */
export const unlessMounting = canMount ? false : 'it needs root and loop devices';

export type Place = Readonly<{
  folder: string;
  image: string;
  copies: string;
  back: string;
  entry: DiskImageEntry;
  /** what the image holds, through the kernel's own eyes */
  inside(work: (tree: string) => void): void;
  protect(run: string, more?: Partial<Driven>): Promise<Outcome>;
  restore(run: string, point: RestorePoint, more?: Partial<Driven>): Promise<Outcome>;
  points(): Promise<readonly RestorePoint[]>;
  /** why a folder is no restore point, in words */
  remarks(): Promise<readonly string[]>;
  /** mounts, loop devices and unfinished folders, in words; nothing where nothing is left */
  left(): readonly string[];
  close(): void;
}>;

export function placeWith(fill: (tree: string) => void, more: Partial<DiskImageEntry> = {}, mebibytes = 16): Place {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-image-'));
  const [tree = '', image = '', copies = '', back = '', taken = ''] = ['tree', 'img', 'copies', 'back', 'taken'].map(
    (name) => join(folder, name),
  );
  mkdirSync(tree);
  mkdirSync(taken);
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-E', 'root_owner=0:0', image, `${mebibytes}M`]);
  const mounted = (options: string, work: (tree: string) => void): void => {
    execFileSync('mount', ['-o', options, image, tree]);
    try {
      work(tree);
    } finally {
      execFileSync('umount', [tree]);
      // The kernel frees the loop device when nobody looks at it any more: also a `losetup --list` of somebody else is one who does.
      const free = 'until [ -z "$(losetup --associated "$0")" ]; do sleep 0.05; done';
      execFileSync('sh', ['-c', free, image], { timeout: 60_000 });
    }
  };
  mounted('loop', fill);
  const entry = diskImageEntry.parse({
    ...{ name: 'photos', kind: 'disk-image', machine: 'here', workload: 'photos', image, to: copies },
    ...{ keep: { keep_last: 2 }, ...more },
  });
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    ...{ run: run as RunId, world: worldWith(undefined, {}, run as RunId), taken },
    ...others,
  });
  const world = worldWith();
  const context = { timeZone: 'UTC', now: world.clock.now(), layers: [] };
  return {
    ...{ folder, image, copies, back, entry },
    inside: (work) => mounted('loop,ro', work),
    protect: (run, others) => drive(driven(run, others), planProtect(entry, context).steps, 'keep'),
    restore: (run, point, others) =>
      drive(driven(run, others), planRestore(entry, { point, target: back }, context).steps, 'lead back'),
    points: () => diskImage.points(entry, world),
    remarks: async () => {
      const says: string[] = [];
      await diskImage.points(entry, world, (note) => void says.push(note.says));
      return says;
    },
    left: () => leftBelow(folder, image),
    close: () => {
      for (const mount of mountsBelow(folder).toReversed()) spawnSync('umount', ['--lazy', mount]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const mountsBelow = (folder: string): readonly string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((mount) => mount.startsWith(`${folder}/`));

function leftBelow(folder: string, image: string): readonly string[] {
  const loops = execFileSync('losetup', ['--associated', image], { encoding: 'utf8' }).trim();
  const names = readdirSync(folder, { recursive: true }).map(String);
  return [
    ...mountsBelow(folder),
    ...(loops === '' ? [] : [loops]),
    ...names.filter((name) => /\.(partial|removing|holdfast)-/.test(name)),
  ];
}
