// Entries that a PBS has by itself and never loses: as they came they are nobody's, and not shown; to declare one is to change
// it, and to remove it makes it again what it was (facts: pbs-api section 8).
import type { Declared, Fields, ResourceOf } from '../../contracts/resource.ts';
import type { Found } from '../../model/observed.ts';
import type { ConfigEntry } from '../../proxmox/config-entries.ts';
import { canonical } from '../../values/canonical.ts';

/** What the server itself calls built in, and nobody has changed. */
export const notBuiltIn = ({ raw }: ConfigEntry): boolean => raw['origin'] !== 'builtin';

type AsItCame = Readonly<Record<string, Fields>>;

const isSame = (one: Fields, other: Fields): boolean => canonical(one) === canonical(other);

/** @param asItCame by name, in the estate's words @param removing whether a removal on the server resets it, or a change must */
export function withBuiltIns<Part>(
  resource: ResourceOf<Part>,
  asItCame: AsItCame,
  removing: 'resets it' | 'must not be done',
): ResourceOf<Part> {
  const own = (name: string): Fields | undefined => (Object.hasOwn(asItCame, name) ? asItCame[name] : undefined);
  return {
    ...resource,
    read: async (api, options) => {
      const { found, digest } = await resource.read(api, options);
      const changed = ({ name, value }: Found): boolean => {
        const first = own(name);
        return first === undefined || !isSame(first, value);
      };
      return { found: found.filter(changed), digest };
    },
    decide: (declared, found) => decideBuiltIn(resource, own(declared.name), declared, found),
    create: (api, wanted, signal) => {
      const value = own(wanted.name);
      if (value === undefined) return resource.create(api, wanted, signal);
      const resend = Object.keys(wanted.secrets);
      return resource.update(api, wanted, { name: wanted.name, value }, { signal, resend });
    },
    remove: async (api, found, options) => {
      const fields = own(found.name);
      if (fields === undefined || removing === 'resets it') return resource.remove(api, found, options);
      await resource.update(api, { name: found.name, fields, secrets: {} }, found, options);
    },
  };
}

function decideBuiltIn<Part>(
  resource: ResourceOf<Part>,
  value: Fields | undefined,
  declared: Declared,
  found: Found | undefined,
) {
  if (value === undefined) return resource.decide(declared, found);
  if (found !== undefined && resource.decide(declared, { name: declared.name, value }).act === 'none')
    return {
      act: 'refuse' as const,
      code: 'declared-as-built-in',
      says: `it is declared just as every PBS has it by itself, and ${declared.server} has it changed`,
      remedy: 'take it out of the estate, and reset it on the PBS (what Holdfast changed there is reset with --prune)',
    };
  if (found !== undefined) return resource.decide(declared, found);
  const decided = resource.decide(declared, { name: declared.name, value });
  // There is nothing of ours to be changed yet: as a step it is a beginning, which a removal leads back.
  if (decided.act !== 'update') return decided;
  const because = [
    `every PBS has it by itself, and ${declared.place} declares it otherwise`,
    ...decided.because.slice(1),
  ];
  return { ...decided, act: 'create' as const, because };
}
