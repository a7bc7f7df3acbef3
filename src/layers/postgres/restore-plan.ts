// The plan of bringing databases back: as files, beside the live ones under a new name, or in their place. What is replaced is dumped
// before, and put aside until the new one stands. Pure.

import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { Note, Refusal } from '../../model/plan.ts';
import type { Manifest, RestorePoint } from '../../model/restore-point.ts';
import type { Json } from '../../values/canonical.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { beside, databaseTargets } from '../common/dumps/database-targets.ts';
import { missingIn, takenIn } from '../common/dumps/taken.ts';
import { isFolder, meantIn, planUnpack, withoutTarget } from '../common/dumps/unpack-plan.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { rolesItem } from './inventory.ts';
import type { RestoreGiven } from './restore-given.ts';
import { restoreSteps } from './restore-steps.ts';
import type { PostgresEntry } from './schema.ts';
import { type Scouted, scouted as scoutedSchema } from './scout.ts';

export const restoreTargets = databaseTargets('dump');

export function planRestore(
  entry: PostgresEntry,
  wish: RestoreWish,
  context: LayerContext,
  scouted: Json = null,
): Planned {
  const { target, point } = wish;
  if (target === undefined)
    return refused(withoutTarget(entry, '--to live, --to database/NAME with --only DATABASE, or --to /FOLDER'));
  if (isFolder(target)) return planUnpack(entry, { ...wish, target });
  if (target !== 'live' && !target.startsWith(beside)) return refused(unclear(entry, target));
  const server = scoutedSchema.parse(scouted);
  const meant = meantIn(wish);
  if ('code' in meant) return refused(meant);
  // New databases are made after template1: nobody's data is in it, and it is not swapped below a server that runs.
  const dumps = meant.filter(({ form, name: one }) => form === 'dump' && (one !== 'template1' || target !== 'live'));
  const name = target === 'live' ? undefined : target.slice(beside.length);
  const refusal = refusalOf(entry, wish, server, dumps.length, name);
  if (refusal !== undefined) return refused(refusal);
  const roles = takenIn(point.manifest).find(({ name: one, form }) => one === rolesItem && form === 'sql');
  const missing = rolesIn(roles?.about).filter((role) => !server.roles.includes(role));
  const given: RestoreGiven = {
    entry,
    points: pointsMachine(entry),
    folder: point.folder,
    databases: dumps.map((taken) => ({
      ...{ taken, name: name ?? taken.name },
      there: server.databases.some((one) => one.name === (name ?? taken.name)),
    })),
    ...(roles === undefined || missing.length === 0 ? {} : { roles: { taken: roles, missing } }),
    major: majorOf(point),
    keep_old: wish.keepOld === true,
  };
  const { steps, notes } = restoreSteps(given, server, point, context);
  return { steps, notes: [...notes, ...missingNotes(entry, point, wish)], refusals: [] };
}

const refused = (refusal: Refusal): Planned => ({ steps: [], notes: [], refusals: [refusal] });

const rolesIn = (about: unknown): readonly string[] =>
  Array.isArray(about) ? about.filter((one): one is string => typeof one === 'string') : [];

/** `PostgreSQL 15.18 (Debian ...)` */
const majorOf = ({ manifest }: RestorePoint): number => majorIn(manifest);
export const majorIn = ({ details }: Pick<Manifest, 'details'>): number => {
  const server = details['server'];
  const version = server !== null && typeof server === 'object' && 'version' in server ? String(server['version']) : '';
  return Number(/(\d+)/.exec(version)?.[1] ?? 0);
};

function refusalOf(
  entry: PostgresEntry,
  { point, only }: RestoreWish,
  server: Scouted,
  dumps: number,
  name: string | undefined,
): Refusal | undefined {
  const subject = ref('layer', entry.name);
  const major = Math.floor(server.number / 10_000);
  if (majorOf(point) > major)
    return {
      ...{ subject, code: 'server-too-old' },
      says: `the dumps are of PostgreSQL ${majorOf(point)}, and this server is ${major}`,
      remedy: 'restore to a server that is not older; as files (--to /FOLDER) they can be taken there',
    };
  if (!server.may_create)
    return {
      ...{ subject, code: 'restore-not-allowed' },
      says: `the role ${shown(entry.restore_as?.user ?? entry.server.user)} may not make databases`,
      remedy: 'give the layer `restore_as`, a role that may: it is used for restores only',
    };
  if (dumps === 0)
    return {
      ...{ subject, code: 'nothing-to-restore' },
      says: `${shown(only ?? 'the point')} is no database that can be put there`,
      remedy:
        'roles come with the databases that need them, and template1 is not replaced: bring them as files (--to /FOLDER)',
    };
  if (name === undefined) return undefined;
  if (dumps > 1)
    return {
      ...{ subject, code: 'only-missing' },
      says: `the point has ${dumps} databases, and one name was given`,
      remedy: 'say which one: --only DATABASE',
    };
  if (name === '' || Buffer.byteLength(name) > 63)
    return {
      ...{ subject, code: 'target-unclear' },
      says: `${shown(name)} cannot be the name of a database`,
      remedy: 'give one of 1 to 63 bytes: --to database/NAME',
    };
  if (!server.databases.some((one) => one.name === name)) return undefined;
  return {
    ...{ subject, code: 'target-there' },
    says: `there is a database ${shown(name)} already`,
    remedy: 'give a name that is free; to replace it, restore with --to live',
  };
}

const unclear = ({ name }: PostgresEntry, target: string): Refusal => ({
  subject: ref('layer', name),
  code: 'target-unclear',
  says: `${shown(target)} is neither \`live\`, nor database/NAME, nor an absolute folder`,
  remedy: 'write --to live, --to database/NAME, or --to /FOLDER',
});

function missingNotes(entry: PostgresEntry, { manifest }: RestorePoint, { only }: RestoreWish): readonly Note[] {
  if (only !== undefined) return [];
  return missingIn(manifest).map(({ name }) => ({
    subject: ref('layer', entry.name),
    level: 'warning',
    says: `${shown(name)} is not in this point, since it could not be dumped that night: it stays as it is`,
  }));
}
