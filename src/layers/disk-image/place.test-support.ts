// A disk image with everything in it that must survive, and the layer working on it, in a temp folder that is gone after.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import { type Driven, drive, type Outcome, worldWith } from './driver.test-support.ts';
import { diskImage } from './layer.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore.ts';
import { type DiskImageEntry, diskImageEntry } from './schema.ts';

const canMount = process.getuid?.() === 0 && existsSync('/dev/loop-control');
/** For `skip`: says why, or is false. */
export const unlessMounting = canMount ? false : 'it needs root and loop devices';

export const fault = (code: string) => (error: unknown) =>
  (error instanceof Fault && error.code === code) || new Error(`${code} was expected`, { cause: error });

export const sh = (script: string, cwd: string): string =>
  execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });

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

/** A few files, and no more. */
export const plain = (tree: string): void => {
  writeFileSync(join(tree, 'one'), 'first');
  mkdirSync(join(tree, 'folder'));
  writeFileSync(join(tree, 'folder', 'two'), 'second');
};

/** Every kind of thing and of metadata, names that look like options, commands and ends of lines, and one of no text at all. */
export const everything = (tree: string): void => {
  plain(tree);
  for (const name of ['-rf', '$(touch x)', 'new\nline', `it's "quoted"`, 'back\\slash', ' blanks ', '=', 'ünïcode'])
    writeFileSync(join(tree, name), name);
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.of(0xff, 0xfe, 0x80)]), 'no UTF-8');
  sh(
    `ln one also-one; ln -s /etc/shadow out; ln -s nowhere dangling; mkfifo pipe; truncate -s 64M holes
     echo end >> holes; mkdir -m 2775 shared; setfacl -d -m u:1234:rwx shared; setfacl -m u:1234:r one
     setfattr -n user.note -v kept folder/two; setfattr -n trusted.note -v kept folder
     chown 1234:4321 folder/two; chmod 4751 folder/two; touch -d 2001-02-03T04:05:06.789012345Z folder/two
     touch -h -d 2002-02-02T02:02:02Z dangling; mknod device c 1 3; chmod 1750 .; touch -d 2003-03-03T03:03:03Z . `,
    tree,
  );
};

/** What rsync would still change, as it says it: nothing where both trees are the same in all that it knows of. */
export const differences = (from: string, to: string, ...except: readonly string[]): string => {
  const options = ['-naXAHi', '--numeric-ids', '--delete', '--checksum', '--devices', '--specials'];
  const skip = except.map((name) => `--exclude=${name}`);
  return execFileSync('rsync', [...options, ...skip, `${from}/`, `${to}/`], { encoding: 'utf8' });
};
