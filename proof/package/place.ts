// What the rows about the package share: where they are worked through, and how a line is typed, here or in the bare root.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
export const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
export const debName = `dist/holdfast_${version}_amd64.deb`;
export const bundle = 'usr/lib/holdfast/holdfast.cjs';
export const node = 'usr/lib/holdfast/node';
export const debianPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where the rows are worked through: below one temporary folder. */
export type Place = Readonly<{
  folder: string;
  deb: string;
  /** the bare Debian */
  bare: string;
  prove(name: string, typed: string, authority: string, holds: () => void): void;
  control(name: string, caught: boolean): void;
  skip(name: string, why: string): void;
}>;

export type Ended = Readonly<{ status: number | null; out: string; err: string }>;

export function sh(command: string, folder = root, env: NodeJS.ProcessEnv = process.env): Ended {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    ...{ cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000 },
  });
  return { status, out: stdout, err: stderr };
}

/** In the bare root, with the environment and the search path of a plain Debian. */
export const inRoot = (bare: string, command: string): Ended =>
  sh('exec chroot "$ROOT" env -u ROOT -u COMMAND sh -c "$COMMAND"', root, {
    PATH: debianPath,
    ROOT: bare,
    COMMAND: command,
  });

/** What it printed; throws with all it said where it did not end well. */
export function well({ status, out, err }: Ended): string {
  assert.equal(status, 0, `${out}${err}`.trim());
  return out;
}

export const must = (command: string, folder = root): string => well(sh(command, folder));

export function flipByte(file: string): void {
  const bytes = readFileSync(file);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
