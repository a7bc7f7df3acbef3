// Moments as whole seconds. The same few texts (a job's last cycle, this look) are asked for again with each look at the clock,
// and reading a text as a date is dearer than everything else that is done with it.
import { epochSeconds, type Instant } from '../values/instant.ts';

const known = new Map<Instant, number>();
const mostKnown = 4096;

export function secondsOf(moment: Instant): number {
  const found = known.get(moment);
  if (found !== undefined) return found;
  const seconds = epochSeconds(moment);
  if (known.size >= mostKnown) known.clear();
  known.set(moment, seconds);
  return seconds;
}
