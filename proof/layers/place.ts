// What the parts on this very machine have in common: a shell that must succeed, and metadata as getfacl and getfattr tell it.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { processesOf } from '../../test/e2e/estate.test-support.ts';

export const sh = (script: string, cwd = '/'): string =>
  execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } }).trim();

/** Its exit code and what it said, where either may be. */
export const tried = (
  program: string,
  args: readonly string[],
  input = '',
): Readonly<{ status: number; says: string }> => {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', input });
  return { status: status ?? 255, says: `${stdout}${stderr}` };
};

/** Owner, mode, times to the second, ACLs and attributes of everything below a folder; one line each, by its name there. */
export const metadata = (folder: string): string =>
  sh(
    `find . -mindepth 1 -printf '%p %U:%G %m %Ts\\n' | LC_ALL=C sort
     find . -mindepth 1 -print0 | LC_ALL=C sort -z | xargs -0 getfacl -n 2>/dev/null
     find . -mindepth 1 -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d -m - 2>/dev/null`,
    folder,
  );

/** What sqlite3 answers, or how it failed. */
export const sqlite = (file: string, sql: string): string =>
  tried('sqlite3', ['-batch', '-init', '/dev/null', file, sql]).says.trim();

/** Sealed points, by their names. */
export const pointsIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch {
    return [];
  }
};

/** What a run left: processes, and whatever has its id in its name. */
export function leftOf(run: string, folders: readonly string[]): readonly string[] {
  const names = folders.flatMap((folder) => {
    const found = tried('find', [folder, '-mindepth', '1', '-name', `*${run}*`, '-path', '*/.*']).says;
    return found.split('\n').filter((line) => line.startsWith('/'));
  });
  const staged = readdirSync('/run').filter((name) => name.includes(run));
  return [...processesOf(run).map((pid) => `process ${pid}`), ...names, ...staged];
}
