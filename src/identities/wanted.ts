// The logins that Holdfast works with, as few rights as each kind of work needs (facts: threat-model 3.1), and what of them is
// missing on a host. Pure.
import table from './identities.json' with { type: 'json' };

export type Product = 'pve' | 'pbs';
export type Right = Readonly<{ path: string; role: string; authId: string; propagate: boolean }>;

/** What a host has of all this. */
export type Present = Readonly<{
  roles: Readonly<Record<string, readonly string[]>>;
  users: readonly string[];
  tokens: readonly string[];
  rights: readonly Right[];
  /** storages that backups go to (PVE), or datastores (PBS): what `{...}` in a path stands for */
  places: readonly string[];
  /** identities whose secret lies in its file already */
  saved: readonly string[];
}>;

export type Missing =
  | Readonly<{ what: 'role'; name: string; privileges: readonly string[]; isThere: boolean }>
  | Readonly<{ what: 'user'; id: string; purpose: string }>
  | Readonly<{ what: 'token'; id: string; identity: string; isThere: boolean }>
  | Readonly<{ what: 'right'; right: Right }>;

const purposes: Readonly<Record<string, string>> = {
  observe: 'Holdfast: reads, changes nothing',
  configure: 'Holdfast: changes storages and jobs, only while `apply` runs',
  run: 'Holdfast: starts backups',
  storage: 'Proxmox VE: writes its backups, removes none',
};

type Entry = Readonly<{ user: string; acl: readonly Omit<Right, 'authId'>[] }>;

export const identitiesOf = (product: Product): Readonly<Record<string, Entry>> => table[product].identities;

export const tokenName = 'holdfast';
export const tokenOf = (product: Product, identity: string): string =>
  `${identitiesOf(product)[identity]?.user}!${tokenName}`;

/** In the order in which they can be made: a token's rights are those that both it and its user have. */
export function missingOn(product: Product, present: Present): readonly Missing[] {
  const roles = Object.entries(table[product].roles as Readonly<Record<string, readonly string[]>>);
  const identities = Object.entries(identitiesOf(product));
  const tokens = identities.flatMap(([identity]) => {
    const id = tokenOf(product, identity);
    const isThere = present.tokens.includes(id);
    return isThere && present.saved.includes(identity) ? [] : [{ what: 'token' as const, id, identity, isThere }];
  });
  // A token that is made anew loses the rights it had (facts: pbs-api section 7).
  const remade = new Set(tokens.filter(({ isThere }) => isThere).map(({ id }) => id));
  return [
    ...roles.flatMap(([name, privileges]): Missing[] => {
      const there = present.roles[name];
      if (there !== undefined && sameSet(there, privileges)) return [];
      return [{ what: 'role', name, privileges, isThere: there !== undefined }];
    }),
    ...identities.flatMap(([identity, { user }]): Missing[] =>
      present.users.includes(user) ? [] : [{ what: 'user', id: user, purpose: purposes[identity] ?? 'Holdfast' }],
    ),
    ...tokens,
    ...identities.flatMap(([identity, { user, acl }]) =>
      [user, tokenOf(product, identity)].flatMap((authId) =>
        acl
          .flatMap((one) => placed(one, present.places))
          .map((one): Right => ({ ...one, authId }))
          .filter((right) => remade.has(authId) || !present.rights.some((there) => sameRight(there, right)))
          .map((right): Missing => ({ what: 'right', right })),
      ),
    ),
  ];
}

const placed = (one: Omit<Right, 'authId'>, places: readonly string[]): readonly Omit<Right, 'authId'>[] =>
  one.path.includes('{') ? places.map((place) => ({ ...one, path: one.path.replace(/\{[^}]*\}/, place) })) : [one];

const sameRight = (one: Right, other: Right): boolean =>
  one.path === other.path &&
  one.role === other.role &&
  one.authId === other.authId &&
  one.propagate === other.propagate;

const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each) => other.includes(each));
