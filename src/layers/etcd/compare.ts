// The step `etcd.compare`: the server that was started on the new data has the keys of the snapshot, at the revision of the snapshot.
import type { Done, StepKind } from '../../contracts/step-kind.ts';
import { absent } from '../../model/step.ts';
import { keysAt, statusOf } from './answers.ts';
import { asEither, givenIn, loginsIn, notSound } from './restoring.ts';

export const compareKind: StepKind = {
  name: 'etcd.compare',
  observe: async () => absent,
  do: async (context): Promise<Done> => {
    const { entry, taken } = givenIn(context);
    const { revision = 0, keys } = taken.counts;
    return asEither(await loginsIn(entry, context.world), async (client) => {
      const now = (await statusOf(client, context)).header.revision ?? 0;
      if (now < revision) throw notSound(entry, `the server is at revision ${now}, the snapshot at ${revision}`);
      const has = await keysAt(client, revision, context);
      if (has !== keys && keys !== undefined)
        throw notSound(entry, `at revision ${revision} the server has ${has ?? 'no'} keys, the snapshot has ${keys}`);
      return { result: { revision: now, keys: has ?? 0 } };
    });
  },
  probe: async () => ({ answer: 'not done', evidence: 'it only looks' }),
};
