// What is asked of servers for one plan alone, beyond the collections that are compared: named, so that two who want to know
// the same thing ask once. A fact that could not be had is a fault, never "none".
import type { FaultRecord } from '../fault.ts';
import { canonical } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';
import type { FactTypes } from './fact-types.ts';

export type FactName = keyof FactTypes;
/** `{ fact: 'snapshots', server, store, namespace }` */
export type AskOf<Name extends FactName> = Readonly<{ fact: Name; server: string }> & FactTypes[Name]['ask'];
export type Ask = { [Name in FactName]: AskOf<Name> }[FactName];

export type Known<Answer> = Readonly<{ at: Instant; answer: Answer } | { at: Instant; fault: FaultRecord }>;

export interface Facts {
  /** undefined where nobody asked */
  of<Name extends FactName>(ask: AskOf<Name>): Known<FactTypes[Name]['answer']> | undefined;
}

/** Figures that change from one moment to the next: what is judged by them is in the plan, they themselves are not. */
const momentary: ReadonlySet<FactName> = new Set<FactName>([
  'root-disk',
  'seen-storages',
  'running-backups',
  'ended-backups',
]);
export const isMomentary = ({ fact }: Ask): boolean => momentary.has(fact);

/** What of an answer lasts: whether a guest runs is another thing from one moment to the next. */
export const lastingIn = ({ fact }: Ask, answer: unknown): unknown =>
  fact === 'guests' && Array.isArray(answer)
    ? answer.map((guest: object) => ({ ...guest, status: undefined }))
    : answer;

export const nameOfAsk = (ask: Ask): string => canonical(ask);

export type Told = Readonly<{ ask: Ask; known: Known<unknown> }>;

export function factsOf(told: readonly Told[]): Facts {
  const byName = new Map(told.map(({ ask, known }) => [nameOfAsk(ask), known]));
  return {
    // What was asked under a name was answered in that name's type: ask-facts.ts keeps them together.
    of: <Name extends FactName>(ask: AskOf<Name>) =>
      byName.get(nameOfAsk(ask as unknown as Ask)) as Known<FactTypes[Name]['answer']> | undefined,
  };
}
