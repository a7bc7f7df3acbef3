// A fault is what the operator reads at three in the morning: a code that never changes its meaning, the subject it is
// about, what was seen, and what to do next. Every code stands in docs/reference/faults.md (test/agreements.test.ts).

/** Exit codes of the command line (DESIGN 4). A fault without one ends the command with `failed`. */
export const exitCodes = {
  fine: 0,
  failed: 1,
  changes: 2,
  partly: 3,
  misused: 64,
  invalid: 65,
  locked: 75,
  interrupted: 130,
} as const;
export type Exit = keyof typeof exitCodes;

export type FaultParts = Readonly<{
  /** the server, file, workload or option the fault is about */
  where: string;
  /** what was seen, in the words of whoever said it */
  says: string;
  /** what the operator does next */
  remedy: string;
  exit?: Exit;
  cause?: unknown;
}>;

export class Fault extends Error {
  readonly code: string;
  readonly where: string;
  readonly says: string;
  readonly remedy: string;
  readonly exit: Exit;

  constructor(code: string, parts: FaultParts) {
    super(`${parts.where}: ${parts.says}`, parts.cause === undefined ? {} : { cause: parts.cause });
    this.name = 'Fault';
    this.code = code;
    this.where = parts.where;
    this.says = parts.says;
    this.remedy = parts.remedy;
    this.exit = parts.exit ?? 'failed';
  }

  toJSON(): FaultRecord {
    return { code: this.code, where: this.where, says: this.says, remedy: this.remedy };
  }
}

/** A fault as the journal and `--json` hold it. */
export type FaultRecord = Readonly<{ code: string; where: string; says: string; remedy: string }>;

/** Any thrown thing as a fault: what is not ours is a defect, and is said to be one. */
export function asFault(thrown: unknown, where: string): Fault {
  if (thrown instanceof Fault) return thrown;
  const says = thrown instanceof Error ? thrown.message : String(thrown);
  return new Fault('unexpected', {
    where,
    says,
    remedy: 'this is a defect in Holdfast: please report it with the log of the run',
    cause: thrown,
  });
}
