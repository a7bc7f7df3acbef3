// The rules by which a change of a field is judged. Which field has which is data (change-classes.json). What cannot be told
// for certain counts as the worse of the two.
import { compareKeep, type Keep } from '../values/retention.ts';
import { parseTimeSpan } from '../values/time-span.ts';
import { type Meaning, meaning } from './meaning.ts';
import { classOfMove } from './schedule-move.ts';

/** What `from` and `to` are as the estate spells them; undefined or null where the field is not set. */
export type Rule = (from: unknown, to: unknown) => Meaning;

/** By order: what is more, later or wider. Equal values of another spelling are neutral. */
const byOrder =
  (measure: (value: unknown) => number, more: Meaning, less: Meaning): Rule =>
  (from, to) => {
    const grown = measure(to) - measure(from);
    if (Number.isNaN(grown)) return meaning('weakens', 'changes in a way that cannot be compared');
    return grown > 0 ? more : grown < 0 ? less : meaning('neutral', 'stays as it was');
  };

const isNothing = (value: unknown): boolean => value === undefined || value === null || value === '';
const number = (value: unknown): number => (isNothing(value) ? 0 : Number(value));
const date = (value: unknown): number => (isNothing(value) ? 0 : Date.parse(String(value)));

const span =
  (absent: number) =>
  (value: unknown): number => {
    if (isNothing(value)) return absent;
    const read = typeof value === 'number' ? value : parseTimeSpan(String(value));
    return typeof read === 'number' ? read : Number.NaN;
  };
// A promise that is not made has no limit; far beyond any that is.
const forever = Number.MAX_SAFE_INTEGER;

const isOn = (value: unknown): number => (value === true ? 1 : 0);

function members(value: unknown): ReadonlySet<unknown> | undefined {
  const items = Array.isArray(value) ? value : isNothing(value) ? [] : [value];
  return items.length === 0 ? undefined : new Set(items);
}

const within = (one: ReadonlySet<unknown>, other: ReadonlySet<unknown>): boolean =>
  [...one].every((each) => other.has(each));

/** Lists where being left out means everybody. */
const byMembers =
  (joins: Meaning, leaves: Meaning): Rule =>
  (from, to) => {
    const [before, behind] = [members(from), members(to)];
    if (behind === undefined) return before === undefined ? meaning('neutral', 'stays as it was') : joins;
    if (before === undefined) return leaves;
    if (!within(before, behind)) return leaves;
    return within(behind, before) ? meaning('neutral', 'lists the same') : joins;
  };

/** Lists where being left out means nobody. */
const byContents: Rule = (from, to) => {
  const [before, behind] = [members(from) ?? new Set(), members(to) ?? new Set()];
  if (!within(before, behind)) return meaning('weakens', 'no longer lists all it did');
  return within(behind, before) ? meaning('neutral', 'lists the same') : meaning('strengthens', 'lists more');
};

const byKeep: Rule = (from, to) => {
  switch (compareKeep((from ?? {}) as Keep, (to ?? {}) as Keep)) {
    case 'longer':
      return meaning('strengthens', 'keeps longer');
    case 'shorter':
      return meaning('weakens', 'keeps less');
    case 'mixed':
      return meaning('weakens', 'keeps more by one rule and less by another');
    case 'same':
      return meaning('neutral', 'keeps the same');
  }
};

type Selection = Readonly<{
  everything: boolean;
  but: ReadonlySet<unknown>;
  only: ReadonlySet<unknown>;
  pool: unknown;
}>;

/** `all`, `{ all_but: [101] }`, `{ guests: [100] }` or `{ pool: NAME }`. */
function selectionOf(value: unknown): Selection {
  const { all_but, guests, pool } = (typeof value === 'object' && value !== null ? value : {}) as Readonly<
    Record<string, unknown>
  >;
  const everything = value === 'all' || all_but !== undefined;
  return { everything, but: members(all_but) ?? new Set(), only: members(guests) ?? new Set(), pool };
}

const bySelection: Rule = (from, to) => {
  const [before, behind] = [selectionOf(from), selectionOf(to)];
  const leavesOut = meaning('weakens', 'may leave guests out that were backed up');
  const takesMore = meaning('strengthens', 'backs up all it did, and more');
  if (behind.everything) {
    const fewerOut = before.everything ? within(behind.but, before.but) : behind.but.size === 0;
    if (!fewerOut) return leavesOut;
    return before.everything && behind.but.size === before.but.size
      ? meaning('neutral', 'backs up the same')
      : takesMore;
  }
  if (before.everything || before.pool !== behind.pool || !within(before.only, behind.only)) return leavesOut;
  return before.only.size === behind.only.size ? meaning('neutral', 'backs up the same') : takesMore;
};

export const rules = {
  strengthens: () => meaning('strengthens', 'protects more'),
  neutral: () => meaning('neutral', 'changes nothing in what is protected'),
  weakens: () => meaning('weakens', 'decides what is protected'),
  reaches: () => meaning('reaches', 'decides who is spoken to, or who gets a secret'),
  'change-weakens': (from) =>
    isNothing(from)
      ? meaning('neutral', 'is said for the first time')
      : meaning('weakens', 'no longer says what it did'),
  'on-strengthens': byOrder(isOn, meaning('strengthens', 'is switched on'), meaning('weakens', 'is switched off')),
  'on-weakens': byOrder(isOn, meaning('weakens', 'is switched on, and removes'), meaning('neutral', 'is switched off')),
  'on-destroys': byOrder(
    isOn,
    meaning('destroys', 'is switched on, and takes over what another holds'),
    meaning('neutral', 'is switched off'),
  ),
  'more-strengthens': byOrder(number, meaning('strengthens', 'grows'), meaning('weakens', 'shrinks')),
  'later-weakens': byOrder(date, meaning('weakens', 'moves away'), meaning('strengthens', 'comes nearer')),
  'shorter-strengthens': byOrder(
    span(forever),
    meaning('weakens', 'allows more time'),
    meaning('strengthens', 'allows less time'),
  ),
  'longer-weakens': byOrder(span(0), meaning('weakens', 'grows longer'), meaning('strengthens', 'grows shorter')),
  'longer-strengthens': byOrder(span(0), meaning('strengthens', 'keeps longer'), meaning('weakens', 'keeps less long')),
  'wider-strengthens': byMembers(meaning('strengthens', 'takes more in'), meaning('weakens', 'leaves some out')),
  'wider-reaches': byMembers(meaning('reaches', 'takes more in'), meaning('weakens', 'leaves some out')),
  'contents-strengthen': byContents,
  keep: byKeep,
  selection: bySelection,
  schedule: (from, to) => classOfMove(from, to),
} as const satisfies Readonly<Record<string, Rule>>;
export type RuleName = keyof typeof rules;
