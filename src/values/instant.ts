// Points in time and the clock they come from. An instant is RFC 3339 in UTC with milliseconds: it sorts as text, and
// it goes into JSON, SQLite and file names as it is. Nothing outside this file and main.ts reads the machine's clock.
import { type Duration, milliseconds } from './duration.ts';

declare const brand: unique symbol;
export type Instant = string & { readonly [brand]: 'instant' };

export const instantAt = (epochMilliseconds: number): Instant => new Date(epochMilliseconds).toISOString() as Instant;
export const epochMilliseconds = (instant: Instant): number => Date.parse(instant);
export const epochSeconds = (instant: Instant): number => Math.floor(epochMilliseconds(instant) / 1000);
export const between = (earlier: Instant, later: Instant): Duration =>
  milliseconds(epochMilliseconds(later) - epochMilliseconds(earlier));
export const after = (instant: Instant, duration: Duration): Instant =>
  instantAt(epochMilliseconds(instant) + duration);

/** Undefined where the text is no RFC 3339 time. */
export function parseInstant(text: string): Instant | undefined {
  const known = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  return Number.isNaN(known) ? undefined : instantAt(known);
}

/** A moment by the machine's own count since it was started, which nobody can step: a second opinion on the wall clock. */
export type SinceBoot = Readonly<{
  /** another one after each start of the machine */
  boot: string;
  elapsed: Duration;
}>;

export interface Clock {
  /** the wall clock, which an operator or NTP may step at any time */
  now(): Instant;
  /** milliseconds that only ever grow, and that no stepped wall clock changes; good for deadlines and rates */
  monotonic(): number;
  /** undefined, or not there, where it cannot be had */
  sinceBoot?(): SinceBoot | undefined;
  /** resolves after the duration, or rejects with the signal's reason as soon as that is aborted */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => instantAt(Date.now()),
  monotonic: () => performance.now(),
  sleep: (duration, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, duration);
      signal?.addEventListener('abort', stop, { once: true });
    }),
};
