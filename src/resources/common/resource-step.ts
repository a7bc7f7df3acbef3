// What the steps of all resources start from: what they are given, and what the server holds at this moment.
import type { Declared, Fields, ResourceOf, Wanted } from '../../contracts/resource.ts';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Collection, Found } from '../../model/observed.ts';
import type { ProxmoxApi } from '../../proxmox/api.ts';
import { newKeyFile } from '../../proxmox/encryption-key.ts';
import { forKeeping } from '../../values/secret.ts';
import type { SecretReference } from '../../values/secret-reference.ts';

/** What a resource's step is given. `before` is what was there when the plan was made. */
export type ResourceGiven = Readonly<{
  server: string;
  name: string;
  fields: Fields;
  secrets: Readonly<Record<string, SecretReference>>;
  before: Fields | null;
  saves?: Readonly<Record<string, SecretReference>>;
  makes?: Readonly<Record<string, SecretReference>>;
  within?: string;
  resend?: readonly string[];
  renew?: readonly string[];
  /** where the key that goes with the thing is kept, for whoever is to make sure that it opens */
  escrow?: readonly SecretReference[];
}>;

export type AnyResource = ResourceOf<unknown>;

export const givenOf = (context: StepContext): ResourceGiven => context.step.given as unknown as ResourceGiven;

export const apiOf = (context: StepContext): Promise<ProxmoxApi> =>
  context.world.server(givenOf(context).server, 'configure');

export async function readNow(resource: AnyResource, context: StepContext): Promise<Collection> {
  const { within } = givenOf(context);
  return resource.read(await apiOf(context), { signal: context.signal, within: within === undefined ? [] : [within] });
}

export async function foundNow(resource: AnyResource, context: StepContext, name: string): Promise<Found | undefined> {
  const { found } = await readNow(resource, context);
  return found.find((one) => one.name === name);
}

export async function wantedBy(resource: AnyResource, context: StepContext, api: ProxmoxApi): Promise<Wanted> {
  const { name, fields, secrets, makes = {}, before, resend = [] } = givenOf(context);
  // A key that backups were made with is never followed by another one that nobody asked for.
  const isThere = before !== null && resource.losesKey?.({ name, value: before }, undefined) !== undefined;
  const stays = isThere && context.step.act === 'update';
  for (const [parameter, file] of Object.entries(makes)) if (!isThere) await makeKey(context, api, parameter, file);
  const kept = Object.entries(makes).filter(([parameter]) => !stays || resend.includes(parameter));
  const revealed = await Promise.all(
    [...Object.entries(secrets), ...kept].map(async ([parameter, reference]) => [
      parameter,
      await context.world.secret(reference, api.audience),
    ]),
  );
  return { name, fields, secrets: Object.fromEntries(revealed) };
}

/** A key is made once: the one that lies in its file is the one that backups were made with. */
async function makeKey(context: StepContext, api: ProxmoxApi, parameter: string, file: SecretReference): Promise<void> {
  try {
    await context.world.secret(file, api.audience);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'secret-missing') throw error;
    const made = newKeyFile(context.world.clock.now(), `${parameter} of ${givenOf(context).name}`, forKeeping);
    await context.world.keepSecret(file, made);
  }
}

export const declaredOf = ({ server, name, fields, secrets, makes = {} }: ResourceGiven): Declared => ({
  server,
  name,
  item: fields,
  secrets: { ...secrets, ...makes },
  place: '',
  notes: [],
});
