// The output of tools lies beside the journal, a folder a run. The journal keeps what happened; the output of old runs goes.
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunId } from '../model/run.ts';
import { runFolder } from './state.ts';

const kept = 200;

/** Run ids begin with the time of their start, so the newest sort last. A run that is not finished keeps all it has. */
export function removeOldLogs(state: string, unfinished: readonly RunId[], keep = kept): void {
  const folder = join(state, 'runs');
  if (!existsSync(folder)) return;
  const old = readdirSync(folder).sort().slice(0, -keep);
  for (const run of old) {
    if (unfinished.includes(run)) continue;
    try {
      rmSync(join(runFolder(state, run), 'log'), { force: true });
      // What a failed recovery left lies in `taken`, perhaps still mounted: a folder that is not empty stays.
      rmdirSync(runFolder(state, run));
    } catch {
      // Not empty, no folder of ours, or another run was quicker: no backup is to fail for want of a tidy folder.
    }
  }
}
