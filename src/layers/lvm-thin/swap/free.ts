// The proof that nothing uses a volume any more. What cannot be proven is not assumed: the wait ends with a fault that names
// whoever still holds it.
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { type Duration, formatDuration, seconds } from '../../../values/duration.ts';
import { cut, shown } from '../../../values/text.ts';
import { holdersInCluster } from '../../common/kubernetes/uses.ts';
import type { Swapping } from './given.ts';
import { deactivate, volumeNamed } from './lvm.ts';

/** Who holds the volume of that name now, in words; nobody where there is none of that name. */
async function holders(swapping: Swapping, lv: string, signal: AbortSignal): Promise<readonly string[]> {
  const { kubernetes, cluster } = swapping;
  const [inCluster, volume] = await Promise.all([
    kubernetes === undefined || cluster === null
      ? []
      : holdersInCluster(kubernetes, cluster.claims, cluster.volumes, signal),
    volumeNamed(swapping, lv, signal),
  ]);
  return [...inCluster, ...(volume?.open === true ? await openedBy(swapping, lv, signal) : [])];
}

/** A mapper above it, a mount, or, where neither is seen, a process: a guest's QEMU most often. */
async function openedBy(swapping: Swapping, lv: string, signal: AbortSignal): Promise<readonly string[]> {
  const device = swapping.device(lv);
  const argv = ['lsblk', '--noheadings', '--list', '--output', 'NAME,TYPE,MOUNTPOINT', '--', device] as const;
  const ended = await swapping.on.run([...argv], { signal, deadline: seconds(60) });
  const lines = ended.stdout.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.map((line) => line.trim().split(/\s+/));
  const above = rows
    .slice(1)
    .map(([name, type, mount]) => `${type} ${name}${mount === undefined ? '' : ` on ${mount}`}`);
  const mounted = rows[0]?.[2] === undefined ? [] : [`it is mounted on ${rows[0][2]}`];
  const seen = [...mounted, ...above.map((one) => `${one} lies on it`)];
  if (seen.length > 0) return seen.map((one) => shown(`${device} is open on ${swapping.machine}: ${one}`));
  return [
    `${device} is open on ${swapping.machine}: a process has it (see \`fuser -v ${device}\`), most often a guest`,
  ];
}

async function untilFree(context: StepContext, swapping: Swapping, lv: string, longest: Duration): Promise<void> {
  const { clock } = context.world;
  const began = clock.monotonic();
  for (;;) {
    const left = await holders(swapping, lv, context.signal);
    if (left.length === 0) return;
    const waited = clock.monotonic() - began;
    if (waited >= longest) throw stillUsed(swapping, lv, left, longest);
    context.progress({
      done: Math.round(waited / 1000),
      unit: 'items',
      what: `waiting for ${cut(left.join('; '), 200)}`,
    });
    await clock.sleep(seconds(3), context.signal);
  }
}

export async function atRest(context: StepContext, swapping: Swapping, lv: string, longest: Duration): Promise<void> {
  await untilFree(context, swapping, lv, longest);
  await putToRest(swapping, lv, context.signal);
}

/** Deactivated, and proven to be: from then on nothing on this machine can open it. */
async function putToRest(swapping: Swapping, lv: string, signal: AbortSignal): Promise<void> {
  const found = await volumeNamed(swapping, lv, signal);
  if (found?.active !== true) return;
  await deactivate(swapping, lv, signal);
  const after = await volumeNamed(swapping, lv, signal);
  if (after?.active === true) throw stillUsed(swapping, lv, ['it stays active'], undefined);
}

function stillUsed(swapping: Swapping, lv: string, by: readonly string[], waited: Duration | undefined): Fault {
  return new Fault('volume-still-used', {
    where: `${swapping.vg}/${lv}`,
    says: `${waited === undefined ? '' : `after ${formatDuration(waited)} `}it is still in use: ${cut(by.join('; '), 800)}`,
    remedy: 'end what is named, then restore again; nothing was put in its place',
  });
}
