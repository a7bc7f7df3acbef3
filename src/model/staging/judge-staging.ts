// Mission row 2.1: does anything stage on a disk of a node that is smaller than the guest? Each guest of a job, by what is
// known. A VM that goes to a PBS without fleecing needs no room, and nothing is said of it.
import type { GuestSeen } from '../fact-types.ts';
import type { Facts } from '../facts.ts';
import { copiedContainer } from './copied-container.ts';
import { fleecedVm } from './fleeced-vm.ts';
import { misplacedArchive, misplacedTarget } from './misplaced-archive.ts';
import { learned, roomOf, type StagingJob, seenStorage } from './node-room.ts';
import { gathered, type Staged } from './staged.ts';

/** The code of a refusal, in a plan and in a run. */
export const stagingTooSmall = 'staging-too-small';

export type StagingVerdict = Readonly<{
  node: string;
  refused: readonly Staged[];
  /** what fits closely, lies in the wrong place, or could not be told */
  notes: readonly string[];
}>;

/** @param guests those that the job takes; a node of theirs without anything to say is left out */
export function judgeStaging(
  server: string,
  job: StagingJob,
  guests: readonly GuestSeen[],
  facts: Facts,
): readonly StagingVerdict[] {
  return [...Map.groupBy(guests, ({ node }) => node)].flatMap(([node, here]) => {
    const room = roomOf(facts, server, node);
    // What it is, each node tells best.
    const known = seenStorage(room, job.storage)?.type === 'pbs' ? { ...job, toPbs: true } : job;
    const staged = gathered(
      here.flatMap((guest) => {
        const { type, vmid } = guest;
        const disks = learned<'guest-disks'>(facts, { fact: 'guest-disks', server, node, type, vmid });
        return [copiedContainer, fleecedVm, misplacedArchive].flatMap((judge) => judge(known, room, guest, disks));
      }),
    );
    const refused = staged.filter(({ verdict }) => verdict === 'too small');
    const target = refused.some(({ matter }) => matter.startsWith('archive'))
      ? undefined
      : misplacedTarget(known, room);
    const notes = [
      ...(target === undefined ? [] : [target]),
      ...staged.filter(({ verdict }) => verdict !== 'too small').map(({ says }) => says),
    ];
    return refused.length + notes.length === 0 ? [] : [{ node, refused, notes }];
  });
}
