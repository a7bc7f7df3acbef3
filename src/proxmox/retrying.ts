// Tries again what is safe to try again, and nothing else: a read whose connection broke or whose server was busy, and a
// write that never had the lock it needed. A write in doubt is never repeated.
import { Fault } from '../fault.ts';
import { type Duration, milliseconds, seconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import { apiThrough, type ProxmoxApi, type Verb } from './api.ts';
import { lostTheLock } from './refusal.ts';

export type Retries = Readonly<{
  /** in all, the first one included */
  attempts: number;
  /** before the second attempt; doubled before each one after it */
  pause: Duration;
}>;

const usual: Retries = { attempts: 3, pause: seconds(1) };

const passing: readonly string[] = ['server-unreachable', 'server-busy', 'answer-cut-short'];

const worthAnother = (verb: Verb, error: unknown): boolean =>
  lostTheLock(error) || (verb === 'get' && error instanceof Fault && passing.includes(error.code));

export const retrying = (api: ProxmoxApi, clock: Clock, retries: Retries = usual): ProxmoxApi =>
  apiThrough(api, async (verb, path, params, options) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await api[verb](path, params, options);
      } catch (error) {
        if (attempt >= retries.attempts || !worthAnother(verb, error)) throw error;
        await clock.sleep(milliseconds(retries.pause * 2 ** (attempt - 1)), options.signal);
      }
    }
  });
