// What is said of a generation beside its being there: what is weaker than promised, what an operator should know. Pure.
import { count, cut } from '../../values/text.ts';
import type { List } from './answer.ts';
import type { Made } from './generation.ts';

const words: Readonly<Record<Exclude<List, 'unsettled'>, (how: string) => string>> = {
  missing: (how) => `${how} could not be copied`,
  differing: (how) => `${how} could not be made like its source (owner, mode or time)`,
  weaker: (how) => `${how} has an ACL or extended attribute that the copy has not`,
  beyond: (how) => `another file system is mounted at ${how}, and is not copied: declare it as a source, or exclude it`,
  unscanned: (how) => `${how} could not be looked into`,
  undigested: (how) => `${how} could not be read again`,
};

const atMost = 20;

/** What makes the run degraded, with names. */
export function weakIn(label: string, made: Made, excluded: readonly string[]): readonly string[] {
  const said = Object.entries(words).flatMap(([list, say]) => {
    const names = namesOf(made, list as List).filter((name) => list !== 'beyond' || !isExcluded(name, excluded));
    if (names.length === 0) return [];
    const all = list === 'beyond' ? names.length : (made.lists[list as List] ?? 0);
    return [`${label}: ${say(named(names, all))}`];
  });
  return made.attributes
    ? said
    : [...said, `${label}: attributes were kept, but not listed: getfattr (Debian package attr) is missing`];
}

const isExcluded = (name: string, excluded: readonly string[]): boolean =>
  excluded.some((path) => name === path || name.startsWith(`${path}/`));

export const namesOf = ({ names }: Made, list: List): readonly string[] => names[list] ?? [];

const named = (names: readonly string[], all: number): string => {
  const some = names.slice(0, atMost).map((name) => cut(name, 300) || 'the folder itself');
  return all > some.length ? `${some.join(', ')} and ${all - some.length} more` : some.join(', ');
};

/** Notes of the plan that comes after: normal where people work, and yet to be known. */
export function remarksOn(label: string, made: Made): readonly string[] {
  const unsettled = namesOf(made, 'unsettled');
  return [
    ...(unsettled.length === 0
      ? []
      : [
          `${label}: ${count(made.lists.unsettled ?? 0, 'file')} changed each time while copied, and may be of no one moment: ${named(unsettled, made.lists.unsettled ?? 0)}. Snapshots hold still`,
        ]),
    ...made.unproved.map(
      ({ id, because }) => `${label}: the restore point ${id} is damaged: ${because}; it was not built upon`,
    ),
  ];
}
