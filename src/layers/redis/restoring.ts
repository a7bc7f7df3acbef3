// What every step of a restore in place works with.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { absent } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { kindOf, type Ref } from '../../values/ref.ts';
import { givenOf } from '../common/given.ts';
import { readManifest } from '../common/points/manifest.ts';
import { inPlace } from '../common/service/service.ts';
import type { Answers, Serving } from '../common/service/steps.ts';
import { ask, type Client, clientOf, forRestore } from './client.ts';
import { type RestoreGiven, restoreGiven } from './restore-given.ts';

export const givenIn = (context: StepContext): RestoreGiven => givenOf(restoreGiven, context.step);

export const clientIn = (context: StepContext): Promise<Client> =>
  clientOf(forRestore(givenIn(context).entry), context.world);

export async function observePoint(context: StepContext, subject: Ref) {
  const { folder, points } = givenIn(context);
  if (kindOf(subject) !== 'restore-point') return absent;
  const manifest = await readManifest(context.world.machine(points).files, folder);
  return 'problem' in manifest ? absent : digestOf(manifest);
}

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
