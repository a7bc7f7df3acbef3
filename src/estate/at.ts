// Values of an estate that was not yet checked, by patterns such as `pbs[].datastores[].name`.
import type { Path } from './problem.ts';
import type { Mapping } from './yaml-value.ts';

export type At = Readonly<{ path: Path; value: unknown }>;

export const isMapping = (value: unknown): value is Readonly<Mapping> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whatever is there; what has another shape is passed over, since the schema tells of that. */
export function valuesAt(root: Readonly<Mapping>, pattern: string): readonly At[] {
  let found: readonly At[] = [{ path: [], value: root }];
  for (const part of pattern.replaceAll('[]', '.[]').split('.'))
    found = found.flatMap(({ path, value }): readonly At[] => {
      if (part === '[]')
        return Array.isArray(value) ? value.map((item, index) => ({ path: [...path, index], value: item })) : [];
      return isMapping(value) && Object.hasOwn(value, part) ? [{ path: [...path, part], value: value[part] }] : [];
    });
  return found;
}

export const textsAt = (root: Readonly<Mapping>, pattern: string): readonly Readonly<{ path: Path; value: string }>[] =>
  valuesAt(root, pattern).flatMap(({ path, value }) => (typeof value === 'string' ? [{ path, value }] : []));
