// The steps that every layer of dumps has: a look at the server, and the dumps of one run, each of which fails alone, sealed as one
// point. What retention then lets go is known only now.
import type * as z from 'zod';
import type { Done, StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { absent } from '../../../model/step.ts';
import { givenOf } from '../given.ts';
import { checkDestination, checkPrivate } from '../points/destination.ts';
import { pointsMachine } from '../points/entry.ts';
import { pointPlace, probeSealed, removePartial } from '../points/sealing.ts';
import type { Dumps } from './dump.ts';
import type { DumpEntry } from './entry.ts';
import { dumpGiven, lookGiven } from './given.ts';
import { childPlan } from './plan.ts';
import { provedAt } from './proved.ts';
import { takePoint } from './take-point.ts';

export function dumpStepKinds<Entry extends DumpEntry>(
  dumps: Dumps<Entry>,
  schema: z.ZodType<Entry>,
): readonly StepKind[] {
  return [lookKind(dumps, lookGiven(schema)), dumpKind(dumps, dumpGiven(schema))];
}

const lookKind = <Entry extends DumpEntry>(
  dumps: Dumps<Entry>,
  given: ReturnType<typeof lookGiven<Entry>>,
): StepKind => ({
  name: `${dumps.kind}.look`,
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { entry, timeZone } = givenOf(given, context.step);
    const machine = context.world.machine(pointsMachine(entry));
    await checkDestination(machine, entry);
    await checkPrivate(machine, entry);
    const looked = await dumps.look(entry, context);
    for (const { name, because } of looked.excluded) context.log(`left out, as declared: ${name} (${because})`);
    const { clock } = context.world;
    return {
      result: { items: looked.items.length, ...looked.server },
      expands: childPlan({
        ...{ entry, timeZone, looked, run: context.run, now: clock.now(), sinceBoot: clock.sinceBoot?.() },
        provedAt: provedAt(entry, context.world),
      }),
    };
  },

  probe: async () => ({ answer: 'not done', evidence: 'it only looks' }),
  release: (context) => dumps.release(givenOf(given, context.step).entry, context),
});

function dumpKind<Entry extends DumpEntry>(dumps: Dumps<Entry>, schema: ReturnType<typeof dumpGiven<Entry>>): StepKind {
  const placed = (context: StepContext) => {
    const given = givenOf(schema, context.step);
    return { given, place: pointPlace(context, given.entry, given.id) };
  };
  const giveBack = async (context: StepContext): Promise<void> => {
    const { given, place } = placed(context);
    await dumps.release(given.entry, context);
    await removePartial(place);
  };
  return {
    name: `${dumps.kind}.dump`,
    observe: async () => absent,
    do: async (context) => {
      const { given, place } = placed(context);
      return takePoint(dumps, given, place, context);
    },
    probe: (context) => probeSealed(placed(context).place),
    release: giveBack,
    undo: giveBack,
  };
}
