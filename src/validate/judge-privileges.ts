// What a login may do against what it must be able to do: what is missing, and what is too much. Pure.
import type { Identity } from '../model/step.ts';
import type { Check } from './check.ts';
import { type AclEntry, allowed, grantCommands, reaches, revokeCommands } from './grant.ts';
import type { Need } from './needs.ts';
import critical from './privileges/critical.json' with { type: 'json' };

type Product = 'pve' | 'pbs';

/** Effective privileges by path, each with whether it reaches further down. */
export type Held = Readonly<Record<string, Readonly<Record<string, boolean>>>>;

export type LoginSeen = Readonly<{
  product: Product;
  /** `USER@REALM` or `USER@REALM!TOKEN` */
  login: string;
  needs: readonly Need[];
  /** what it needs for other things than those that are looked at */
  others?: readonly Need[];
  /** what it may have beside */
  may: readonly Need[];
  /** all the server told, and each path of `needs` for certain */
  held: Held;
  acl: readonly AclEntry[] | undefined;
}>;

export function judgePrivileges(seen: LoginSeen): readonly Check[] {
  const missing = seen.needs.filter(({ path, privilege }) => seen.held[path]?.[privilege] === undefined);
  const byPath = [...Map.groupBy(missing, ({ path }) => path)];
  if (seen.login === 'root@pam') return [isRoot(seen)];
  const checks = [...byPath.map(([path, needs]) => missingCheck(seen, path, needs)), ...surplus(seen)];
  if (checks.length > 0) return checks;
  return [{ check: 'privileges', state: 'good', seen: `${seen.login} has what it needs, and no more` }];
}

const isRoot = ({ product, needs }: LoginSeen): Check => {
  const path = needs[0]?.path ?? '/';
  const example = `holdfast@${product}!NAME`;
  return {
    check: 'privileges',
    state: 'warning',
    seen: 'root@pam may do everything there, and no role limits it',
    remedy: `make a user and a token of its own (${example}), and give it what it needs: ${grantCommands(product, example, path, needs)}`,
  };
};

const inOrder = <Value>(values: readonly Value[]): readonly Value[] => [...new Set(values)].sort();

function missingCheck({ product, login, needs }: LoginSeen, path: string, missing: readonly Need[]): Check {
  const privileges = missing.map(({ privilege }) => privilege);
  const kinds = inOrder(missing.flatMap((need) => need.kinds));
  const holders = inOrder(missing.flatMap((need) => need.holders));
  const identities = holders.filter((holder): holder is Identity => holder !== 'storage');
  return {
    check: 'privileges',
    state: 'wrong',
    seen: `${path} needs ${privileges.join(', ')}: ${login} lacks it (for ${kinds.join(', ')})`,
    remedy: grantCommands(product, login, path, needs),
    privileges: { login, path, privileges, problem: 'missing', identities, kinds },
  };
}

const dangers: Readonly<Record<Product, Readonly<Record<string, string>>>> = critical;

/** Each privilege where it comes in, not again on every path below. Rights to read are never too much. */
function surplus({ product, login, needs: own, others = [], may, held, acl }: LoginSeen): readonly Check[] {
  const needs = [...own, ...others];
  const isAllowed = allowed(product, [...needs, ...may]);
  const paths = Object.keys(held).sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
  const passedDown: { path: string; privilege: string }[] = [];
  return paths.flatMap((path): readonly Check[] => {
    const privileges = Object.keys(held[path] ?? {})
      .filter((privilege) => !passedDown.some((one) => one.privilege === privilege && reaches(one.path, path)))
      .filter((privilege) => !isAllowed(path, privilege))
      .sort();
    if (privileges.length === 0) return [];
    for (const privilege of privileges) if (held[path]?.[privilege] === true) passedDown.push({ path, privilege });
    const why = inOrder(privileges.flatMap((privilege) => dangers[product][privilege] ?? []));
    const commands = inOrder(
      privileges.map((privilege) =>
        revokeCommands({ product, login, path, privilege, down: held[path]?.[privilege] === true, needs, acl }),
      ),
    );
    return [
      {
        check: 'privileges',
        state: 'warning',
        seen: `${login} has ${privileges.join(', ')} on ${path}, and nothing declared needs it there${why.length === 0 ? '' : `: ${why.join('; ')}`}`,
        remedy: commands.join(' && '),
        privileges: { login, path, privileges, problem: 'too much', identities: [], kinds: [] },
      },
    ];
  });
}
