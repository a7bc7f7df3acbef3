// The layer at work on folders of this machine, in a temp folder that is gone after.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerContext } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Json } from '../../values/canonical.ts';
import { type Clock, systemClock } from '../../values/instant.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { files } from './layer.ts';
import { planProtect } from './protect.ts';
import { planRestore } from './restore.ts';
import { type FilesEntry, filesEntry } from './schema.ts';

export type Place = Readonly<{
  folder: string;
  data: string;
  copies: string;
  back: string;
  entry: FilesEntry;
  world: World;
  /** @param declared beside what the entry says already */
  protect(run: string, more?: Partial<Driven>, declared?: Partial<FilesEntry>): Promise<Outcome>;
  /** @param only a part of it */
  restore(run: string, point: RestorePoint, more?: Partial<Driven>, only?: string): Promise<Outcome>;
  points(): Promise<readonly RestorePoint[]>;
  remarks(): Promise<readonly string[]>;
  /** unfinished folders, and work folders; nothing where nothing is left */
  left(): readonly string[];
  close(): void;
}>;

export const unlessRoot: string | false =
  process.getuid?.() !== 0 && 'it needs root: owners are kept, and sources mounted apart';

export function placeWith(more: Record<string, unknown> = {}, clock?: Clock, on?: string): Place {
  const folder = mkdtempSync(join(on ?? tmpdir(), 'holdfast-files-'));
  const at = (name: string) => join(folder, name);
  const [data, copies, back, taken] = [at('data'), at('copies'), at('back'), at('taken')];
  for (const made of [data, taken]) mkdirSync(made);
  const entry = filesEntry.parse({
    ...{ name: 'files', kind: 'files', machine: 'here', workload: 'photos', from: { folders: [{ folder: data }] } },
    ...{ to: copies, keep: { keep_last: 5 }, ...more },
  });
  const memory = new Map<string, Json>();
  const world: World = {
    ...worldWith(clock),
    recall: (what) => {
      const value = memory.get(what);
      return value === undefined ? undefined : { value, at: systemClock.now() };
    },
    remember: (what, value) => void memory.set(what, value),
  };
  const context: LayerContext = { timeZone: 'Europe/Berlin', now: world.clock.now(), layers: [] };
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    ...{ run: run as RunId, world, taken, ...others },
  });
  return {
    ...{ folder, data, copies, back, entry, world },
    protect: (run, others, declared) =>
      drive(driven(run, others), planProtect({ ...entry, ...declared }, context).steps, 'keep'),
    restore: async (run, point, others, only) => {
      const wish = { point, target: back, only };
      const scouted = await files.scout?.(entry, wish, world, new AbortController().signal);
      return drive(driven(run, others), planRestore(entry, wish, context, scouted).steps, 'lead back');
    },
    points: () => files.points(entry, world),
    remarks: async () => {
      const says: string[] = [];
      await files.points(entry, world, (note) => void says.push(note.says));
      return says;
    },
    left: () =>
      [copies, join(copies, 'files'), taken, folder]
        .flatMap((one) => {
          try {
            return readdirSync(one).map((name) => join(one, name));
          } catch {
            return [];
          }
        })
        .filter((path) => /\/\.(partial|removing|holdfast)-|\/taken\/./.test(path)),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Everything of a tree that must survive, as the tools of the system see it: the same text twice is the same tree. */
export function seen(tree: string): string {
  const sh = (script: string) =>
    execFileSync('sh', ['-c', script, 'sh', tree], {
      env: { ...process.env, LC_ALL: 'C' },
      maxBuffer: 1 << 28,
    }).toString('latin1');
  return [
    sh(
      `cd "$1" && find . \\( -type d -printf '%p %y %m %U %G %T@\\n' -o -printf '%p %y %m %U %G %s %T@ %l\\n' \\) | sort`,
    ),
    sh(`cd "$1" && find . -type f -size -100M -print0 | sort -z | xargs -0r sha256sum`),
    sh(
      `cd "$1" && find . -print0 | sort -z | xargs -0 getfattr -h -d -e hex -m '^(user|trusted[.][^S]|security|system)'`,
    ),
    // Which names are one file; names in other generations do not count.
    sh(
      `cd "$1" && find . -type f -links +1 -printf '%i %p\\n' | sort -k 2 | awk '{ names[$1]++; first[$1] = first[$1] == "" ? $2 : first[$1]; inode[NR] = $1; name[NR] = $2 }
        END { for (at = 1; at <= NR; at++) if (names[inode[at]] > 1) print first[inode[at]], name[at] }'`,
    ),
  ].join('\n');
}
