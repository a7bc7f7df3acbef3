// How long this machine has been up, and since which start (proc(5)). Suspended time counts, as it does for the wall clock.
import { readFileSync } from 'node:fs';
import { seconds } from './values/duration.ts';
import type { SinceBoot } from './values/instant.ts';

export function sinceBoot(): SinceBoot | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const up = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    return boot === '' || Number.isNaN(up) ? undefined : { boot, elapsed: seconds(up) };
  } catch {
    // A container may hide it: then there is no second opinion, and what asks for one goes by the wall clock alone.
    return undefined;
  }
}
