// A login that may do more on a PBS than before: by a role that is given, or by one that is taken away and hid a wider one
// (facts: pbs-api section 7). Whoever writes backups and may also remove them is said aloud: ransomware then may, too.
import type { Consequence, Judged, Look } from '../../contracts/consequence.ts';
import type { Fields } from '../../contracts/resource.ts';
import type { Step } from '../../model/step.ts';
import roles from '../../values/pbs-roles.json' with { type: 'json' };
import { type Configured, configured, textOf } from '../compare/configured.ts';
import { isEnabled, storagesOf } from '../compare/storages.ts';
import { listed, unique } from '../compare/words.ts';

type Grant = Readonly<{ who: string; path: string; role: string; propagate: boolean }>;
type Writer = Readonly<{ pbs: string; login: string; path: string; storage: string }>;
type Grants = ReadonlyMap<string, readonly Grant[]>;

const removing: readonly string[] = ['Datastore.Prune', 'Datastore.Modify'];

export const gainsRights: Consequence = {
  name: 'gains-rights',
  asks: () => [],
  judge: (look) => {
    const entries = configured(look, 'pbs-acl');
    const touched = entries.filter(({ step }) => step !== undefined);
    if (touched.length === 0) return {};
    const [before, after] = [grantsIn(entries, 'before'), grantsIn(entries, 'after')];
    const writers = Map.groupBy(writersIn(look), ({ pbs, login }) => `${pbs} ${userOf(login)}`);
    return {
      means: touched.flatMap((entry) => {
        const grant = grantOf(entry.after ?? entry.before ?? {});
        const here = writers.get(`${entry.server} ${userOf(grant.who)}`) ?? [];
        return entry.step === undefined ? [] : gained(entry.server, entry.step, grant, here, before, after);
      }),
    };
  },
};

const grantOf = (fields: Fields): Grant => ({
  ...{ who: textOf(fields['for']), path: textOf(fields['path']), role: textOf(fields['role']) },
  propagate: fields['propagate'] !== false,
});

const grantsIn = (entries: readonly Configured[], when: 'before' | 'after'): Grants =>
  Map.groupBy(
    entries.flatMap(({ server, [when]: fields }) => (fields === undefined ? [] : [{ ...grantOf(fields), server }])),
    ({ server, who }) => `${server} ${who}`,
  );

const userOf = (login: string): string => login.split('!')[0] ?? login;

function gained(
  server: string,
  step: Step,
  { who, path, role }: Grant,
  writers: readonly Writer[],
  before: Grants,
  after: Grants,
): NonNullable<Judged['means']> {
  const gainsAt = (login: string, at: string): readonly string[] => {
    const had = privileges(before, server, login, at);
    return [...privileges(after, server, login, at)].filter((one) => !had.has(one));
  };
  const more = gainsAt(who, path);
  const by = step.act === 'remove' ? 'since a narrower role there is taken away' : `by the role ${role}`;
  const dangerous = writers
    .filter(({ login, path: at }) => isFor(who, login) && `${at}/`.startsWith(path === '/' ? path : `${path}/`))
    .map((writer) => ({ ...writer, more: gainsAt(writer.login, writer.path).filter((one) => removing.includes(one)) }))
    .filter((writer) => writer.more.length > 0);
  return [
    ...(more.length === 0
      ? []
      : [{ step: step.id, says: `${who} gains ${listed(more)} on ${path}, ${by}`, class: 'reaches' as const }]),
    ...[...Map.groupBy(dangerous, ({ login, more: which }) => `${login} ${which.join(', ')}`).values()].map((ones) => ({
      step: step.id,
      says: mayRemove(ones),
      class: 'reaches' as const,
    })),
  ];
}

function mayRemove(ones: readonly (Writer & Readonly<{ more: readonly string[] }>)[]): string {
  const storages = listed(unique(ones.map(({ storage }) => storage)), 5);
  return `${ones[0]?.login} writes the backups of ${storages}, and may then remove them, too (${ones[0]?.more.join(', ')}): give it DatastoreBackup alone, and prune by a prune job of the PBS`;
}

/** What a user is given can widen what its tokens may, which is never more than both. */
const isFor = (who: string, login: string): boolean => login === who || userOf(login) === who;

const writersIn = (look: Look): readonly Writer[] => {
  const storages = storagesOf(look);
  return storages.all.flatMap((storage) => {
    const { name, server, after } = storage;
    const target = isEnabled(after) ? storages.targetOf(storage, after) : undefined;
    if (target === undefined) return [];
    const path = ['/datastore', target.store, target.namespace].filter((part) => part !== '').join('/');
    return [{ pbs: target.pbs, login: textOf(after?.['username']), path, storage: `${name} on ${server}` }];
  });
};

function privileges(grants: Grants, server: string, login: string, path: string): ReadonlySet<string> {
  const own = ownPrivileges(grants.get(`${server} ${login}`) ?? [], path);
  const user = userOf(login);
  if (user === login || user === 'root@pam') return own;
  const users = ownPrivileges(grants.get(`${server} ${user}`) ?? [], path);
  return new Set([...own].filter((one) => users.has(one)));
}

const table: Readonly<Record<string, readonly string[]>> = roles;

/** From `/` down; a role at a deeper node takes the place of all that was inherited. */
function ownPrivileges(grants: readonly Grant[], path: string): ReadonlySet<string> {
  let held: ReadonlySet<string> = new Set();
  for (const node of nodesOf(path)) {
    const here = grants.filter((one) => one.path === node && (one.propagate || node === path));
    if (here.length > 0) held = new Set(unionOf(here.map(({ role }) => role)));
  }
  return held;
}

const unionOf = (names: readonly string[]): readonly string[] =>
  names.includes('NoAccess') ? [] : unique(names.flatMap((name) => table[name] ?? []));

function nodesOf(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}
