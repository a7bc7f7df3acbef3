// How PVE says no (facts: pve-api section 1 "Errors"): almost everything that "died" is a 500, parameters are a 400 with a map.

export class PveRefusal extends Error {
  readonly status: number;
  /** reasons by parameter; only a 400 has them */
  readonly errors: Readonly<Record<string, string>> | undefined;
  /** plain text, not JSON */
  readonly plain: boolean;

  constructor(
    status: number,
    text: string,
    parts: { errors?: Readonly<Record<string, string>>; plain?: boolean } = {},
  ) {
    super(text);
    this.status = status;
    this.errors = parts.errors;
    this.plain = parts.plain ?? false;
  }
}

const verificationFailed = 'Parameter verification failed.\n';

export const died = (text: string): PveRefusal => new PveRefusal(500, `${text}\n`);
export const badParameters = (errors: Readonly<Record<string, string>>): PveRefusal =>
  new PveRefusal(400, verificationFailed, { errors });
export const lacksRight = (path: string, privileges: readonly string[]): PveRefusal =>
  new PveRefusal(403, `Permission check failed (${path}, ${privileges.join('|')})\n`);

/** As the storage calls do it: whatever is raised under the lock is a 500 with words before it. */
export function prefixed(prefix: string, thrown: unknown): unknown {
  return thrown instanceof PveRefusal ? new PveRefusal(500, `${prefix}${thrown.message}`) : thrown;
}

/** As the job calls do it: an error loses its status under the lock, which then begins its text, and its map becomes lines. */
export function wrapped(thrown: unknown): unknown {
  if (!(thrown instanceof PveRefusal) || thrown.status === 500) return thrown;
  const lines = Object.entries(thrown.errors ?? {}).map(([name, reason]) => `${name}: ${reason}\n`);
  return new PveRefusal(500, `${thrown.status} ${thrown.message}${lines.join('')}`);
}
