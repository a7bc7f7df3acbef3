// A run that is killed at the moment at which it tries a step, and what the journal says of it once somebody has settled it.
import { type Answered, type Estate, kill, tries, type Victim } from '../../test/e2e/estate.test-support.ts';

export const victims: readonly Victim[] = ['worker', 'supervisor', 'both'];

export type Killed = Readonly<{ run: string; command: string; settled: Answered; state: string | undefined }>;

/**
 * Types a command, kills at the first step whose path fits, and has another command settle what that left.
 *
 * @param path of the step that is tried
 */
export async function killedAt(
  estate: Estate,
  victim: Victim,
  path: RegExp,
  typed: readonly string[],
): Promise<Killed> {
  const before = estate.journal((runs) => runs[0]?.id);
  const started = estate.start(...typed);
  const run = await tries(estate, started, path, before);
  kill(victim, started, run);
  await started.ended;
  const settled = await estate.type('cancel', run);
  const state = estate.journal((runs) => runs.find(({ id }) => id === run)?.state);
  return { run, settled, state, command: `holdfast ${typed.join(' ')}; kill -9 of ${victim}` };
}
