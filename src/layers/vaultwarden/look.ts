// The step `vaultwarden.look`: sees that the destination is fit for secrets, and asks the live database whether it is sound, before
// anything is copied. One that is not is an alarm, no new point, and the end of all pruning until it is again.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { Fault } from '../../fault.ts';
import { absent } from '../../model/step.ts';
import { givenOf } from '../common/given.ts';
import { checkDestination, checkPrivate } from '../common/points/destination.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { anyEncrypted, protectionOf, refuseWeaker } from '../common/protection.ts';
import { checkFile } from '../common/sqlite/check-live.ts';
import { checkFolder, removeCheckFolder } from './check-folder.ts';
import { childPlan } from './child-plan.ts';
import { namesIn } from './data-folder.ts';
import { damaged, notCopied, withoutDatabase } from './faults.ts';
import { lookGiven } from './given.ts';
import { database } from './names.ts';
import type { VaultwardenEntry } from './schema.ts';
import { stagingBase } from './staging.ts';

const placed = (context: StepContext) => {
  const { entry, timeZone } = givenOf(lookGiven, context.step);
  return { entry, timeZone, work: checkFolder(entry, context), machine: context.world.machine(entry.machine) };
};

export const lookKind: StepKind = {
  name: 'vaultwarden.look',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { entry, timeZone, work, machine } = placed(context);
    const { signal, progress, world, run } = context;
    const destination = world.machine(pointsMachine(entry));
    await checkDestination(destination, entry);
    await checkPrivate(destination, entry);
    await refuseWeakerCopy(entry, context);
    const { foreign } = await namesIn(machine, entry.data, entry.also, signal);
    context.take('copy of a database, for its check', work);
    const doing = (what: string) => progress({ done: 0, total: 1, unit: 'items', what });
    const path = join(entry.data, database);
    // What a link leads to is somebody else's, however sound it is.
    const isOwn = (await machine.files.info(path))?.type === 'file';
    const { ok, says } = isOwn ? await checkFile({ machine, work, signal, doing }, path) : notThere;
    const verdict = { name: path, workload: entry.workload, ok, says };
    const [now, sinceBoot] = [world.clock.now(), world.clock.sinceBoot?.()];
    const problem = ok ? undefined : problemOf(entry.data, path, says);
    return {
      result: { checked_at: now },
      expands: childPlan({ entry, timeZone, run, now, sinceBoot, foreign, verdict, problem }),
    };
  },

  probe: async () => ({ answer: 'not done', evidence: 'it only looks' }),

  release: (context) => {
    const { machine, work } = placed(context);
    return removeCheckFolder(machine, work, context);
  },
};

const notThere = { ok: false, says: 'no such file' } as const;

/** What SQLite did not say, it did not say: a missing tool is no damage. */
function problemOf(data: string, path: string, says: string): Fault {
  if (says.startsWith('no such file')) return withoutDatabase(data);
  return /is missing there|\((machine|command)-[a-z-]+\)/.test(says) ? notCopied(path, says) : damaged(path, says);
}

/** Of data on encrypted disks nothing lies in the clear: neither where it is gathered nor where its points go. */
async function refuseWeakerCopy(entry: VaultwardenEntry, { world, signal }: StepContext): Promise<void> {
  const machine = world.machine(entry.machine);
  if (!(await anyEncrypted(machine, [entry.data], signal))) return;
  const declared = entry.protected?.reason;
  const [base, to] = [stagingBase(entry), world.machine(pointsMachine(entry))];
  const encrypted = entry.encrypt_to !== undefined;
  refuseWeaker(await protectionOf(to, entry.to, signal), entry.to, { declared, encrypted });
  if (base === undefined) return;
  refuseWeaker(await protectionOf(machine, base, signal), base, { declared, encrypted: false });
}
