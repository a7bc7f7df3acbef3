// A line to a machine: a connection, or whatever enters it, with a keeper at its other end. Nothing is begun through a line
// before its keeper stands; when the line breaks, the keeper ends what was begun through it.
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Fault } from '../fault.ts';
import { formatDuration, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import type { Begin, Begun } from './commands.ts';
import { keeping, type Mark } from './found-there.ts';
import type { Argv } from './machine.ts';
import { within } from './stopping.ts';

export type Opening = Readonly<{
  /** what is started first, with the keeper's script, or with what it says when it stands; as long as it runs the line is open */
  keep(script: string, ready: string): Argv;
  /** a script of sh(1) through the open line */
  enter(script: string): Argv;
  /** commands at one time; one more is kept for ending them */
  room: number;
  /** the socket of the connection, where there is such a thing */
  control?: string;
  /** why it could not be opened, from what was said */
  refused(says: string): Fault;
  /** when it is open, or could not be opened: what was needed for opening only is given back */
  opened?(): Promise<void>;
  closed?(): Promise<void>;
}>;

export type Place = Readonly<{
  name: string;
  clock: Clock;
  /** of the machine where `keep` and `enter` are commands */
  begin: Begin;
  /** the first part of the marks of all lines of this world */
  world: string;
  /** of what was said instead of beginning: the fault it is, where that is known */
  notEntered?(says: string): Fault | undefined;
}>;

export interface Line {
  readonly mark: Mark;
  readonly enter: Opening['enter'];
  readonly control: string | undefined;
  room: number;
  used: number;
  lost: boolean;
  close(): Promise<void>;
}

/** What this world starts to reach other machines is not what it looks for when it ends leftovers, where it reaches itself. */
export const ownMark = ({ world }: Pick<Place, 'world'>): Readonly<Record<string, string>> => ({
  HOLDFAST_SESSION: `${world}.0`,
});

/** For the connection and the login together. */
const patience = seconds(45);
const beat = seconds(10);

let lines = 0;

export async function openLine(place: Place, opening: Opening): Promise<Line> {
  lines += 1;
  const mark = `HOLDFAST_SESSION=${place.world}.${lines}` as const;
  const ready = `holdfast-keeps-${randomBytes(6).toString('hex')}`;
  const over = new AbortController();
  try {
    const options = { signal: over.signal, env: ownMark(place) };
    const keeper = await place.begin(opening.keep(keeping(ready, mark), ready), options, 'pipe');
    keeper.input?.on('error', () => {});
    await untilReady(place, opening, keeper, ready, over);
    return open(place, opening, keeper, mark, over);
  } catch (error) {
    await opening.closed?.();
    throw error;
  } finally {
    await opening.opened?.();
  }
}

async function untilReady(
  { name, clock }: Place,
  opening: Opening,
  keeper: Begun,
  ready: string,
  over: AbortController,
): Promise<void> {
  const said = textOf(keeper.errors);
  const greeting = textOf(keeper.output);
  let ended = false;
  const end = keeper.ended.catch(() => {}).then(() => (ended = true));
  const stands = new Promise<void>((resolve) =>
    keeper.output.on('data', () => (greeting().includes(ready) ? resolve() : undefined)),
  );
  const inTime = await within(clock, patience, Promise.race([stands, end]));
  if (inTime && !ended) return;
  over.abort();
  await end;
  if (inTime) throw opening.refused(said().trim());
  throw new Fault('machine-unreachable', {
    where: name,
    says: `nothing could be started there within ${formatDuration(patience)}`,
    remedy:
      'see whether the machine is up and not overloaded, what its sshd or container runtime logs, and what the login shell does there at its start (~/.bashrc)',
  });
}

/** The first of it; the rest is read and dropped. */
function textOf(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    if (text.length < 8000) text += chunk.toString();
  });
  return () => text;
}

function open({ clock }: Place, opening: Opening, keeper: Begun, mark: Mark, over: AbortController): Line {
  const beats = new AbortController();
  const line: Line = {
    mark,
    enter: opening.enter,
    control: opening.control,
    room: opening.room,
    used: 0,
    lost: false,
    close: async () => {
      line.lost = true;
      beats.abort();
      keeper.input?.end();
      if (!(await within(clock, seconds(5), keeper.ended))) over.abort();
      await keeper.ended.catch(() => {});
      await opening.closed?.();
    },
  };
  const end = () => {
    line.lost = true;
    beats.abort();
  };
  keeper.ended.then(end, end);
  const alive = async () => {
    for (;;) {
      await clock.sleep(beat, beats.signal);
      keeper.input?.write('.');
    }
  };
  alive().catch(() => {});
  return line;
}
