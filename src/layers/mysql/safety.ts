// The point that is taken before anything is replaced: where it lies, and what is said when it cannot be.
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { parseInstant } from '../../values/instant.ts';
import { shown } from '../../values/text.ts';
import { safetyKind as safetyOf } from '../common/dumps/safety-step.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { readManifest } from '../common/points/manifest.ts';
import { pointId } from '../common/points/places.ts';
import { pointPlace } from '../common/points/sealing.ts';
import { mysqlDumps } from './dumps.ts';
import type { Source } from './loading.ts';
import type { RestoreGiven } from './restore-given.ts';
import { mysqlEntry } from './schema.ts';

const common = safetyOf(mysqlDumps, mysqlEntry);

/** A database cannot be put aside as it is here (replace.ts), so what keeps it from being dumped has to go first. */
export const safetyKind: StepKind = {
  ...common,
  do: async (context) => {
    try {
      return await common.do(context);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'safety-dump-failed') throw error;
      const { where, says } = error;
      throw new Fault('safety-dump-failed', {
        ...{ where, says },
        remedy:
          'nothing was replaced; drop what is broken in it (a view whose table is gone), or restore beside it: --to database/NAME',
      });
    }
  },
};

export async function safetySource(given: RestoreGiven, name: string, context: StepContext): Promise<Source> {
  const planned = parseInstant(given.planned);
  if (planned === undefined) throw new Error(`a plan gave ${given.planned} as a time`);
  const place = pointPlace(context, given.entry, pointId(planned, context.run, 'before'), 'before');
  const manifest = await readManifest(place.machine.files, place.sealed);
  const taken = 'problem' in manifest ? undefined : takenIn(manifest).find((one) => one.name === name);
  if (taken !== undefined) return { given, folder: place.sealed, taken };
  throw new Fault('point-damaged', {
    where: shown(place.sealed),
    says: `the dump of ${shown(name)} that was taken before it was replaced cannot be read`,
    remedy: 'restore the newest older point of it; hold this one until it is known what damaged it',
  });
}
