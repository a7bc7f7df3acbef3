// A task of a server, as its task list has it. Times are epoch seconds.

export type Task = {
  readonly upid: string;
  readonly node: string;
  readonly pid: number;
  readonly pstart: number;
  readonly type: string;
  readonly id: string;
  /** a user or a token, whoever started it */
  readonly user: string;
  readonly startedAt: number;
  endedAt: number | undefined;
  /** `OK`, `WARNINGS: n`, or the text of the error */
  exitStatus: string | undefined;
  readonly log: string[];
};

export type TaskOutcome = 'ok' | 'warning' | 'error' | 'unknown';

/** Undefined while it runs. */
export function outcomeOf({ exitStatus }: Task): TaskOutcome | undefined {
  if (exitStatus === undefined) return undefined;
  if (exitStatus === 'OK') return 'ok';
  if (exitStatus.startsWith('WARNINGS: ')) return 'warning';
  return exitStatus === 'unexpected status' || exitStatus === 'unknown' ? 'unknown' : 'error';
}

/** Whether that login may see it without any right: its own, and those of its tokens. */
export const isOwn = ({ user }: Task, login: string): boolean => user === login || user.startsWith(`${login}!`);

const hex = (value: number, digits = 8): string => value.toString(16).toUpperCase().padStart(digits, '0');

export type UpidParts = Pick<Task, 'node' | 'pid' | 'pstart' | 'type' | 'id' | 'user' | 'startedAt'>;

export const pveUpid = ({ node, pid, pstart, startedAt, type, id, user }: UpidParts): string =>
  `UPID:${node}:${hex(pid)}:${hex(pstart)}:${hex(startedAt)}:${type}:${id}:${user}:`;

/** PBS has one more number, and writes the id as systemd escapes a path (facts: pbs-api section 2). */
export const pbsUpid = (parts: UpidParts & { nth: number }): string =>
  `UPID:${parts.node}:${hex(parts.pid)}:${hex(parts.pstart)}:${hex(parts.nth)}:${hex(parts.startedAt)}:${parts.type}:${escaped(parts.id)}:${parts.user}:`;

const escaped = (id: string): string =>
  [...Buffer.from(id)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (character === '/') return '-';
      return /[A-Za-z0-9_.]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
