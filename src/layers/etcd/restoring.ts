// What every step of a restore works with.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import type { Ref } from '../../values/ref.ts';
import { opened } from '../common/dumps/opened.ts';
import { givenOf } from '../common/given.ts';
import { forAge } from '../common/points/encryption.ts';
import { observeChosen } from '../common/points/expects.ts';
import { inPlace } from '../common/service/service.ts';
import type { Answers, Serving } from '../common/service/steps.ts';
import { argvOf, type Client, clientOf, faultOf, optionsOf } from './client.ts';
import { type RestoreGiven, restoreGiven } from './restore-given.ts';
import type { EtcdEntry } from './schema.ts';
import type { SnapshotStatus } from './snapshot-tool.ts';

export const givenIn = (context: StepContext): RestoreGiven => givenOf(restoreGiven, context.step);

export const observePoint = (context: StepContext, subject: Ref) => observeChosen(context, givenIn(context), subject);

export async function snapshotOf({ entry, points, folder, taken }: RestoreGiven, context: StepContext) {
  const identity = entry.identity && (await context.world.secret(entry.identity, forAge));
  return opened({ machine: context.world.machine(points), folder, taken, identity }, context);
}

type Logins = Readonly<{ today: Client; thatDay: Client | undefined }>;

/** Users come back with the snapshot: whoever may not log in any more may have been let in on that day. */
export async function loginsIn({ restore_as, ...entry }: EtcdEntry, world: World): Promise<Logins> {
  const today = await clientOf(entry, world);
  if (restore_as === undefined) return { today, thatDay: undefined };
  return { today, thatDay: await clientOf({ ...entry, server: { ...entry.server, ...restore_as } }, world) };
}

export async function asEither<Answer>(
  { today, thatDay }: Logins,
  ask: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask(today);
  } catch (error) {
    if (thatDay === undefined || !(error instanceof Fault) || error.code !== 'database-login-refused') throw error;
    return ask(thatDay);
  }
}

/** A member that has no leader answers, and is of no use. */
async function answersOf(client: Client, signal: AbortSignal): Promise<Answers> {
  const argv = argvOf(client, ['--command-timeout=2s', 'endpoint', 'health']);
  const ended = await client.machine.run(argv, optionsOf(client, signal));
  if (ended.exitCode === 0) return 'yes';
  const fault = faultOf(client, 'endpoint health', ended);
  if (fault.code === 'database-unreachable') return 'no';
  throw fault;
}

export async function servingIn(context: StepContext): Promise<Serving> {
  const { entry, ran } = givenIn(context);
  const logins = await loginsIn(entry, context.world);
  const { service } = inPlace(entry);
  const answers = () => asEither(logins, (client) => answersOf(client, context.signal));
  return { machine: logins.today.machine, service, ran, answers };
}

const aboutFile = z.object({ revision: z.int() });

/** @throws Fault `restore-not-sound` where a data folder that was made has not what the snapshot had */
export function checkBuilt({ entry, taken: { about } }: RestoreGiven, { revision, totalKey }: SnapshotStatus): void {
  const known = aboutFile.parse(about);
  if (revision === known.revision && totalKey > 0) return;
  throw notSound(entry, `the new data folder is at revision ${revision}, the snapshot at ${known.revision}`);
}

export const notSound = ({ name, server }: EtcdEntry, says: string): Fault =>
  new Fault('restore-not-sound', {
    where: `${name}: ${server.url}`,
    says,
    remedy: 'restore another point; hold or keep this one until it is known what is wrong with it',
  });
