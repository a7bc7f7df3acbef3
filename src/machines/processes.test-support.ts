// Looking among the processes of this machine, on which all machines of the tests really are.
import { readdir, readFile } from 'node:fs/promises';
import { milliseconds } from '../values/duration.ts';
import { type Clock, systemClock } from '../values/instant.ts';

/** How many processes have this text as one of their arguments. */
export async function processesWith(text: string): Promise<number> {
  const lines = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  );
  return lines.filter((line) => line.split('\0').includes(text)).length;
}

export async function goneWithin(patience: number, text: string): Promise<boolean> {
  for (const until = systemClock.monotonic() + patience; systemClock.monotonic() < until; )
    if ((await processesWith(text)) === 0) return true;
  return (await processesWith(text)) === 0;
}

/** What is given three seconds to end politely is given a tenth of one here. What is given longer guards against a hang. */
export const quick: Clock = {
  ...systemClock,
  sleep: (duration, signal) => systemClock.sleep(duration > 3000 ? duration : milliseconds(duration / 30), signal),
};
