// The Debian package, made by dpkg-deb from a folder in which nothing depends on who builds, where or when.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../../src/fault.ts';
import type { ShippedFile } from './contents.ts';
import type { Release } from './release.ts';

const emptyFolders = ['etc/holdfast'];

export async function makeDeb(
  root: string,
  release: Release,
  files: readonly ShippedFile[],
  to: string,
): Promise<void> {
  await using building = await temporaryFolder(dirname(to));
  const tree = join(building.path, 'tree');
  const sums = files.map(({ path, bytes }) => `${createHash('md5').update(bytes).digest('hex')}  ${path}\n`);
  const control = await controlOf(root, release.version, files);
  await writeTree(
    tree,
    [
      ...files,
      { path: 'DEBIAN/control', mode: 0o644, bytes: Buffer.from(control) },
      { path: 'DEBIAN/md5sums', mode: 0o644, bytes: Buffer.from(sums.sort(byPath).join('')) },
    ],
    release.epoch,
  );
  const deb = join(building.path, 'package.deb');
  dpkgDeb(['--root-owner-group', '-Zxz', '-z1', '--build', tree, deb], release.epoch);
  await rename(deb, to);
}

const byPath = (one: string, other: string): number => (one.slice(34) < other.slice(34) ? -1 : 1);

async function temporaryFolder(beside: string): Promise<Readonly<{ path: string }> & AsyncDisposable> {
  const path = await mkdtemp(join(beside, '.building-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function controlOf(root: string, version: string, files: readonly ShippedFile[]): Promise<string> {
  const template = await readFile(resolve(root, 'packaging/debian/control'), 'utf8');
  const kibibytes = files.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / 1024), 0);
  return template.replace('@VERSION@', version).replace('@INSTALLED_SIZE@', String(kibibytes));
}

/** Modes and times are set after writing: the umask and the clock of the builder have no say. */
async function writeTree(tree: string, files: readonly ShippedFile[], epoch: number): Promise<void> {
  const folders = [...new Set([...files.map(({ path }) => dirname(path)), ...emptyFolders].flatMap(withAbove))].sort();
  for (const folder of folders) await mkdir(join(tree, folder));
  for (const { path, mode, bytes } of files) {
    await writeFile(join(tree, path), bytes);
    await chmod(join(tree, path), mode);
    await utimes(join(tree, path), epoch, epoch);
  }
  // The innermost first: a folder's time changes with what is put into it.
  for (const folder of folders.toReversed()) {
    await chmod(join(tree, folder), 0o755);
    await utimes(join(tree, folder), epoch, epoch);
  }
}

const withAbove = (folder: string): readonly string[] =>
  folder === '.' ? [folder] : [...withAbove(dirname(folder)), folder];

function dpkgDeb(args: readonly string[], epoch: number): void {
  // The caller's environment stays outside: dpkg-deb takes the compressor, its level and its threads from there, too.
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', SOURCE_DATE_EPOCH: String(epoch) };
  try {
    execFileSync('dpkg-deb', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    throw new Fault('dpkg-deb-failed', {
      where: `dpkg-deb ${args.join(' ')}`,
      says: error instanceof Error ? error.message : String(error),
      remedy: 'build on Debian, with `dpkg` and `xz-utils` there and 300 MB free',
      cause: error,
    });
  }
}
