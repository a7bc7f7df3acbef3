// Whether something is mounted at a place.
import type { Machine } from '../../machines/machine.ts';
import { minutes } from '../../values/duration.ts';

export async function isMounted(machine: Machine, place: string): Promise<boolean> {
  return (await machine.run(['mountpoint', '--quiet', '--', place], { deadline: minutes(5) })).exitCode === 0;
}
