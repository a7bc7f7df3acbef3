// A machine that is entered by a command: `ssh`, `pct exec`, `docker exec`, `kubectl exec`. One implementation for all: they
// differ in how a line is opened (ssh.ts, entered.ts), not in what a command is.
import { randomBytes } from 'node:crypto';
import { milliseconds } from '../values/duration.ts';
import { type Begin, type Begun, commandsBy } from './commands.ts';
import { endThere } from './ending-there.ts';
import { filesByCommands } from './files-by-commands.ts';
import { type Line, type Opening, openLine, type Place } from './line.ts';
import { type Lines, linesBy } from './lines.ts';
import type { Entrance } from './local.ts';
import type { Machine } from './machine.ts';
import { grace, lastWait, untilStopped, within } from './stopping.ts';
import { connectionLost, type Passed, through } from './through.ts';

export type Remote = Machine &
  Entrance &
  AsyncDisposable &
  Readonly<{
    /** ends what carries the run's id there, but for what this very world has started */
    endLeftovers(run: string): Promise<void>;
    /** the socket of an open connection, where there is such a thing */
    control(): Promise<string>;
  }>;

export type Way = Place &
  Readonly<{
    /** the id of the run on whose behalf commands are started, where there is one */
    run?: string | undefined;
    opening(): Promise<Opening>;
    /** of what was said instead of beginning: whether it is known that nothing began, since the line was full or is gone */
    notBegun?(says: string): 'full' | 'gone' | undefined;
  }>;

export function remoteMachine(way: Way): Remote {
  const lines = linesBy(async () => openLine(way, await way.opening()));
  const begin: Begin = (...command) => beginThere(way, lines, command);
  const commands = commandsBy(begin);
  const on = async <Result>(work: (line: Line) => Promise<Result>): Promise<Result> => {
    const line = await lines.take();
    try {
      return await work(line);
    } finally {
      lines.leave(line);
    }
  };
  return {
    name: way.name,
    ...commands,
    begin,
    files: filesByCommands({ begin, ...commands }),
    endLeftovers: (run) => on((line) => endThere(way, line, `HOLDFAST_RUN=${run}`, `HOLDFAST_SESSION=${way.world}.`)),
    control: () => on(async ({ control }) => control ?? ''),
    [Symbol.asyncDispose]: () => lines.close(),
  };
}

/** A line that takes no more is left for another one: as often as there may be others that are on their way out, too. */
const tries = 5;

async function beginThere(way: Way, lines: Lines, command: Parameters<Begin>): Promise<Begun> {
  const [, { signal }] = command;
  for (let tried = 1; ; tried += 1) {
    signal?.throwIfAborted();
    const line = await lines.take();
    const leave = () => lines.leave(line);
    try {
      signal?.throwIfAborted();
      const begun = await marked(way, line, command);
      const why = await begun.refused;
      const alone = why === 'full' && line.used === 1;
      if (why === undefined || alone || tried === tries) {
        begun.ended.then(leave, leave);
        return begun;
      }
      if (why === 'full') lines.full(line);
      else line.lost = true;
    } catch (error) {
      leave();
      throw error;
    }
    leave();
  }
}

/** With the marks by which its processes are found there. */
async function marked(
  way: Way,
  line: Line,
  [argv, options, stdin]: Parameters<Begin>,
): Promise<Begun & { refused: Promise<'full' | 'gone' | undefined> }> {
  const id = randomBytes(8).toString('hex');
  const [session = '', sessionId = ''] = line.mark.split('=');
  const run = way.run === undefined ? {} : { HOLDFAST_RUN: way.run };
  const env = { ...options.env, ...run, HOLDFAST_COMMAND: id, [session]: sessionId };
  const passed = await through(way, line, argv, env, stdin);
  const ended = untilStopped(way, argv, options, passed.ended, () => stop(way, line, passed, argv[0], id));
  ended.catch(() => {});
  const refused = passed.settled.then(({ begun, says }) => (begun ? undefined : way.notBegun?.(says)));
  return { ...passed, ended, refused };
}

async function stop(way: Way, line: Line, passed: Passed, command: string, id: string): Promise<void> {
  // One that is just beginning would not be found; one whose end is closed before it has begun never does.
  if (!(await within(way.clock, grace, passed.settled))) passed.giveUp();
  try {
    await endedThere(way, line, passed, id);
  } catch (error) {
    throw line.lost ? connectionLost(way.name, command) : error;
  } finally {
    passed.giveUp();
  }
  await passed.ended.catch(() => {});
}

/**
 * Between the word that it begins and the moment in which it carries its mark, a command is not found. So whoever has not heard its end
 * looks again: on a machine with much to do one was missed so, and lived on until the connection was closed.
 */
async function endedThere(way: Way, line: Line, passed: Passed, id: string): Promise<void> {
  const until = way.clock.monotonic() + lastWait;
  do await endThere(way, line, `HOLDFAST_COMMAND=${id}`);
  while (!(await within(way.clock, again, passed.ended)) && way.clock.monotonic() < until);
}

const again = milliseconds(500);
