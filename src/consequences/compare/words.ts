// How consequences say times and lists: absolute times, so that the same plan reads the same tomorrow.
import { type Instant, instantAt } from '../../values/instant.ts';

/** `2026-11-22T02:00:00Z` */
export const moment = (instant: Instant): string => instant.replace(/\.\d{3}Z$/, 'Z');
export const momentOf = (epochSeconds: number): string => moment(instantAt(epochSeconds * 1000));

/** The first so many, and how many more there are. */
export const listed = (names: readonly string[], atMost = 20): string =>
  names.length <= atMost ? names.join(', ') : `${names.slice(0, atMost).join(', ')} and ${names.length - atMost} more`;

export const unique = <One>(ones: readonly One[]): readonly One[] => [...new Set(ones)];
