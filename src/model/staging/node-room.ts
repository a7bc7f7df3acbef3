// What is known of one node's room, or why it is not: facts as staging is judged by them.
import type { BackupDefaults, Room, SeenStorage, StorageEntry } from '../../values/room.ts';
import type { FactTypes, GuestSeen } from '../fact-types.ts';
import type { AskOf, FactName, Facts } from '../facts.ts';

export type Learned<Answer> = Readonly<{ answer: Answer } | { says: string }>;

/** A backup job, as far as staging goes. */
export type StagingJob = Readonly<{
  mode: string;
  storage: string;
  /** known to be a PBS; what is not known is looked up on each node */
  toPbs: boolean;
  /** undefined where the node's own defaults decide */
  fleecing: string | undefined;
}>;

export type NodeRoom = Readonly<{
  node: string;
  defaults: Learned<BackupDefaults>;
  root: Learned<Room>;
  storages: Learned<readonly SeenStorage[]>;
  entries: Learned<readonly StorageEntry[]>;
}>;

export function learned<Name extends FactName>(facts: Facts, ask: AskOf<Name>): Learned<FactTypes[Name]['answer']> {
  const known = facts.of(ask);
  if (known === undefined) return { says: `${ask.server} was not asked` };
  return 'fault' in known ? { says: known.fault.says } : { answer: known.answer };
}

export const roomOf = (facts: Facts, server: string, node: string): NodeRoom => ({
  node,
  defaults: learned<'backup-defaults'>(facts, { fact: 'backup-defaults', server, node }),
  root: learned<'root-disk'>(facts, { fact: 'root-disk', server, node }),
  storages: learned<'seen-storages'>(facts, { fact: 'seen-storages', server, node }),
  entries: learned<'storage-entries'>(facts, { fact: 'storage-entries', server }),
});

export const answerOf = <Answer>(told: Learned<Answer>): Answer | undefined =>
  'answer' in told ? told.answer : undefined;

export const seenStorage = ({ storages }: NodeRoom, name: string): SeenStorage | undefined =>
  answerOf(storages)?.find(({ storage }) => storage === name);

export const entryNamed = ({ entries }: NodeRoom, name: string): StorageEntry | undefined =>
  answerOf(entries)?.find(({ storage }) => storage === name);

export function roomOn(room: NodeRoom, name: string): Learned<Room> {
  if ('says' in room.storages) return room.storages;
  const seen = seenStorage(room, name);
  if (seen === undefined) return { says: `${room.node} shows no storage ${name}` };
  return seen.room === undefined ? { says: `${name} is not active on ${room.node}` } : { answer: seen.room };
}

/** Another disk of exactly that size, used to the same hundredth, would be a rare thing: it is the same file system. */
const isSame = (one: Room, other: Room): boolean =>
  one.total === other.total && Math.abs(one.used - other.used) <= one.total / 100;

export const isOnRoot = ({ root }: NodeRoom, { room }: SeenStorage): boolean =>
  room !== undefined && 'answer' in root && isSame(room, root.answer);

/**
 * `own`: its own disk, or no folder. `unmounted`: PVE writes nothing there until it is mounted. `beneath`: it lies on the root
 * disk though it is not the node's own folder. `root`: PVE's own folder, which is meant to lie there.
 */
export type TargetPlace = 'own' | 'unmounted' | 'beneath' | 'root' | 'unknown';

export function placeOfTarget(room: NodeRoom, name: string): TargetPlace {
  const seen = seenStorage(room, name);
  if (seen === undefined) return 'unknown';
  if (seen.type !== 'dir') return 'own';
  const entry = entryNamed(room, name);
  if (!seen.active) return entry?.mountDemanded === true ? 'unmounted' : 'unknown';
  if ('says' in room.root) return 'unknown';
  if (!isOnRoot(room, seen)) return 'own';
  return isOwnFolder(name, entry) ? 'root' : 'beneath';
}

// PVE makes the storage `local` by itself, in this folder.
const isOwnFolder = (name: string, entry: StorageEntry | undefined): boolean =>
  entry?.path === undefined ? name === 'local' : `${entry.path}/`.startsWith('/var/lib/vz/');

/** False also where the entries could not be read: each node's own list then tells. */
export const leadsToPbs = (facts: Facts, server: string, storage: string): boolean => {
  const entries = answerOf(learned<'storage-entries'>(facts, { fact: 'storage-entries', server }));
  return entries?.find((one) => one.storage === storage)?.type === 'pbs';
};

/** A job's own word counts, then the node's. */
export const fleecingOf = (job: StagingJob, room: NodeRoom): string | undefined =>
  job.fleecing ?? answerOf(room.defaults)?.fleecing;

const short = { qemu: 'vm', lxc: 'ct' } as const;
/** `ct/102 tamar` */
export const nameOf = ({ type, vmid, name }: GuestSeen): string =>
  `${short[type]}/${vmid}${name === '' ? '' : ` ${name}`}`;
