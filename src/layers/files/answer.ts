// What the script says of a generation, line by line. Pure.
import type { Part } from '../../model/restore-point.ts';

export const lists = ['missing', 'differing', 'unsettled', 'weaker', 'beyond', 'unscanned', 'undigested'] as const;
/**
 * `missing`: not copied. `differing`: copied, and not like its source. `unsettled`: written to each time it was copied. `weaker`: without an
 * attribute or ACL of the source. `beyond`: another file system is mounted there. `unscanned`: what find(1) could not look into.
 * `undigested`: content that could not be read again.
 */
export type List = (typeof lists)[number];

export type Answer = {
  outcome: 'same' | 'changed' | 'full' | 'empty' | 'no room' | 'unfinished';
  base: string | undefined;
  parts: Part[];
  counts: Record<string, number>;
  changes: Record<string, number>;
  /** the digest of the scan before it was packed */
  scan: string | undefined;
  attributes: boolean;
  lists: Partial<Record<List, number>>;
  excluded: number;
  /** bases that are not what was sealed, and why */
  unproved: { id: string; because: string }[];
  room: { need: number; free: number; of: 'bytes' | 'inodes' } | undefined;
  unlike: number;
  /** tools that did not end well, in words */
  ended: string[];
};

export const unheard = (): Answer => ({
  ...{ outcome: 'unfinished', base: undefined, parts: [], counts: {}, changes: {}, scan: undefined, attributes: true },
  ...{ lists: {}, excluded: 0, unproved: [], room: undefined, unlike: 0, ended: [] },
});

/** @returns how much was read and written until now, where the line is a sign of life */
export function hear(answer: Answer, line: string): number | undefined {
  const [word = '', ...rest] = line.split(' ');
  const [first = '', second = ''] = rest;
  switch (word) {
    case 'alive':
      return Number(first);
    case 'outcome':
      answer.outcome = first as 'same' | 'changed' | 'full';
      answer.base = second === '' ? undefined : second;
      break;
    case 'empty':
      answer.outcome = 'empty';
      break;
    case 'no-room':
    case 'no-inodes':
      answer.outcome = 'no room';
      answer.room = { need: Number(first), free: Number(second), of: word === 'no-room' ? 'bytes' : 'inodes' };
      break;
    case 'part':
      answer.parts.push({ name: first, bytes: Number(second), sha256: rest[2] ?? '' });
      break;
    case 'count':
      answer.counts[first] = Number(second);
      break;
    case 'change':
      answer.changes[first] = Number(second);
      break;
    case 'whole':
      answer.scan = first;
      break;
    case 'attributes-listed':
      answer.attributes = first === 'yes';
      break;
    case 'list':
      answer.lists[first as List] = Number(second);
      break;
    case 'excluded':
      answer.excluded = Number(first);
      break;
    case 'unproved':
      answer.unproved.push({ id: first, because: rest.slice(1).join(' ') });
      break;
    case 'unlike':
      answer.unlike = Number(first);
      break;
    case 'end':
      break;
    default:
      answer.ended.push(line);
  }
  return undefined;
}
