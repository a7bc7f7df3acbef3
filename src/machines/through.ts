// One command through an open line.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { pipeline } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Fault } from '../fault.ts';
import { cut, shown } from '../values/text.ts';
import type { Begun, End, Stdin } from './commands.ts';
import { type Line, ownMark, type Place } from './line.ts';
import type { Argv } from './machine.ts';
import { behind, withoutEnd } from './marked.ts';
import { missing } from './search-path.ts';
import { commandScript, type Marks, marksOf } from './wrapper.ts';

export type Passed = Begun &
  Readonly<{
    /** resolves when it has begun there, or has ended without */
    settled: Promise<Readonly<{ begun: boolean; says: string }>>;
    /** closes this end */
    giveUp(): void;
  }>;

export async function through(
  place: Place,
  line: Line,
  argv: Argv,
  env: Readonly<Record<string, string>>,
  stdin: Stdin,
): Promise<Passed> {
  const marks = marksOf(randomBytes(8).toString('hex'));
  return between(place, line.enter(commandScript(argv, env, marks)), marks, argv, stdin);
}

/** @param entering starts the command there, which says the marks when it begins and ends */
export async function between(
  place: Pick<Place, 'name' | 'begin' | 'world' | 'notEntered'>,
  entering: Argv,
  marks: Marks,
  argv: Argv,
  stdin: Stdin,
): Promise<Passed> {
  const over = new AbortController();
  const options = { signal: over.signal, env: ownMark(place) };
  const inner = await place.begin(entering, options, stdin);
  let before = '';
  let begun = false;
  let told: string | undefined;
  const { promise: beginning, resolve: begins } = Promise.withResolvers<void>();
  const note = (text: string) => {
    before += text;
  };
  const output = behind(marks.begins, () => {}, note);
  const errors = withoutEnd(marks.ends, (how) => {
    told = how;
  });
  const start = () => {
    begun = true;
    begins();
  };
  pipeline(inner.output, output, () => {});
  pipeline(inner.errors, behind(marks.begins, start, note), errors, () => {});
  const read = Promise.allSettled([output, errors].map((stream) => finished(stream, { writable: false })));
  const settled = Promise.race([beginning, inner.ended.catch(() => {}), read]).then(() => ({ begun, says: before }));
  const ended = inner.ended.then(async ({ exitCode }) => {
    await read;
    return endOf(place, argv, { told, begun, before, exitCode });
  });
  ended.catch(() => {});
  return { input: inner.input, output, errors, ended, settled, giveUp: () => over.abort() };
}

type Heard = Readonly<{ told: string | undefined; begun: boolean; before: string; exitCode: number }>;

function endOf(
  { name: where, notEntered }: Pick<Place, 'name' | 'notEntered'>,
  [command]: Argv,
  { told, begun, before, exitCode }: Heard,
): End {
  if (told === 'missing') throw missing(command, where);
  if (told !== undefined) return asEnd(Number(told));
  if (begun) throw connectionLost(where, command);
  const known = notEntered?.(before);
  if (known !== undefined) throw known;
  const says = cut(shown(before.trim()), 500);
  throw new Fault('machine-not-entered', {
    where,
    says: says === '' ? `nothing could be started there (exit code ${exitCode})` : says,
    remedy: 'try by hand what the estate says of this machine: its container or pod must run, and have a /bin/sh',
  });
}

const signals = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]));

const asEnd = (exitCode: number): End => ({
  exitCode,
  signal: exitCode > 128 ? signals.get(exitCode - 128) : undefined,
});

export const connectionLost = (where: string, command: string): Fault =>
  new Fault('machine-connection-lost', {
    where,
    says: `the connection ended before ${shown(command)} did; what goes on there is ended within a minute`,
    remedy: 'see whether the machine is up and its network holds, then run it again',
  });
