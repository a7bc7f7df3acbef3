// One thing a backup would put somewhere, weighed against what is free there.

import type { GuestDisk } from '../../values/guest-disk.ts';
import type { Room } from '../../values/room.ts';
import { bytes, formatSize, type Size } from '../../values/size.ts';
import type { GuestSeen } from '../fact-types.ts';
import { type Learned, nameOf } from './node-room.ts';

/** `too small` is known to be; `tight` fits, or may fit; `unknown` is said to be. */
export type Verdict = 'too small' | 'tight' | 'unknown';

export type Staged = Readonly<{
  verdict: Verdict;
  node: string;
  /** what belongs together is said together: the same matter in the same place */
  matter: string;
  guest: string;
  size: number;
  says: string;
  remedy: string;
}>;

/** From here on it is worth a word that it fits. */
const tightFrom = 0.8;

export type Fit = 'too small' | 'tight' | 'fits';
export const fitOf = (size: Size, { available }: Room): Fit =>
  size > available ? 'too small' : size >= available * tightFrom ? 'tight' : 'fits';

/** Of the disks that a backup takes. */
export function sizeOf(disks: readonly GuestDisk[]): Learned<Size> {
  const taken = disks.filter(({ leftOut }) => leftOut === undefined);
  const unsized = taken.filter(({ size }) => size === undefined).map(({ key }) => key);
  if (unsized.length > 0) return { says: `its config gives no size of ${unsized.join(', ')}` };
  return { answer: bytes(taken.reduce((sum, { size = 0 }) => sum + size, 0)) };
}

export const unknownOf = (node: string, guest: GuestSeen, what: string, why: string): Staged => ({
  ...{ verdict: 'unknown', node, guest: nameOf(guest), size: 0, remedy: '' },
  matter: `unknown ${what} ${why}`,
  says: `whether ${what} on ${node} (${why})`,
});

/** How both sizes are said. */
export const against = (size: Size, room: Room): string => `up to ${formatSize(size)}, where ${freeIn(room)}`;
/** `344 GiB of 375 GiB are free` */
export const freeIn = ({ available, total }: Room): string =>
  `${formatSize(available)} of ${formatSize(total)} are free`;

/** The largest of those that belong together, and the names of the others. */
export function gathered(staged: readonly Staged[]): readonly Staged[] {
  const groups = Map.groupBy(staged, ({ verdict, node, matter }) => `${verdict} ${node} ${matter}`);
  return [...groups.values()].flatMap((group) => {
    const [first, ...others] = group.sort((one, other) => other.size - one.size);
    if (first === undefined) return [];
    const names = listed(
      others.map(({ guest, size }) => (size === 0 ? guest : `${guest}, ${formatSize(bytes(size))}`)),
    );
    if (first.verdict === 'unknown')
      return [{ ...first, says: `could not be computed: ${first.says}: ${listed(group.map(({ guest }) => guest))}` }];
    return [others.length === 0 ? first : { ...first, says: `${first.says}; and so for ${names}` }];
  });
}

const listed = (names: readonly string[], most = 10): string =>
  names.length <= most ? names.join('; ') : `${names.slice(0, most).join('; ')} and ${names.length - most} more`;
