// Whether anybody watches, as the heart-beat of a journal says.
import type { HeartBeat } from '../../../model/change-journal.ts';
import { type Duration, minutes } from '../../../values/duration.ts';
import { between, type Instant } from '../../../values/instant.ts';
import { shown } from '../../../values/text.ts';

/**
 * - `following`: what is recorded is all, the subtrees to rescan included
 * - `away`: the folder was not there; nothing may be taken as removed
 * - `silent`: nobody writes the journal; what happened later is not known
 */
export type Watch = Readonly<{ state: 'following' | 'away' | 'silent'; says: string }>;

/** The heart beats twice a minute. */
const silentAfter: Duration = minutes(3);

/** @param now by the clock of the journal's machine */
export function watchOf({ state, says, at, complete }: HeartBeat, now: Instant): Watch {
  if (state === 'following' && between(at, now) > silentAfter)
    return { state: 'silent', says: `its heart-beat stopped at ${at}; what happened after ${complete} is not known` };
  if (state === 'stopped')
    return { state: 'silent', says: `${shown(says)}; what happened after ${complete} is not known` };
  return { state, says: shown(says) };
}

/** Undefined for what is not there, and for what a power cut left half written. */
export function parsed<Read>(content: Uint8Array | undefined): Read | undefined {
  try {
    return content === undefined ? undefined : (JSON.parse(Buffer.from(content).toString()) as Read);
  } catch {
    return undefined;
  }
}
