// Texts with a grammar of their own, known by the names of their parameters: the published schema has them as mere strings.
import { byteSizeProblem, formatByteSize, parseByteSize } from '../../src/values/byte-size.ts';
import { isCalendarProblem } from '../../src/values/calendar.ts';
import { parseDailyDuration } from '../../src/values/calendar-daily.ts';
import { parseCalendar } from '../../src/values/calendar-parse.ts';
import type { Options } from './state.ts';

const events = ['schedule', 'gc-schedule', 'prune-schedule', 'counter-reset-schedule'];
const dailyDurations = ['timeframe', 'match-calendar'];
const rates = ['rate-in', 'rate-out', 'burst-in', 'burst-out'];
const sizes = [...rates, 's3-upload', 's3-download'];

/** Why PBS cannot read the text, or undefined. */
export function grammarProblem(name: string, text: string): string | undefined {
  if (events.includes(name)) {
    const event = parseCalendar(text);
    return isCalendarProblem(event) ? `unable to parse calendar event '${text}' - ${event.problem}` : undefined;
  }
  if (dailyDurations.includes(name)) {
    const duration = parseDailyDuration(text);
    return isCalendarProblem(duration) ? `unable to parse daily duration '${text}' - ${duration.problem}` : undefined;
  }
  return sizes.includes(name) && byteSizeProblem(text) !== undefined ? `not a valid byte size: '${text}'` : undefined;
}

/** Rates as PBS writes them: a number, a blank, and the unit that was given. */
export function withWrittenRates(options: Options): Options {
  const written = { ...options };
  for (const name of rates) {
    const size = parseByteSize(String(options[name] ?? ''));
    if (size !== undefined) written[name] = formatByteSize(size);
  }
  return written;
}
