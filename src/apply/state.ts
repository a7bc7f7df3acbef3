// Where the state of an estate lies. `root` is what --state names; each estate has a folder of its own in it. Lanes are
// shared by all estates of the machine that share a root, because disks and servers are.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../model/plan.ts';
import type { RunId } from '../model/run.ts';
import { lockFileOf } from './lanes.ts';

export const stateFolder = (root: string, estate: string): string => join(root, encodeURIComponent(estate));

/** A root that this user may not look into is said by whoever opens the state in it. */
function foldersIn(root: string): readonly string[] {
  try {
    return statSync(root, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(root) : [];
  } catch (error) {
    if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** The names of the estates that have a state there. Whatever else lies there, or that there is no folder at all, is no matter. */
export function estatesIn(root: string): readonly string[] {
  return foldersIn(root).flatMap((folder) => {
    const name = estateOf(folder);
    return name !== undefined && existsSync(join(root, folder, 'journal.db')) ? [name] : [];
  });
}

function estateOf(folder: string): string | undefined {
  try {
    const name = decodeURIComponent(folder);
    return encodeURIComponent(name) === folder ? name : undefined;
  } catch {
    return undefined;
  }
}

export const lanesFolder = (root: string): string => join(root, '.lanes');
export const runFolder = (state: string, run: RunId): string => join(state, 'runs', run);
/** What steps take (mounts, sockets) lies here, under a name that carries the run's id. */
export const takenFolder = (state: string, run: RunId): string => join(runFolder(state, run), 'taken');
/** Held by the run's supervisor as long as it lives. */
export const runLock = (state: string, run: RunId): string => join(state, 'locks', `run-${run}.lock`);
/** Held while a run of the job goes on: a second start is refused. */
export const jobLock = (state: string, job: Job): string => lockFileOf(join(state, 'locks'), `job ${job}`);
