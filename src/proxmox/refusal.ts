// The server was asked and said no: its own words, by parameter where it named them, and what to do.
import { Fault } from '../fault.ts';
import { cut, shown } from '../values/text.ts';
import type { Product, ServerName } from './api.ts';
import type { Said } from './error-text.ts';
import { judged, type RefusalCode } from './refusal-rules.ts';

/** A right that is missing: one of the privileges, on the path. */
export type Needs = Readonly<{ path: string; privileges: readonly string[] }>;

export class ProxmoxRefusal extends Fault {
  declare readonly code: RefusalCode;
  readonly product: Product;
  /** as meant: a 500 that wraps a 400 has 400 here */
  readonly status: number;
  /** by parameter; empty where none was named */
  readonly errors: Readonly<Record<string, string>>;
  readonly needs: Needs | undefined;

  constructor(server: ServerName, where: string, said: Said) {
    const { code, remedy } = judged(said);
    const needs = code === 'permission-missing' ? needsIn(said.text) : undefined;
    super(code, { where, says: wordsOf(said), remedy: needs === undefined ? remedy : grant(server, needs) });
    this.product = said.product;
    this.status = said.status;
    this.errors = said.errors;
    this.needs = needs;
  }
}

const refusedAs =
  (code: RefusalCode) =>
  (error: unknown): error is ProxmoxRefusal =>
    error instanceof ProxmoxRefusal && error.code === code;

export const isNotFound = refusedAs('object-not-found');
export const alreadyExists = refusedAs('object-exists');
export const changedMeanwhile = refusedAs('changed-meanwhile');
export const lacksPermission = refusedAs('permission-missing');

/** The lock was not had, so nothing was done: the one refusal after which a write may be sent again. */
export const lostTheLock = (error: unknown): boolean =>
  refusedAs('server-busy')(error) && error.says.includes('got lock request timeout');

const longest = 2000;

function wordsOf(said: Said): string {
  const named = Object.entries(said.errors).map(([parameter, reason]) => `${parameter}: ${reason}`);
  const words = named.length > 0 ? named.join('; ') : said.text;
  const oneLine = words.replace(/\s*\n\s*/g, '; ').replace(/;?\s*$/, '');
  return cut(shown(oneLine), longest) || `status ${said.status}, without a word`;
}

// PVE: Permission check failed (/storage/p1, Datastore.Allocate|Datastore.Audit)
// PBS: missing permissions 'Datastore.Modify' on '/datastore/s' | permission check failed - missing A|B on /path
function needsIn(text: string): Needs | undefined {
  const [, pvePath, pvePrivileges] = /Permission check failed \((\/[^,)]*), ([\w.|]+)\)/.exec(text) ?? [];
  const [, pbsPrivileges, pbsPath] = /missing (?:permissions? )?'?([\w.|]+)'? on '?(\/[^\s']*)'?/.exec(text) ?? [];
  const path = pvePath ?? pbsPath;
  const privileges = pvePrivileges ?? pbsPrivileges;
  return path === undefined || privileges === undefined ? undefined : { path, privileges: privileges.split('|') };
}

function grant(server: ServerName, needs: Needs): string {
  const user = server.identity.split('!')[0];
  const both = user === server.identity ? '' : `, and to ${user} as well, since a token has only what its user has too`;
  return `give ${server.identity} a role with ${needs.privileges.join(' or ')} on ${needs.path}${both}`;
}
