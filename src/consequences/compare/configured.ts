// What the servers' configuration holds now, and what it will hold when the plan has been carried out.
import type { Look } from '../../contracts/consequence.ts';
import type { Fields } from '../../contracts/resource.ts';
import type { Step } from '../../model/step.ts';
import { type Ref, ref } from '../../values/ref.ts';
import { oncePerLook } from './once.ts';

export type Configured = Readonly<{
  subject: Ref;
  server: string;
  name: string;
  within: string | undefined;
  /** undefined where it is not there */
  before: Fields | undefined;
  after: Fields | undefined;
  /** what the plan does to it */
  step: Step | undefined;
  declared: boolean;
  /** subjects it was declared to need: the datastore that a storage leads to */
  needs: readonly Ref[];
}>;

/** A step's `given`, as far as a resource's step is given it. */
type Given = Readonly<{ server: string; name: string; fields: Fields; within?: string }>;

/** Everything of that kind, found or to be made, on servers that could be read; in one order whenever it is asked. */
export const configured = oncePerLook(configuredNow);

function configuredNow(look: Look, kind: string): readonly Configured[] {
  const steps = new Map(look.steps.filter((step) => isOf(step, kind)).map((step) => [step.subject, step]));
  const declared = new Map(
    look.desired.declared
      .filter((one) => one.kind === kind)
      .map((one) => [ref(kind, one.server, one.name), one.needs ?? []]),
  );
  const entries = new Map<Ref, Configured>();
  const add = (server: string, name: string, within: string | undefined, before: Fields | undefined): void => {
    const subject = ref(kind, server, name);
    const step = steps.get(subject);
    const needs = declared.get(subject);
    const after = afterStep(step, before);
    entries.set(subject, {
      ...{ subject, server, name, within, before, after, step },
      ...{ declared: needs !== undefined, needs: needs ?? [] },
    });
  };
  for (const { server, answer } of look.observed.readings.filter((one) => one.kind === kind))
    if ('found' in answer) for (const { name, value, within } of answer.found) add(server, name, within, value);
  for (const [subject, step] of steps) {
    const { server, name, within } = step.given as unknown as Given;
    if (!entries.has(subject)) add(server, name, within, undefined);
  }
  return [...entries.values()];
}

export const isOf = (step: Step, kind: string): boolean => step.kind.slice(0, step.kind.lastIndexOf('.')) === kind;

function afterStep(step: Step | undefined, before: Fields | undefined): Fields | undefined {
  if (step === undefined) return before;
  return step.act === 'remove' ? undefined : { ...before, ...(step.given as unknown as Given).fields };
}

/** Servers whose collection of that kind could not be read: nothing is known of what is there. */
export const unread = (look: Look, kind: string): ReadonlyMap<string, string> =>
  new Map(
    look.observed.readings.flatMap((one) =>
      one.kind === kind && 'fault' in one.answer ? [[one.server, one.answer.fault.says] as const] : [],
    ),
  );

/** Whether that server's collection was read at all. */
export const wasRead = (look: Look, kind: string, server: string): boolean =>
  look.observed.readings.some((one) => one.kind === kind && one.server === server && 'found' in one.answer);

export const textOf = (value: unknown): string => (value === null || value === undefined ? '' : String(value));
