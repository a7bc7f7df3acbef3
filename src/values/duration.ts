// Lengths of time. A duration is a branded number of milliseconds, so it goes into JSON and SQLite as it is, and a bare
// number cannot be handed in by mistake.

declare const brand: unique symbol;
export type Duration = number & { readonly [brand]: 'milliseconds' };

export const milliseconds = (count: number): Duration => count as Duration;
export const seconds = (count: number): Duration => milliseconds(count * 1000);
export const minutes = (count: number): Duration => seconds(count * 60);
export const hours = (count: number): Duration => minutes(count * 60);
export const days = (count: number): Duration => hours(count * 24);

const steps = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** For people: the two largest parts (`3d 4h`, `12m 5s`), tenths below ten seconds, milliseconds below one. */
export function formatDuration(duration: Duration): string {
  if (duration < 0) return `-${formatDuration(milliseconds(-duration))}`;
  if (duration < 1000) return `${Math.round(duration)} ms`;
  if (duration < 10_000) return `${(duration / 1000).toFixed(1)} s`;
  let rest: number = duration;
  const parts: string[] = [];
  for (const [unit, size] of steps) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
