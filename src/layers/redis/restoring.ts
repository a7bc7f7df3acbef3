// What every step of a restore in place works with.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Ref } from '../../values/ref.ts';
import { givenOf } from '../common/given.ts';
import { observeChosen } from '../common/points/expects.ts';
import { inPlace } from '../common/service/service.ts';
import type { Answers, Serving } from '../common/service/steps.ts';
import { ask, type Client, clientOf, forRestore } from './client.ts';
import { type RestoreGiven, restoreGiven } from './restore-given.ts';

export const givenIn = (context: StepContext): RestoreGiven => givenOf(restoreGiven, context.step);

export const clientIn = (context: StepContext): Promise<Client> =>
  clientOf(forRestore(givenIn(context).entry), context.world);

export const observePoint = (context: StepContext, subject: Ref) => observeChosen(context, givenIn(context), subject);

async function answersOf(client: Client, context: Readonly<{ signal: AbortSignal }>): Promise<Answers> {
  try {
    await ask(client, ['ping'], /^PONG\n/, context);
    return 'yes';
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (/\bLOADING\b/.test(error.says)) return 'loading';
    return error.code === 'database-unreachable' ? 'no' : 'yes';
  }
}

export async function servingIn(context: StepContext): Promise<Serving> {
  const { entry, ran } = givenIn(context);
  const client = await clientIn(context);
  const { service } = inPlace(entry);
  return { machine: client.machine, service, ran, answers: () => answersOf(client, context) };
}
