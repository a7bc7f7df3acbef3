// What becomes prunable, in words: of the namespaces as a whole, and of the groups that lose most.
import { count } from '../../values/text.ts';
import { momentOf } from '../compare/words.ts';
import type { GroupChange } from './newly-prunable.ts';

export type Changed = Readonly<{ where: string; groups: readonly GroupChange[] }>;

const mostGroups = 8;

/** @param when the end of a sentence: when the first of them goes */
export function said(changed: readonly Changed[], when: string): readonly string[] {
  const losing = changed.filter(({ groups }) => groups.some(({ going }) => going.length > 0));
  if (losing.length === 0) return [nothing(changed)];
  return losing.flatMap((one) => inNamespace(one, when));
}

const total = (groups: readonly GroupChange[], of: (group: GroupChange) => number): number =>
  groups.reduce((sum, group) => sum + of(group), 0);

function nothing(changed: readonly Changed[]): string {
  const snapshots = changed.reduce((sum, { groups }) => sum + total(groups, (one) => one.snapshots), 0);
  return snapshots === 0
    ? 'there is no snapshot yet that it could remove'
    : `none of the ${count(snapshots, 'snapshot')} that are there now becomes prunable`;
}

function inNamespace({ where, groups }: Changed, when: string): readonly string[] {
  const losing = groups.filter(({ going }) => going.length > 0).sort(byLoss);
  const [going, all] = [total(groups, (one) => one.going.length), total(groups, (one) => one.snapshots)];
  const anyway = total(groups, (one) => one.goingAnyway);
  const [oldest] = [...losing].sort((one, other) => firstOf(one) - firstOf(other));
  const newest = losing.reduce((latest, one) => Math.max(latest, one.going.at(-1) ?? 0), 0);
  return [
    `in ${where} ${going} of ${count(all, 'snapshot')} ${going === 1 ? 'becomes' : 'become'} prunable, in ${losing.length} of ${count(groups.length, 'group')}, taken ${span(oldest === undefined ? 0 : firstOf(oldest), newest)}; the first go ${when}`,
    ...(oldest === undefined
      ? []
      : [`the first is ${oldest.group} of ${momentOf(firstOf(oldest))}: ${oldest.because}`]),
    ...losing.slice(0, mostGroups).map(inGroup),
    ...(losing.length > mostGroups ? [restOf(losing.slice(mostGroups))] : []),
    ...(anyway === 0 ? [] : [`${count(anyway, 'snapshot')} in ${where} could be pruned before, too`]),
  ];
}

const firstOf = ({ going }: GroupChange): number => going[0] ?? 0;
const byLoss = (one: GroupChange, other: GroupChange): number =>
  other.going.length - one.going.length || (one.group < other.group ? -1 : 1);

const span = (first: number, last: number): string =>
  first === last ? momentOf(first) : `${momentOf(first)} to ${momentOf(last)}`;

function inGroup({ group, snapshots, going, staying }: GroupChange): string {
  const kept = [...staying].map(([rule, number]) => `${number} ${words[rule] ?? `by keep_${rule}`}`);
  const rest = kept.length === 0 ? 'nothing stays' : `${kept.join(', ')} stay`;
  return `${group}: ${going.length} of ${snapshots}, ${span(going[0] ?? 0, going.at(-1) ?? 0)}; ${rest}`;
}

const words: Readonly<Record<string, string>> = {
  protected: 'protected',
  'unfinished-newest': 'unfinished and newest',
};

const restOf = (groups: readonly GroupChange[]): string =>
  `and ${count(
    total(groups, (one) => one.going.length),
    'snapshot',
  )} in ${count(groups.length, 'more group')}`;
