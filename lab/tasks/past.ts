// A task that ended, as the list of a server keeps it: of the weeks before the lab started, or of work done in one go.
import { pbsUpid, pveUpid, type Task } from './task.ts';

export type Past = Readonly<{
  type: string;
  id: string;
  user: string;
  /** epoch seconds */
  startedAt: number;
  seconds: number;
  /** `OK`, `WARNINGS: n`, or the text of the error */
  exit: string;
  /** without the last line, which says how it ended */
  log: readonly Line[];
}>;

/** A PBS writes a time before each line: that many seconds after the start. */
export type Line = string | readonly [second: number, text: string];

const textOf = (line: Line): string => (typeof line === 'string' ? line : line[1]);
const ending = (exit: string): string =>
  exit === 'OK' || exit.startsWith('WARNINGS: ') ? `TASK ${exit}` : `TASK ERROR: ${exit}`;

const common = (node: string, nth: number, { type, id, user, startedAt }: Past) => ({
  ...{ node, type, id, user, startedAt },
  ...{ pid: 1000 + ((nth * 97) % 60_000), pstart: (startedAt * 100) % 2 ** 32 },
});

export function pastOnPve(node: string, nth: number, past: Past): Task {
  const parts = common(node, nth, past);
  // A task that was killed has no last line.
  const last = past.exit === 'unexpected status' ? [] : [ending(past.exit)];
  const log = [...past.log.map(textOf), ...last];
  return { ...parts, upid: pveUpid(parts), endedAt: past.startedAt + past.seconds, exitStatus: past.exit, log };
}

export function pastOnPbs(node: string, nth: number, past: Past): Task {
  const parts = common(node, nth, past);
  const at = (second: number): string =>
    `${new Date((past.startedAt + second) * 1000).toISOString().slice(0, 19)}+00:00: `;
  const lines = past.log.map((line) => `${at(typeof line === 'string' ? 0 : line[0])}${textOf(line)}`);
  const log = [...lines, `${at(past.seconds)}${ending(past.exit)}`];
  const upid = pbsUpid({ ...parts, nth });
  return { ...parts, upid, endedAt: past.startedAt + past.seconds, exitStatus: past.exit, log };
}
