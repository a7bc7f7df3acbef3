// Whether the secrets that are declared are still those that were last written. They are opened here, on this machine, and
// only where there is something to compare them with.
import type { Declared, Desired } from '../contracts/resource.ts';
import type { World } from '../contracts/world.ts';
import { asFault, Fault } from '../fault.ts';
import type { Wrote } from '../model/run.ts';
import type { SecretsNow } from '../model/secrets-now.ts';
import { fingerprintOfKey } from '../proxmox/encryption-key.ts';
import { type Ref, ref } from '../values/ref.ts';
import { nameOfReference, type SecretReference } from '../values/secret-reference.ts';

export async function secretsNow(
  world: World,
  { declared }: Desired,
  wrote: ReadonlyMap<Ref, Wrote>,
): Promise<ReadonlyMap<Ref, SecretsNow>> {
  const looked = await Promise.all(
    declared.map(async (one) => {
      const { secrets, saves = {}, makes = {} } = one;
      if (Object.keys({ ...secrets, ...saves, ...makes }).length === 0) return [];
      const subject = ref(one.kind, one.server, one.name);
      return [[subject, await look(world, one, wrote.get(subject) ?? {})] as const];
    }),
  );
  return new Map(looked.flat());
}

type Verdict = 'as written' | 'changed' | 'unknown' | 'unsaved' | Readonly<{ says: string }>;

async function look(
  world: World,
  { server, secrets, saves = {}, makes = {} }: Declared,
  wrote: Wrote,
): Promise<SecretsNow> {
  const audience = async () => (await world.server(server, 'observe')).audience;
  const declared = Object.entries({ ...secrets, ...makes });
  const [verdicts, keys] = await Promise.all([
    Promise.all([
      ...Object.entries(secrets).map(
        async ([parameter, reference]) =>
          [parameter, await compared(world, reference, audience, wrote[parameter])] as const,
      ),
      ...Object.entries(makes).map(
        async ([parameter, file]) => [parameter, await made(world, file, audience, wrote[parameter])] as const,
      ),
      ...Object.entries(saves).map(
        async ([parameter, file]) => [parameter, await isSaved(world, file, audience)] as const,
      ),
    ]),
    keysAmong(world, declared, audience),
  ]);
  const those = (verdict: Verdict) => verdicts.filter(([, one]) => one === verdict).map(([parameter]) => parameter);
  return {
    changed: those('changed'),
    unknown: those('unknown'),
    unsaved: those('unsaved'),
    unread: verdicts.flatMap(([parameter, one]) => (typeof one === 'object' ? [{ parameter, says: one.says }] : [])),
    keys,
  };
}

/** A key is known by its fingerprint, whoever wrote it; one that cannot be read is told of where it is used. */
async function keysAmong(
  world: World,
  declared: readonly (readonly [string, SecretReference])[],
  audience: () => Promise<string>,
): Promise<Readonly<Record<string, string>>> {
  const keys = await Promise.all(
    declared
      .filter(([parameter]) => parameter === 'encryption-key')
      .map(async ([parameter, reference]) => {
        try {
          const whom = await audience();
          return [[parameter, fingerprintOfKey(await world.secret(reference, whom), whom)] as const];
        } catch (error) {
          if (error instanceof Fault) return [];
          throw error;
        }
      }),
  );
  return Object.fromEntries(keys.flat());
}

async function compared(
  world: World,
  reference: SecretReference,
  audience: () => Promise<string>,
  written: string | undefined,
): Promise<Verdict> {
  if (written === undefined) return 'unknown';
  try {
    const now = await world.keyedDigest(await world.secret(reference, await audience()));
    return now === written ? 'as written' : 'changed';
  } catch (error) {
    return { says: asFault(error, 'secret').says };
  }
}

/** Before it is needed for the first time there is none; later that is worth a word. */
async function made(
  world: World,
  file: SecretReference,
  audience: () => Promise<string>,
  written: string | undefined,
): Promise<Verdict> {
  const saved = await isSaved(world, file, audience);
  if (saved !== 'unsaved') return typeof saved === 'object' ? saved : compared(world, file, audience, written);
  return { says: `${nameOfReference(file)} is not there; put the one that the server has into it` };
}

async function isSaved(world: World, file: SecretReference, audience: () => Promise<string>): Promise<Verdict> {
  try {
    await world.secret(file, await audience());
    return 'as written';
  } catch (error) {
    const fault = error instanceof Fault ? error : asFault(error, 'secret');
    return fault.code === 'secret-missing' ? 'unsaved' : { says: fault.says };
  }
}
