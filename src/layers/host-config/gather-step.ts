// The step `host-config.gather`: gathers every item in a folder of the host's memory, and brings the plan of what is to be done
// with them. What is gathered is given back when those steps are through.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { asGiven, givenOf } from '../common/given.ts';
import { checkDestination, checkPrivate } from '../common/points/destination.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { readPoints } from '../common/points/points.ts';
import { anyEncrypted, protectionOf, refuseWeaker } from '../common/protection.ts';
import { childPlan, missingParts } from './child-plan.ts';
import { gather, type ItemFate } from './gather.ts';
import { gatherGiven } from './given.ts';
import { answersAsAHost, machineId } from './host.ts';
import { itemsOf } from './items.ts';
import type { HostConfigEntry } from './schema.ts';
import { beginStaging, removeStaging, stagingOf } from './staging.ts';

function placed(context: StepContext) {
  const { entry, timeZone } = givenOf(gatherGiven, context.step);
  const { world, run } = context;
  const staging = stagingOf(world.machine(entry.machine), entry, run);
  return { entry, timeZone, staging, destination: world.machine(pointsMachine(entry)) };
}

export const gatherKind: StepKind = {
  name: 'host-config.gather',

  observe: async (context) => {
    await machineId(placed(context).staging.machine);
    return answersAsAHost;
  },

  do: async (context): Promise<Done> => {
    const { entry, timeZone, staging, destination } = placed(context);
    const source = { machine_id: await machineId(staging.machine) };
    await checkDestination(destination, entry);
    await checkPrivate(destination, entry);
    await refuseWeakerCopy(entry, staging.machine, destination, context.signal);
    await beginStaging(staging, context);
    const items = await gather(staging, itemsOf(entry), context);
    refuseNothing(entry.machine, items);
    const { clock } = context.world;
    const [now, sinceBoot] = [clock.now(), clock.sinceBoot?.()];
    const { points } = await readPoints(destination, entry);
    const gathered = { entry, timeZone, run: context.run, now, sinceBoot, source, items, points };
    return { result: asGiven({ items }), expands: childPlan(gathered), degraded: missingParts(items) };
  },

  probe: async () => ({ answer: 'not done', evidence: 'what was gathered is no point yet' }),
  release: (context) => removeStaging(placed(context).staging),
};

/** Of a host on encrypted disks, nothing lies in the clear: neither where it is gathered nor where its points go. */
async function refuseWeakerCopy(entry: HostConfigEntry, host: Machine, destination: Machine, signal: AbortSignal) {
  const paths = itemsOf(entry).flatMap(({ paths, databases }) => [...paths, ...databases]);
  if (!(await anyEncrypted(host, paths, signal))) return;
  const declared = entry.protected?.reason;
  const sent = { declared, encrypted: entry.encrypt_to !== undefined };
  refuseWeaker(await protectionOf(destination, entry.to, signal), entry.to, sent);
  // It is gathered as it is, whatever it is encrypted to later.
  refuseWeaker(await protectionOf(host, entry.staging, signal), entry.staging, { declared, encrypted: false });
}

/** A host of which nothing can be taken must not push out the points that have it. */
function refuseNothing(machine: string, items: readonly ItemFate[]): void {
  if (items.some(({ fate }) => fate === 'taken')) return;
  throw new Fault('host-config-empty', {
    where: machine,
    says: `none of ${items.length} items could be taken: ${missingParts(items).slice(0, 3).join('; ')}`,
    remedy: 'see whether it is the right machine, and whether Holdfast is root there; nothing was removed',
  });
}
