// What the script that takes snapshots said. Pure.
import { type ReasonForRow, reasonOf } from '../common/lvm/together.ts';
import { mapperName, type PoolState, readPoolStatus } from './pool.ts';

export type Taken = Readonly<{
  /** undefined where it could not be read; `unread` says why */
  pool: PoolState | undefined;
  unread: string | undefined;
  full: boolean;
  /** names of snapshots that are sealed */
  sealed: readonly string[];
  /** why others are not, by name */
  failed: ReadonlyMap<string, string>;
  /** between the first and the last of them at most, in milliseconds; nothing for a lone one */
  skew: number | undefined;
  /** of a group whose writers were to be held: undefined for any other */
  moment: Moment | undefined;
}>;

/** In one moment, with whoever was held for so many milliseconds; or in a row, and why: the word, and what the machine says of it. */
export type Moment =
  | Readonly<{ oneMoment: true; heldFor: number; held: number }>
  | Readonly<{ oneMoment: false; because: ReasonForRow; detail: string }>;

type Wanted = Readonly<{ origin: string; name: string }>;

export function readAnswer(text: string, vg: string, wanted: readonly Wanted[]): Taken {
  const lines = text.split('\n').map((line) => line.trim());
  const at = lines.indexOf('said');
  const [ours, said] = at < 0 ? [lines, []] : [lines.slice(0, at), lines.slice(at + 1).filter(isOfLvm)];
  const after = (word: string): readonly string[] =>
    ours.filter((line) => line === word || line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const [status] = after('pool');
  const suspended = after('suspended');
  const sealed = wanted
    .filter(({ name }) => said.includes(`Logical volume ${vg}/${name} changed.`))
    .map(({ name }) => name);
  const failed = wanted.filter(({ name }) => !sealed.includes(name));
  const [skew] = after('skew').map(Number);
  return {
    pool: status === undefined ? undefined : readPoolStatus(status),
    unread: after('unread')[0],
    full: after('full').length > 0,
    sealed,
    failed: new Map(failed.map((one) => [one.name, whyNot(one, vg, suspended, saidOf(one, wanted, said))])),
    skew,
    moment: momentIn(after('moment')[0], after('row')[0]),
  };
}

function momentIn(moment: string | undefined, row: string | undefined): Moment | undefined {
  if (moment !== undefined) {
    const [hundredths, ...held] = moment.split(' ').filter((word) => word !== '');
    return { oneMoment: true, heldFor: Number(hundredths) * 10, held: held.length };
  }
  const [word, ...detail] = row?.split(' ') ?? [];
  const because = reasonOf(word);
  return because === undefined ? undefined : { oneMoment: false, because, detail: detail.join(' ').trim() };
}

/** editline, which LVM's shell is built with on Debian, misses a terminal that nobody needs. */
const isOfLvm = (line: string): boolean => line !== '' && !line.includes('termcap database');

/** What was said of this one, and what names no volume: LVM does not always say which one it speaks of. */
function saidOf(one: Wanted, wanted: readonly Wanted[], said: readonly string[]): readonly string[] {
  const names = ({ origin, name }: Wanted, line: string) => line.includes(origin) || line.includes(name);
  return said.filter((line) => names(one, line) || !wanted.some((other) => names(other, line)));
}

function whyNot({ origin }: Wanted, vg: string, suspended: readonly string[], said: readonly string[]): string {
  if (suspended.includes(mapperName(vg, origin)))
    return 'its device is suspended: it hangs, or somebody works on it; no snapshot of it was tried';
  const bad = said.filter((line) => !/ (created|changed)\.$/.test(line));
  return bad.length > 0 ? bad.join('; ') : 'it is not as a snapshot of this volume must be';
}
