// What speaks against a restore before anything is done. Pure.
import type { RestoreWish } from '../../contracts/layer.ts';
import type { Refusal } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { type Ref, ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { type Version, versionIn } from './inventory.ts';
import type { Database } from './restore-given.ts';
import { loginOf, type MysqlEntry } from './schema.ts';
import type { Scouted } from './scout.ts';

const versionOf = ({ manifest: { details } }: RestorePoint): Version => {
  const server = details['server'];
  const words = server !== null && typeof server === 'object' && 'version' in server ? String(server['version']) : '';
  return { ...versionIn(words.replace(/^\D+/, '')), text: words, isMaria: words.startsWith('MariaDB') };
};

const isNewer = ([major, minor]: Version['numbers'], [other, below]: readonly [number, number]): boolean =>
  major > other || (major === other && minor > below);

export function refusalOf(
  entry: MysqlEntry,
  wish: RestoreWish,
  server: Scouted,
  databases: readonly Database[],
  name: string | undefined,
): Refusal | undefined {
  const subject = ref('layer', entry.name);
  return (
    ofServer(entry, wish, server, subject) ??
    ofWish(entry, wish, databases, subject) ??
    ofName(databases, name, subject)
  );
}

function ofServer(entry: MysqlEntry, { point }: RestoreWish, server: Scouted, subject: Ref): Refusal | undefined {
  const version = versionOf(point);
  if (version.isMaria !== server.version.isMaria)
    return {
      ...{ subject, code: 'server-of-another-kind' },
      says: `the dumps are of ${version.text}, and this server is ${server.version.text}`,
      remedy: 'restore to a server of that kind; as files (--to /FOLDER) they can be looked through and changed',
    };
  if (isNewer(version.numbers, server.version.numbers))
    return {
      ...{ subject, code: 'server-too-old' },
      says: `the dumps are of ${version.text}, and this server is ${server.version.text}`,
      remedy: 'restore to a server that is not older; as files (--to /FOLDER) they can be taken there',
    };
  if (!server.may_create)
    return {
      ...{ subject, code: 'restore-not-allowed' },
      says: `the login ${shown(entry.restore_as?.user ?? loginOf(entry))} may not make, fill and drop databases`,
      remedy: 'give the layer `restore_as`, a login that may: it is used for restores only',
    };
  return undefined;
}

function ofWish(
  entry: MysqlEntry,
  { only, keepOld }: RestoreWish,
  databases: readonly Database[],
  subject: Ref,
): Refusal | undefined {
  const replaced = databases.filter(({ there }) => there);
  if (databases.length === 0)
    return {
      ...{ subject, code: 'nothing-to-restore' },
      says: `${shown(only ?? 'the point')} is no database that can be put there`,
      remedy: 'accounts come with the databases that need them: bring them as files (--to /FOLDER)',
    };
  if (keepOld === true && replaced.length > 0)
    return {
      ...{ subject, code: 'keep-old-impossible' },
      says: 'a database has no rename here, so the one of before cannot stay beside',
      remedy:
        'leave `--keep-old` out: what is there is dumped before into a point that is held, or use --to database/NAME',
    };
  // What leads back is a dump as encrypted as any other.
  if (replaced.length > 0 && entry.encrypt_to !== undefined && entry.identity === undefined)
    return {
      ...{ subject, code: 'identity-missing' },
      says: 'what is replaced would be dumped before so that nobody here can open it',
      remedy: 'bring the identity from where it is kept, and set `identity` for the restore',
    };
  return undefined;
}

function ofName(databases: readonly Database[], name: string | undefined, subject: Ref): Refusal | undefined {
  if (name === undefined) return undefined;
  if (databases.length > 1)
    return {
      ...{ subject, code: 'only-missing' },
      says: `the point has ${databases.length} databases, and one name was given`,
      remedy: 'say which one: --only DATABASE',
    };
  if (name === '' || [...name].length > 64 || /[\0\u{10000}-\u{10ffff}]| $/u.test(name))
    return {
      ...{ subject, code: 'target-unclear' },
      says: `${shown(name)} cannot be the name of a database`,
      remedy: 'give one of 1 to 64 characters, without a space at the end: --to database/NAME',
    };
  if (databases.every(({ there }) => !there)) return undefined;
  return {
    ...{ subject, code: 'target-there' },
    says: `there is a database ${shown(name)} already`,
    remedy: 'give a name that is free; to replace it, restore with --to live',
  };
}
