// Hosts for the tests: a copy of a folder of test/fixtures/hosts, whose programs answer from files and note every call.
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { localMachine } from '../machines/local.ts';
import type { HostFacts } from '../model/host.ts';
import { milliseconds } from '../values/duration.ts';
import { after, type Clock, type Instant } from '../values/instant.ts';
import { readHost } from './read-host.ts';

const fixtures = join(import.meta.dirname, '../../test/fixtures/hosts');
export const noon = '2026-02-25T12:00:00.000Z' as Instant;

/** A clock that moves only when told to. */
export function steppedClock(start = noon): Clock & { step(by: number): void } {
  let passed = 0;
  const waiting = new Set<() => void>();
  return {
    now: () => after(start, milliseconds(passed)),
    monotonic: () => passed,
    sleep: (duration, signal) =>
      new Promise((resolve, reject) => {
        const due = passed + duration;
        const look = () => {
          if (passed < due) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
    step: (by) => {
      passed += by;
      for (const look of [...waiting]) look();
    },
  };
}

export interface FixtureHost {
  readonly root: string;
  read(clock?: Clock): Promise<HostFacts>;
  /** replaces a file of the host, or removes it */
  put(path: string, content: string | undefined): Promise<void>;
  /** `pvesh get /version ...`, as the programs were called */
  calls(): Promise<readonly string[]>;
  /** changes when anything on the host changes, the note of the calls apart */
  digest(): Promise<string>;
}

export async function fixtureHost(t: TestContext, name: string): Promise<FixtureHost> {
  const folder = await mkdtemp(join(tmpdir(), 'host-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(fixtures, folder, { recursive: true, verbatimSymlinks: true });
  const root = join(folder, name);
  await writeFile(join(root, 'calls'), '');
  return {
    root,
    read: (clock = steppedClock()) => readHost(localMachine({ name: 'here', clock }), { root, clock }),
    put: async (path, content) => {
      await rm(join(root, path), { recursive: true, force: true });
      if (content !== undefined) await cp(await written(folder, content), join(root, path), { recursive: true });
    },
    calls: async () => (await readFile(join(root, 'calls'), 'utf8')).split('\n').filter((line) => line !== ''),
    digest: () => digestOf(root),
  };
}

async function written(folder: string, content: string): Promise<string> {
  const path = join(folder, 'content');
  await writeFile(path, content);
  return path;
}

async function digestOf(root: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name !== 'calls')
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(`${dirname(file)} ${file}\n`).update(await readFile(file));
  return hash.digest('hex');
}
