// What the schema found, one remark for each thing that is wrong.
import type * as z from 'zod';
import { type Path, type Remark, remark } from './problem.ts';
import { noForm } from './words.ts';

type Issue = z.core.$ZodIssue;

/** What is said of a key that is not known in the mapping at that path. */
export type SayUnknown = (parent: Path, key: string) => string;

export const remarksOf = (issues: readonly Issue[], sayUnknown: SayUnknown): readonly Remark[] =>
  issues.flatMap(almostFits).flatMap((issue) => {
    const path = issue.path as Path;
    if (issue.code !== 'unrecognized_keys') return [remark(path, issue.message)];
    return issue.keys.map((key) => remark([...path, key], sayUnknown(path, key), 'key'));
  });

/** Where a value may have several forms, what keeps it from the one it was meant for: the one whose type it has. */
function almostFits(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.message !== noForm) return [issue];
  const meant = issue.errors.find(
    (form) => !form.some(({ path, code }) => path.length === 0 && code === 'invalid_type'),
  );
  if (meant === undefined) return [issue];
  return meant.flatMap((inner) => almostFits({ ...inner, path: [...issue.path, ...inner.path] }));
}
