// What a role allows, and what somebody may do somewhere by the entries that are declared (facts: pbs-api section 7).
import roles from '../../values/pbs-roles.json' with { type: 'json' };
import type { Right } from '../common/pbs-rights.ts';

const known: Readonly<Record<string, readonly string[]>> = roles;

export const privilegesOf = (role: string): readonly string[] =>
  Object.hasOwn(known, role) ? (known[role] ?? []) : [];

/** From `/` down: a node with any role for somebody replaces what came from above. */
export function mayDo(rights: readonly Right[], auth: string, at: string): ReadonlySet<string> {
  let privileges: ReadonlySet<string> = new Set();
  for (const node of nodesTo(at)) {
    const here = rights.filter((one) => one.for === auth && one.path === node && (one.propagate || node === at));
    if (here.length === 0) continue;
    const shut = here.some(({ role }) => role === 'NoAccess');
    privileges = new Set(shut ? [] : here.flatMap(({ role }) => privilegesOf(role)));
  }
  return privileges;
}

function nodesTo(at: string): readonly string[] {
  const parts = at.split('/').filter((part) => part !== '');
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}
