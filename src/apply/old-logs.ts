// The output of tools lies beside the journal, a folder a run. The journal keeps what happened; the output of old runs goes.
import { existsSync, readdirSync, rmSync } from 'node:fs';
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
    // What a failed recovery left lies in `taken`, perhaps still mounted: that is never removed here.
    rmSync(join(runFolder(state, run), 'log'), { force: true });
    const rest = readdirSync(runFolder(state, run));
    if (rest.length === 0) rmSync(runFolder(state, run), { recursive: true });
  }
}
