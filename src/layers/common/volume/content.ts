// What is on a device, as blkid(8) reads it from the device itself, never from a cache.
import type { Machine } from '../../../machines/machine.ts';
import { minutes } from '../../../values/duration.ts';
import { cut, shown } from '../../../values/text.ts';
import { commandFailed } from '../commands.ts';
import { type Content, filesystems } from './volume.ts';

/** Nothing that blkid could tell is its exit code 2 (blkid(8)); 8 are contradicting signatures. */
const nothing = 2;
const contradicting = 8;

export async function contentOf(machine: Machine, device: string, signal: AbortSignal): Promise<Content> {
  const argv = ['blkid', '--probe', '--output', 'export', '--', device] as const;
  const ended = await machine.run(argv, { signal, deadline: minutes(2) });
  if (ended.exitCode === nothing) return { is: 'empty' };
  if (ended.exitCode === contradicting)
    return { is: 'unsupported', type: 'several signatures that contradict each other' };
  if (ended.exitCode !== 0) throw commandFailed(machine, argv, ended);
  return contentIn(ended.stdout);
}

export function contentIn(answer: string): Content {
  const facts = new Map(answer.split('\n').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
  const type = facts.get('TYPE');
  const known = filesystems.find((one) => one === type);
  if (known !== undefined) return { is: 'filesystem', type: known };
  const uuid = facts.get('UUID');
  if (type === 'crypto_LUKS' && uuid !== undefined) return { is: 'luks', uuid };
  const partitions = facts.get('PTTYPE');
  const what = type ?? (partitions === undefined ? 'nothing that is known' : `a partition table (${partitions})`);
  return { is: 'unsupported', type: cut(shown(what), 60) };
}
