// The step `disk-image.open`: mounts the image, looks at what is in it, and brings the plan of what is to be done with it.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { givenOf } from '../common/given.ts';
import { isMounted } from '../common/mounted.ts';
import { checkDestination, checkRoom } from '../common/points/destination.ts';
import { layerFolder } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { anyEncrypted, protectionOf, refuseWeaker } from '../common/protection.ts';
import { childPlan } from './child-plan.ts';
import { openGiven, type SourceFacts } from './given.ts';
import { checkImage, thereIsAnImage } from './image.ts';
import { mountImage, probeImage, unmount } from './mount.ts';
import { mountPlace } from './places.ts';
import type { DiskImageEntry } from './schema.ts';
import { type Found, needed, walk } from './walk.ts';

const placed = (context: StepContext): Readonly<{ entry: DiskImageEntry; machine: Machine; mount: string }> => {
  const { entry } = givenOf(openGiven, context.step);
  return { entry, machine: context.world.machine(entry.machine), mount: mountPlace(context.folder, entry.name) };
};

export const openKind: StepKind = {
  name: 'disk-image.open',

  observe: async (context) => {
    const { entry, machine } = placed(context);
    await checkImage(machine, entry);
    return thereIsAnImage;
  },

  do: async (context): Promise<Done> => {
    const { entry, machine, mount } = placed(context);
    const { timeZone } = givenOf(openGiven, context.step);
    const state = await checkImage(machine, entry);
    await checkDestination(machine, entry);
    await refuseWeakerCopy(machine, entry, context.signal);
    await unmount(machine, mount, context);
    const source = await probeImage(machine, entry, context);
    context.take('mount', mount);
    await mountImage(machine, source, mount, context);
    const { signal, progress } = context;
    const found = await walk(machine, { image: entry.image, mount, signal, progress });
    refuseEmpty(entry, source, found);
    const bytes = needed(found, source.filesystem);
    await checkRoom(machine.files, layerFolder(entry), bytes);
    const { clock } = context.world;
    const [now, sinceBoot] = [clock.now(), clock.sinceBoot?.()];
    const { points } = await readPoints(machine, entry);
    const opened = { entry, timeZone, run: context.run, now, sinceBoot, mount, source, state, found, bytes, points };
    return { result: { ...source, found }, expands: childPlan(opened) };
  },

  probe: async (context) => {
    const { machine, mount } = placed(context);
    const mounted = await isMounted(machine, mount);
    return {
      answer: 'not done',
      evidence: mounted ? 'the image is mounted, and nothing was copied yet' : 'the image is not mounted',
    };
  },

  release: async (context) => {
    const { machine, mount } = placed(context);
    await unmount(machine, mount, context);
  },
};

/** The image of an encrypted disk holds what must not lie in the clear beside it. */
async function refuseWeakerCopy(machine: Machine, entry: DiskImageEntry, signal: AbortSignal): Promise<void> {
  if (!(await anyEncrypted(machine, [entry.image], signal))) return;
  const declared = entry.protected?.reason;
  refuseWeaker(await protectionOf(machine, entry.to, signal), entry.to, { declared, encrypted: false });
}

/** An image that lost its files must not push the points that still hold them out of retention. */
function refuseEmpty({ image }: DiskImageEntry, { filesystem }: SourceFacts, found: Found): void {
  if (found.files > 0) return;
  throw new Fault('image-without-files', {
    where: shown(image),
    says: `its ${filesystem} holds no file at all; nothing was copied, and nothing was removed`,
    remedy: 'see whether its files were deleted or it is the wrong image; the last restore points are still there',
  });
}
