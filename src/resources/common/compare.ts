// Field by field: what differs between what is declared and what a server holds, with what each difference means.
import type { Fields } from '../../contracts/resource.ts';
import { classOfChange } from '../../guard/change-class.ts';
import type { Change } from '../../model/step.ts';
import { canonical, type Json } from '../../values/canonical.ts';

/** Whether two values of a field say the same, whatever the order of their keys. */
export const same = (one: Json | undefined, other: Json | undefined): boolean =>
  one === other ||
  (isObject(one) && isObject(other) ? canonical(one) === canonical(other) : isNone(one) && isNone(other));

const isObject = (value: Json | undefined): boolean => typeof value === 'object' && value !== null;
const isNone = (value: Json | undefined): boolean => value === undefined || value === null;

/** @param section the path of the fields in the estate, `pbs_storages[]`, by which their class is known */
export function changesBetween(section: string, found: Fields, wanted: Fields): readonly Change[] {
  return Object.keys(wanted)
    .filter((field) => !same(found[field], wanted[field]))
    .map((field) => changeOf(section, field, found[field], wanted[field]));
}

/** @param adds it takes nothing away from anybody: what would weaken something that is there weakens nothing here */
export const creationOf = (section: string, wanted: Fields, adds = false): readonly Change[] =>
  Object.entries(wanted)
    .filter(([, value]) => !isNothing(value))
    .map(([field, to]) => {
      const { class: meaning } = classOfChange(`${section}.${field}`, undefined, to);
      return { field, to, class: adds && meaning === 'weakens' ? 'neutral' : meaning };
    });

function changeOf(section: string, field: string, from: Json | undefined, to: Json | undefined): Change {
  const { class: meaning, because } = classOfChange(`${section}.${field}`, from, to);
  return { field, from: from ?? null, to: to ?? null, class: meaning, ...(because === undefined ? {} : { because }) };
}

/** What a server does not hold, as the estate spells it: nothing, no text, an empty set, an empty policy. */
export const isNothing = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);
