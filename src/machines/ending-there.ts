// Ending processes on another machine: politely, then not, until they are gone or have to be given up by name.
import { milliseconds, seconds } from '../values/duration.ts';
import { count } from '../values/text.ts';
import { type Begin, commandsBy } from './commands.ts';
import { type Mark, signalling } from './found-there.ts';
import type { Line, Place } from './line.ts';
import { commandStays, grace, lastWait, untilStopped } from './stopping.ts';
import { through } from './through.ts';

/** One look among the processes there; a disk that does not answer can hold up even that. */
const lookDeadline = seconds(20);

/**
 * @param except processes with a mark that begins so are left alone
 * @throws Fault `command-stays`, or whatever the line says when it is broken
 */
export async function endThere(place: Place, line: Line, mark: Mark, except?: Mark): Promise<void> {
  const { run } = commandsBy(unmarked(place, line));
  const send = async (signal: '0' | 'TERM' | 'KILL'): Promise<readonly string[]> => {
    const { stdout } = await run(['sh', '-c', signalling(signal, mark, except)], { deadline: lookDeadline });
    // Without a way to look, the closed channel has to do.
    return stdout === 'blind\n' ? [] : stdout.split('\n').filter((name) => name !== '');
  };
  const gone = async (patience: number): Promise<boolean> => {
    for (let waited = 0, pause = 50; waited < patience; waited += pause, pause = Math.min(pause * 2, 1000)) {
      await place.clock.sleep(milliseconds(pause));
      if ((await send('0')).length === 0) return true;
    }
    return false;
  };
  if ((await send('TERM')).length === 0 || (await gone(grace))) return;
  let left = await send('KILL');
  if (left.length === 0 || (await gone(lastWait))) return;
  // What was started meanwhile has not had its signal yet.
  left = await send('KILL');
  if (left.length > 0) throw commandStays(place.name, named(left));
}

/** `PID NAME` lines as `NAME (PID), ...` */
const named = (lines: readonly string[]): string => {
  const names = lines.slice(0, 5).map((line) => line.replace(/^(\d+) (.*)$/, '$2 ($1)'));
  return `${names.join(', ')}${lines.length > 5 ? ` and ${count(lines.length - 5, 'other')}` : ''}`;
};

/** Begins what carries no mark, so that it does not find itself. */
const unmarked =
  (place: Place, line: Line): Begin =>
  async (argv, options, stdin) => {
    const passed = await through(place, line, argv, {}, stdin);
    const ended = untilStopped(place, argv, options, passed.ended, async () => passed.giveUp());
    ended.catch(() => {});
    return { ...passed, ended };
  };
