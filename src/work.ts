// The worker's process: what `holdfast __worker` is. Signals of the terminal are not for it; its supervisor's word is.
import { work as doWork } from './apply/worker.ts';
import { readGuardFile } from './guard-file.ts';
import { workshopOf } from './holdfast.ts';
import type { Surroundings } from './surroundings.ts';

export async function work(surroundings: Surroundings): Promise<number> {
  const guard = await readGuardFile(surroundings, surroundings.env['HOLDFAST_GUARD']);
  const code = await doWork(workshopOf({ surroundings, guard }), surroundings.input, surroundings.output);
  // A step that would not stop, or a socket that stays open, must not keep the worker alive.
  process.exit(code);
}
