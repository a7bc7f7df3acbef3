// The estate as it is now. It is read again before each look at the clock; one that cannot be used is said once, and the one
// before goes on. A run that goes on works from its plan and hears of none of this.
import { asFault, Fault } from '../fault.ts';
import type { Estate } from '../model/estate.ts';
import { type Timetable, timetableOf } from '../schedule/timetable.ts';
import { shown } from '../values/text.ts';
import type { Serving } from './runs.ts';

export type Now = Serving & Readonly<{ timetable: Timetable }>;

export type EstateNow = Readonly<{ now(): Now; reread(): Promise<void> }>;

const withTimetable = (serving: Serving): Now => ({ ...serving, timetable: timetableOf(serving.estate) });

/** @param open reads the estate and the guard; it throws where one of them cannot be used */
export async function estateNow(open: () => Promise<Serving>, say: (line: string) => void): Promise<EstateNow> {
  let now = withTimetable(await open());
  let complaint = '';
  return {
    now: () => now,
    reread: async () => {
      try {
        const read = await open();
        sameName(now.estate, read.estate);
        if (read.estate.digest !== now.estate.digest) say('the estate has changed; it counts from now on');
        // The timetable holds what it has worked out: it is made anew only where something else is declared.
        now = read.estate.digest === now.estate.digest ? { ...read, timetable: now.timetable } : withTimetable(read);
        if (complaint !== '') say('the estate can be used again');
        complaint = '';
      } catch (error) {
        const { where, says, remedy } = asFault(error, 'estate');
        const text = `${where}: ${says}`;
        if (text !== complaint)
          say(
            `the estate cannot be used as it is now, and the one before goes on: ${shown(text)}; do this: ${shown(remedy)}`,
          );
        complaint = text;
      }
    },
  };
}

function sameName(before: Estate, read: Estate): void {
  if (before.name === read.name) return;
  throw new Fault('estate-renamed', {
    where: read.file,
    says: `its name was ${before.name} and is ${read.name}: another state belongs to it`,
    remedy: 'restart the service (`systemctl restart holdfast`) if that is meant',
  });
}
