/** What goes to standard error, and the exit code. */
export class Refused extends Error {
  readonly exitCode: number;
  constructor(says: string, exitCode = 1) {
    super(says);
    this.exitCode = exitCode;
  }
}

export const fromServer = (reason: string, says: string): Refused =>
  new Refused(`Error from server (${reason}): ${says}`);
