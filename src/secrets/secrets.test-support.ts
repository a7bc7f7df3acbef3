// A folder for secrets that nobody else can change, and settings around it.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../values/instant.ts';
import type { SecretRules } from '../values/secret-rules.ts';
import type { SecretSettings } from './resolve.ts';

export const user = process.getuid?.() ?? -1;
export const anything: SecretRules = { commands: [], bindings: [] };

export const settings = (parts: Partial<SecretSettings> = {}): SecretSettings => ({
  env: {},
  clock: systemClock,
  user,
  home: userInfo().homedir,
  ...parts,
});

/** Runs with a folder of its own, which is gone afterwards. */
export async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-secrets-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export async function fileIn(
  folder: string,
  name: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content, { mode: 0o600 });
  await chmod(path, mode);
  return path;
}
