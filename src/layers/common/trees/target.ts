// Where a restore goes: an empty folder, or none. What is unpacked lies in a folder with the run's id below it until it is
// settled, and beside it stands what the target was before.
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { type Digest, digestOf } from '../../../values/canonical.ts';
import type { SecretReference } from '../../../values/secret-reference.ts';
import { shown } from '../../../values/text.ts';
import { givenOf } from '../given.ts';
import { forAge } from '../points/encryption.ts';
import { workFolder } from '../points/places.ts';
import { manifestIn } from '../points/point-proof.ts';
import { restoreGiven } from './given.ts';
import { type Listed, pathOf } from './listed.ts';
import type { AtHand } from './parts.ts';
import { isMeant, type Scope, scopeOf } from './scope.ts';

export const emptyTarget: Digest = digestOf('an empty folder, or none');

export type Restoring = Readonly<{
  machine: Machine;
  /** where the point lies, where that is another one than it is brought to */
  points?: Machine;
  /** of the point */
  folder: string;
  target: string;
  devices: boolean;
  identity: SecretReference | undefined;
  /** the part that is brought back; undefined: all of it */
  scope: Scope | undefined;
  work: string;
  tree: string;
  /** whose everything becomes, whoever owned it where it was copied */
  owner?: Readonly<{ uid: number; gid: number }>;
}>;

export function restoringIn(context: StepContext): Restoring {
  const given = givenOf(restoreGiven, context.step);
  const work = workFolder(given.target, context.run);
  const { folder, target, devices, identity, only } = given;
  const scope = only === undefined ? undefined : scopeOf(only);
  const machine = context.world.machine(given.machine);
  return { machine, folder, target, devices, identity, scope, work, tree: join(work, 'tree') };
}

/** The point itself, with what opens it. @throws Fault `point-damaged` where its manifest is not what was sealed */
export async function atHand(
  { machine, points = machine, folder, identity }: Restoring,
  { world }: StepContext,
): Promise<AtHand> {
  const manifest = await manifestIn(points.files, folder);
  return { machine: points, folder, manifest, identity: identity && (await world.secret(identity, forAge)) };
}

/** Of what is listed, what is brought back, and the folders that lead to it. */
export async function* meantOf(
  { scope, owner }: Pick<Restoring, 'scope' | 'owner'>,
  listing: AsyncIterable<Listed>,
): AsyncGenerator<Listed> {
  for await (const entry of listing) if (isMeant(scope, pathOf(entry))) yield { ...entry, ...owner };
}

/** What is there in the way of a restore, in words; undefined for an empty folder or none. */
export async function inTheWay(machine: Machine, target: string): Promise<string | undefined> {
  const found = await machine.files.info(target);
  if (found === undefined) {
    const parent = await machine.files.info(dirname(target));
    if (parent?.type !== 'folder') return `there is no folder ${shown(dirname(target))} to make it in`;
    return (parent.mode & 0o1002) === 0o002 ? `everybody may rename what is in ${shown(dirname(target))}` : undefined;
  }
  if (found.type !== 'folder') return `it is a ${found.type}`;
  if ((found.mode & 0o002) !== 0) return 'everybody may write into it, and so could swap what is restored';
  const names = (await machine.files.list(target)) ?? [];
  const some = names.slice(0, 3).map(shown).join(', ');
  return names.length === 0 ? undefined : `it is not empty: ${some}${names.length > 3 ? ' and more' : ''}`;
}

export const before = z.strictObject({ existed: z.boolean(), mode: z.int(), uid: z.int(), gid: z.int() });
export type Before = z.infer<typeof before>;
const beforeFile = (work: string): string => join(work, 'before.json');

/** @throws Fault `target-not-empty` */
export async function checkTarget(machine: Machine, target: string): Promise<void> {
  const reason = await inTheWay(machine, target);
  if (reason === undefined) return;
  throw new Fault('target-not-empty', {
    where: shown(target),
    says: reason,
    remedy:
      'choose a folder that is empty or not there yet, in one that only its owner may write to; nothing was written',
  });
}

/** Makes the target where there is none, and in it the folder to work in. */
export async function beginIn({ machine, target, work, tree }: Restoring): Promise<void> {
  await checkTarget(machine, target);
  const { files } = machine;
  const found = await files.info(target);
  await files.makeFolder(target, 0o700);
  await files.makeFolder(work, 0o700);
  const { mode, uid, gid } = found ?? { mode: 0o700, uid: 0, gid: 0 };
  await writeBefore({ machine, work }, { existed: found !== undefined, mode, uid, gid });
  await files.makeFolder(tree, 0o700);
}

export const writeBefore = ({ machine, work }: Pick<Restoring, 'machine' | 'work'>, known: Before): Promise<void> =>
  machine.files.write(beforeFile(work), JSON.stringify(known), 0o600);

export async function readBefore({ machine, work }: Restoring): Promise<Before | undefined> {
  const content = await machine.files.read(beforeFile(work), 4096);
  return content === undefined ? undefined : before.parse(JSON.parse(Buffer.from(content).toString()));
}

/** The target as it was: empty, or not there. What somebody else has put there meanwhile stays, and so does the folder then. */
export async function leadBack(restoring: Restoring): Promise<void> {
  const { machine, target, work } = restoring;
  if ((await machine.files.info(work)) === undefined) return;
  const { existed } = (await readBefore(restoring)) ?? { existed: true };
  await machine.files.remove(work);
  if (!existed) await machine.run(['rmdir', '--', target]);
}
