// Entries of a PBS's ACL (facts: pbs-api section 7). An entry has no name there: its role, whose it is and its path are one.
import type { Declared, FoundOn, ResourceOf, Section } from '../../contracts/resource.ts';
import { Fault } from '../../fault.ts';
import type { PbsServer } from '../../model/estate.ts';
import type { Found } from '../../model/observed.ts';
import type { Change } from '../../model/step.ts';
import { type ApiPath, type ProxmoxApi, path } from '../../proxmox/api.ts';
import { byName } from '../../proxmox/decode.ts';
import type { Json } from '../../values/canonical.ts';
import { type Ref, ref } from '../../values/ref.ts';
import { configResource, type FieldTable, itemOf, type Weight } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { flag, text } from '../common/field.ts';
import { refuseOwnLogin } from '../common/own-login.ts';
import { aclFile, allRights, type Right, setRight, takeRight } from '../common/pbs-rights.ts';
import { isToken, userOf } from '../common/pbs-texts.ts';
import { mayDo, privilegesOf } from './pbs-acl-rights.ts';
import { type AclEntry, acl, everyoneIn } from './pbs-acl-schema.ts';

const fields: FieldTable = {
  path: text('path', { fixed: true }),
  role: text('role', { fixed: true }),
  for: text('for', { fixed: true }),
  propagate: flag('propagate', true, { undeletable: true }),
};

const nameOf = ({ role, for: auth, path: at }: Right): string => `${role} ${auth} ${at}`;
const rightIn = (item: Readonly<Record<string, Json>>): Right => item as unknown as Right;

type Acl = { acl: readonly AclEntry[] };

const section: Section<Acl> = {
  at: 'pbs',
  shape: { acl },
  declare: ({ acl: entries }, estate, server) => {
    const rights = entries.flatMap((entry) => everyoneIn(entry).map((auth): Right => ({ ...entry, for: auth })));
    return entries.flatMap((entry, index) =>
      everyoneIn(entry).map((auth): Declared => {
        const right: Right = { ...entry, for: auth };
        return {
          ...{ server: server.name, name: nameOf(right), item: itemOf(fields, right), secrets: {} },
          needs: loginsOf(server, auth),
          place: estate.placeOf(['pbs', estate.pbs.indexOf(server), 'acl', index]),
          notes: withoutEffect(server, rights, right),
        };
      }),
    );
  },
  write: (found) => (found.length === 0 ? {} : { acl: together(found) }),
};

/** Those who have the same role at the same place, in one entry. */
function together(found: readonly FoundOn[]): readonly Json[] {
  const alike = Map.groupBy(found, ({ value }) => JSON.stringify([value['path'], value['role'], value['propagate']]));
  return [...alike.values()].flatMap((ones) => {
    const [first] = ones;
    if (first === undefined) return [];
    const { path: at, role, propagate } = rightIn(first.value);
    const whom = ones.map(({ value }) => rightIn(value).for).sort();
    return [{ path: at, role, for: whom.length === 1 ? (whom[0] ?? '') : whom, ...(propagate ? {} : { propagate }) }];
  });
}

const loginsOf = ({ name }: PbsServer, auth: string): readonly Ref[] => [
  ref('pbs-user', name, userOf(auth)),
  ...(isToken(auth) ? [ref('pbs-token', name, auth)] : []),
];

/** Of a user that the estate makes, all rights are known: what its token is given beyond them has no effect. */
function withoutEffect(server: PbsServer, rights: readonly Right[], right: Right): Declared['notes'] {
  const user = userOf(right.for);
  const made = (server['users'] ?? []) as readonly Readonly<{ id: string }>[];
  if (!isToken(right.for) || !made.some(({ id }) => id === user)) return [];
  const ofUser = mayDo(rights, user, right.path);
  const beyond = privilegesOf(right.role).filter((privilege) => !ofUser.has(privilege));
  if (beyond.length === 0) return [];
  const says = `${right.for} cannot use ${beyond.join(', ')} at ${right.path}: a token may do no more than its user, and the estate gives ${user} no such right there`;
  return [{ level: 'warning', says }];
}

const entries: ResourceOf<Acl> = configResource<Acl>({
  name: 'pbs-acl',
  title: 'right',
  product: 'pbs',
  after: ['pbs-user', 'pbs-token'],
  section,
  entries: { ...{ file: aclFile, what: 'ACL entries', collection: path`/access/acl`, id: 'path' }, entry: noEntry },
  fields,
  path: 'pbs[].acl[]',
  weigh: weighRight,
});

/** Nothing asks for a single one: there is no such call. */
function noEntry(name: string): ApiPath {
  throw new Error(`an ACL entry has no path of its own: ${name}`);
}

function weighRight({ item }: Declared, found: Found | undefined, changes: readonly Change[]): Weight {
  const { role, for: auth, path: at, propagate } = rightIn(item);
  const privileges = privilegesOf(role);
  const reach = propagate ? 'there and below' : 'there, and not below';
  const limit = isToken(auth) ? `, as far as ${userOf(auth)} may` : '';
  const means =
    role === 'NoAccess'
      ? `${auth} may then do nothing at ${at}, whatever it may do above`
      : `${auth} may then use ${privileges.join(', ')} at ${at} (${reach})${limit}${at === '/' ? '' : '; what it has from above no longer counts there'}`;
  return { because: [means], risk: found === undefined && changes.length === 0 ? 'adds' : 'changes' };
}

export const pbsAcl = defineResource<Acl>({
  ...entries,
  read: async (api, { signal }) => {
    const { entries: rights, digest } = await allRights(api, { signal });
    const found = rights
      .map((right) => ({ name: nameOf(right), value: { ...right } }))
      .sort(byName(({ name }) => name));
    return { found, digest };
  },
  create: async (api, { fields: item }, signal) => {
    const right = rightIn(item);
    const digest = await refuseShutOut(api, right, signal);
    await setRight(api, right, { signal, digest });
    return {};
  },
  update: async (api, { fields: item }, _found, { signal, digest }) => {
    await setRight(api, rightIn(item), { signal, digest });
    return {};
  },
  remove: async (api, { value }, { signal, digest }) => {
    refuseOwnLogin(api, rightIn(value).for, 'one of its rights would be taken away');
    await takeRight(api, rightIn(value), { signal, digest });
  },
});

/** NoAccess and other roles drive each other out of one place, without a word: nobody's right is taken that way. */
async function refuseShutOut(api: ProxmoxApi, right: Right, signal: AbortSignal): Promise<string | undefined> {
  const { entries: rights, digest } = await allRights(api, { signal });
  const shut = rights.filter(
    (one) =>
      one.for === right.for && one.path === right.path && (one.role === 'NoAccess') !== (right.role === 'NoAccess'),
  );
  if (shut.length === 0) return digest;
  throw new Fault('right-shuts-out', {
    where: `${right.for} at ${right.path} on ${api.name}`,
    says: `${right.role} would take ${shut.map(({ role }) => role).join(', ')} away there: NoAccess and other roles exclude each other at one place`,
    remedy: 'remove those there first (what Holdfast made: with --prune), then apply again',
  });
}
