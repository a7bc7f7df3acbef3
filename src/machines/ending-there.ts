// Ending processes on another machine: politely, then not, until they are gone or have to be given up by name.
import { Fault } from '../fault.ts';
import { type Duration, milliseconds, seconds } from '../values/duration.ts';
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
    const look = run(['sh', '-c', signalling(signal, mark, except)], { deadline: lookDeadline });
    const { stdout } = await look.catch((error) => {
      const overdue = error instanceof Fault && error.code === 'command-overdue';
      throw overdue ? commandStays(place.name, 'what was started there, which nobody can look for,') : error;
    });
    // Without a way to look, the closed channel has to do.
    return stdout === 'blind\n' ? [] : stdout.split('\n').filter((name) => name !== '');
  };
  /** @returns who is left when the patience is over */
  const gone = async (signal: '0' | 'KILL', patience: Duration): Promise<readonly string[]> => {
    let left: readonly string[] = [];
    for (let waited = 0, pause = 50; waited < patience; waited += pause, pause = Math.min(pause * 2, 1000)) {
      await place.clock.sleep(milliseconds(pause));
      left = await send(signal);
      if (left.length === 0) break;
    }
    return left;
  };
  if ((await send('TERM')).length === 0 || (await gone('0', grace)).length === 0) return;
  // Again and again: while some are killed, others are still starting more.
  await send('KILL');
  const left = await gone('KILL', lastWait);
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
