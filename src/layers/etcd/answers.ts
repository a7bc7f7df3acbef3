// What a member says of itself and of its keys.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { ask, type Client } from './client.ts';

const amount = z.int().nonnegative();

const status = z.tuple([
  z.object({
    Status: z.object({
      header: z.object({ revision: amount.optional() }),
      version: z.string(),
      dbSize: amount,
      isLearner: z.boolean().optional(),
      errors: z.array(z.string()).nullish(),
    }),
  }),
]);
export type Status = z.infer<typeof status>[0]['Status'];

type Watched = Pick<StepContext, 'signal'>;

export const statusOf = async (client: Client, context: Watched): Promise<Status> =>
  (await ask(client, ['endpoint', 'status'], status, context))[0].Status;

const members = z.object({
  members: z.array(
    z.object({
      name: z.string().default(''),
      peerURLs: z.array(z.string()).default([]),
      clientURLs: z.array(z.string()).default([]),
    }),
  ),
});
export type Member = z.infer<typeof members>['members'][number];

export const membersOf = async (client: Client, context: Watched): Promise<readonly Member[]> =>
  (await ask(client, ['member', 'list'], members, context)).members;

const counted = z.object({ header: z.object({ revision: amount }), count: amount.default(0) });
const oneKey = ['get', '', '--from-key', '--keys-only', '--limit=1'] as const;

/** How many keys there were at a revision, which an answer of one key says, too; undefined where that one has been compacted away. */
export async function keysAt(client: Client, revision: number, context: Watched): Promise<number | undefined> {
  try {
    return (await ask(client, [...oneKey, `--rev=${revision}`], counted, context)).count;
  } catch (error) {
    if (error instanceof Fault && /has been compacted/.test(error.says)) return undefined;
    throw error;
  }
}

export async function keysNow(client: Client, context: Watched): Promise<Readonly<{ revision: number; keys: number }>> {
  const { header, count } = await ask(client, oneKey, counted, context);
  return { revision: header.revision, keys: count };
}
