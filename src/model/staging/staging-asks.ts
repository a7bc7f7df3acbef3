// What has to be asked to tell where a job's backups need room: nothing for a VM that goes to a PBS without fleecing, and of
// each guest's config only those that a copy is made of. What more is needed once that is known, is asked then.
import type { GuestSeen } from '../fact-types.ts';
import type { Ask, Facts } from '../facts.ts';
import { answerOf, fleecingOf, type NodeRoom, placeOfTarget, roomOf, type StagingJob } from './node-room.ts';

/** False where none of its guests can need room, whatever they are. */
export const mayStage = ({ mode, toPbs, fleecing }: StagingJob): boolean =>
  mode !== 'stop' || !toPbs || fleecing !== undefined;

/** @param guests those that the job takes */
export function stagingAsks(
  server: string,
  job: StagingJob,
  guests: readonly GuestSeen[],
  facts: Facts,
): readonly Ask[] {
  const concerned = guests.filter((guest) => !job.toPbs || isCopied(job, guest) || isFleeced(job.fleecing, guest));
  const nodes = new Set(concerned.map(({ node }) => node));
  return [...nodes].flatMap((node) => {
    const here = guests.filter((guest) => guest.node === node);
    const room = roomOf(facts, server, node);
    return [
      { fact: 'backup-defaults', server, node } as const,
      { fact: 'root-disk', server, node } as const,
      { fact: 'seen-storages', server, node } as const,
      ...(entriesMatter(job, room) ? [{ fact: 'storage-entries', server } as const] : []),
      ...here
        .filter((guest) => configMatters(job, guest, room))
        .map(({ type, vmid }) => ({ fact: 'guest-disks', server, node, type, vmid }) as const),
    ];
  });
}

/** In stop mode, and as a template, a container is read where it is (facts: pve-api section 5). */
export const isCopied = ({ mode }: StagingJob, { type, template }: GuestSeen): boolean =>
  type === 'lxc' && !template && mode !== 'stop';

export const isFleeced = (storage: string | undefined, { type, template }: GuestSeen): boolean =>
  type === 'qemu' && !template && storage !== undefined;

const entriesMatter = (job: StagingJob, room: NodeRoom): boolean =>
  !job.toPbs || fleecingOf(job, room) !== undefined || answerOf(room.defaults)?.tmpdir !== undefined;

function configMatters(job: StagingJob, guest: GuestSeen, room: NodeRoom): boolean {
  if (isCopied(job, guest) || isFleeced(fleecingOf(job, room), guest)) return true;
  const place = job.toPbs ? 'own' : placeOfTarget(room, job.storage);
  return place === 'beneath' || place === 'unmounted' || place === 'root';
}
