// The steps `redis.save` and `redis.compare`: what is on the disk before a restore stops the server, and what it has loaded after.
import type { Done, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { absent } from '../../model/step.ts';
import { whereOf } from './client.ts';
import { type Info, infoFrom, keyspaceOf } from './info.ts';
import { checkSavedThere } from './own-folder.ts';
import type { RestoreGiven } from './restore-given.ts';
import { clientIn, givenIn } from './restoring.ts';
import { saveNow } from './save.ts';

export const saveKind: StepKind = {
  name: 'redis.save',
  observe: async () => absent,
  do: async (context): Promise<Done> => {
    const client = await clientIn(context);
    // Its own clock; before 6.2 no server says it, and the save before this one must do.
    const { server_time_usec: asked = 0 } = await infoFrom(client, context);
    const notBefore = Math.max(Math.floor(Number(asked) / 1e6), await saveNow(client, context));
    await checkSavedThere(givenIn(context), notBefore, context);
    return { result: { not_before: notBefore } };
  },
  probe: async () => ({ answer: 'not done', evidence: 'saving twice does no harm' }),
};

export const compareKind: StepKind = {
  name: 'redis.compare',
  observe: async () => absent,
  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const info = await infoFrom(await clientIn(context), context);
    const wrong = problemIn(given, info);
    if (wrong === undefined) return { result: { keys: keyspaceOf(info).keys } };
    throw new Fault('restore-not-sound', {
      where: `${given.entry.name}: ${whereOf(given.entry.server)}`,
      says: wrong,
      remedy: 'what was there is led back; see the log of the server, and the names of its files (CONFIG GET)',
    });
  },
  probe: async () => ({ answer: 'not done', evidence: 'it only looks' }),
};

/** Keys whose time was over are dropped while they are loaded: a server since 7.0 says how many those were. Pure. */
export function problemIn({ taken, reads }: Pick<RestoreGiven, 'taken' | 'reads'>, info: Info): string | undefined {
  if (reads !== 'dump' && info['aof_enabled'] !== '1')
    return 'the server kept a log of commands before, and does not now';
  const { keys, expires = 0 } = taken.counts;
  if (keys === undefined) return undefined;
  const has = keyspaceOf(info).keys;
  const loaded = info['rdb_last_load_keys_loaded'];
  const dropped = info['rdb_last_load_keys_expired'];
  const { about } = taken;
  const exact = about !== null && typeof about === 'object' && 'counted' in about && about['counted'] === true;
  if (exact && loaded !== undefined && dropped !== undefined)
    return Number(loaded) + Number(dropped) === keys
      ? undefined
      : `it has loaded ${loaded} keys and dropped ${dropped} that were over; the dump has ${keys}`;
  // Counted a moment before the dump, or loaded by a server that does not say what it dropped.
  const least = Math.floor((keys - expires) * (exact ? 1 : 0.9));
  return has >= least ? undefined : `it has ${has} keys; the dump has ${keys}, of which ${expires} are for a time only`;
}
