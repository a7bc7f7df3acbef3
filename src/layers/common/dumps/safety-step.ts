// The step before a restore replaces anything: what is there now becomes a point, held against retention before it is sealed.
import type * as z from 'zod';
import type { StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { absent } from '../../../model/step.ts';
import { type Instant, parseInstant } from '../../../values/instant.ts';
import { count, shown } from '../../../values/text.ts';
import { givenOf } from '../given.ts';
import { pointId } from '../points/places.ts';
import { pointPlace, probeSealed, removePartial } from '../points/sealing.ts';
import type { Dumps } from './dump.ts';
import type { DumpEntry } from './entry.ts';
import { safetyGiven } from './given.ts';
import { takePoint } from './take-point.ts';

/** @param otherwise what to do where it cannot be dumped, and is not put aside either */
export function safetyKind<Entry extends DumpEntry>(
  dumps: Dumps<Entry>,
  schema: z.ZodType<Entry>,
  otherwise = 'with `--keep-old` what is there is put aside as it is, and needs no dump',
): StepKind {
  const givenSchema = safetyGiven(schema);
  const placed = (context: StepContext) => {
    const given = givenOf(givenSchema, context.step);
    const id = pointId(instantOf(given.planned), context.run, 'before');
    return { given, id, place: pointPlace(context, given.entry, id, 'before') };
  };
  const giveBack = async (context: StepContext): Promise<void> => {
    const { given, place } = placed(context);
    await dumps.release(given.entry, context);
    await removePartial(place);
  };
  return {
    name: `${dumps.kind}.safety`,
    observe: async () => absent,

    do: async (context) => {
      const { given, id, place } = placed(context);
      const { entry, timeZone, items, server } = given;
      const takenAt = context.world.clock.now();
      const dumping = { entry, timeZone, id, takenAt, server, items, before_restore: true as const };
      const { result, degraded = [] } = await takePoint(dumps, dumping, place, context);
      const missing = missingIn(result);
      if (missing.length > 0) throw notKept(entry, missing, degraded, otherwise);
      return { result };
    },

    probe: (context) => probeSealed(placed(context).place),
    release: giveBack,
    undo: giveBack,
  };
}

const missingIn = (result: unknown): readonly string[] => (result as Readonly<{ missing: readonly string[] }>).missing;

function instantOf(text: string): Instant {
  const at = parseInstant(text);
  if (at === undefined) throw new Error(`a plan gave ${text} as a time`);
  return at;
}

const notKept = ({ name }: DumpEntry, missing: readonly string[], says: readonly string[], otherwise: string): Fault =>
  new Fault('safety-dump-failed', {
    where: name,
    says: `${count(missing.length, 'thing')} that would be replaced could not be dumped before (${missing.map(shown).join(', ')}): ${says.join('; ')}`,
    remedy: `nothing was replaced; ${otherwise}`,
  });
