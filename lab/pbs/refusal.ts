// How PBS says no (facts: pbs-api section 1): a status and a plain text that calls itself JSON.

export class PbsRefusal extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

export const badRequest = (text: string): PbsRefusal => new PbsRefusal(400, text);
export const noLogin = (): PbsRefusal => new PbsRefusal(401, 'authentication failed');
export const forbidden = (): PbsRefusal => new PbsRefusal(403, 'permission check failed');

/** As a call on the content of a store says it. */
export const lacksRight = (path: string, privileges: readonly string[]): PbsRefusal =>
  new PbsRefusal(403, `permission check failed - missing ${privileges.join('|')} on ${path}`);
/** As a call on a job or a task says it: with 400. */
export const missesPermission = (path: string, privileges: readonly string[]): PbsRefusal =>
  badRequest(`missing permissions '${privileges.join('|')}' on '${path}'`);
export const notFound = (text: string): PbsRefusal => new PbsRefusal(404, text);
export const noSuchDatastore = (name: string): PbsRefusal => badRequest(`no such datastore '${name}'`);

const failed = 'parameter verification failed';

/** One problem stands on the line; several have a line each. */
export function badParameters(problems: readonly (readonly [name: string, why: string])[]): PbsRefusal {
  const [first] = problems;
  if (problems.length === 1 && first !== undefined) return badRequest(`${failed} - '${first[0]}': ${first[1]}`);
  return badRequest(`${failed}\n${problems.map(([name, why]) => `- '${name}': ${why}\n`).join('')}`);
}
