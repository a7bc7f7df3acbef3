// What a foreign hand does on a PVE host: to a storage, a backup job, a guest, the disk below a storage, or a role.
import { pveContract } from '../contract/contract.ts';
import { configOf, volumesOf } from '../pve/guest-config.ts';
import { privilegesOf } from '../pve/roles.ts';
import type { PveState } from '../pve/state.ts';
import { sensitive, storageType } from '../pve/storage-types.ts';
import type { PveServer } from '../server.ts';

type Plain = string | number | boolean;
export type PveChange = Readonly<{
  storage?: string | undefined;
  backupJob?: string | undefined;
  guest?: number | undefined;
  disk?: string | undefined;
  role?: string | undefined;
  set: Readonly<Record<string, Plain | readonly string[]>>;
  delete: true | readonly string[];
}>;
export const pveKinds = ['storage', 'backupJob', 'guest', 'disk', 'role'] as const;

/** Gives what is there afterwards, or null where it is gone. Throws, in words, what makes no sense. */
export function changeOnPve({ name, host: { state } }: PveServer, given: PveChange): unknown {
  const there = (what: string): string => `${name} has no ${what}`;
  if (given.storage !== undefined) return ofStorage(state, given.storage, given, there);
  if (given.backupJob !== undefined) return ofJob(state, given.backupJob, given, there);
  if (given.guest !== undefined) return ofGuest(state, given.guest, given, there);
  if (given.disk !== undefined) return ofDisk(state, given.disk, given, there);
  if (given.role !== undefined) return ofRole(state, given.role, given, there);
  throw new Error(`${name} is a PVE host: it has storages, backup jobs and guests, and nothing of a PBS`);
}

type There = (what: string) => string;

function ofStorage(state: PveState, storage: string, { set, delete: unset }: PveChange, there: There): unknown {
  const entry = state.storages.find((one) => one.storage === storage);
  if (entry === undefined) throw new Error(there(`storage '${storage}'`));
  if (unset === true) {
    state.storages = state.storages.filter((one) => one !== entry);
    return null;
  }
  const type = storageType(entry.type);
  const known = [...(type?.fixed ?? []), ...(type?.optional ?? [])].filter((one) => !sensitive.includes(one));
  refuseUnknown([...Object.keys(set), ...unset], known, `a storage of type ${entry.type}`);
  entry.options = { ...without(entry.options, unset), ...inFile(set) };
  return entry;
}

const ofJobs = Object.keys(pveContract.paths['/cluster/backup/{id}']?.['PUT']?.parameters ?? {}).filter(
  (name) => !['id', 'delete', 'starttime', 'dow'].includes(name),
);

function ofJob(state: PveState, id: string, { set, delete: unset }: PveChange, there: There): unknown {
  const job = state.jobs.find((one) => one.id === id);
  if (job === undefined) throw new Error(there(`backup job '${id}'`));
  if (unset === true) {
    state.jobs = state.jobs.filter((one) => one !== job);
    return null;
  }
  refuseUnknown([...Object.keys(set), ...unset], ofJobs, 'a backup job');
  job.options = { ...without(job.options, unset), ...inFile(set) };
  return job;
}

const words = ['running', 'stopped'] as const;

/** `status` and `lock` beside what stands in its file; the size of its disks follows the file. */
function ofGuest(state: PveState, vmid: number, { set, delete: unset }: PveChange, there: There): unknown {
  const guest = state.guests.find((one) => one.vmid === vmid);
  if (guest === undefined) throw new Error(there(`guest ${vmid}`));
  if (unset === true) {
    state.guests = state.guests.filter((one) => one !== guest);
    for (const pool of state.pools) pool.members = pool.members.filter((member) => member !== vmid);
    return null;
  }
  const { status, lock, ...config } = inFile(set);
  const wanted = words.find((word) => word === status);
  if (status !== undefined && wanted === undefined) throw new Error(`a guest is ${words.join(' or ')}`);
  if (wanted !== undefined) guest.status = wanted;
  if (lock !== undefined) guest.lock = String(lock);
  if (unset.includes('lock')) guest.lock = undefined;
  guest.config = { ...without(configOf(guest), [...unset, 'lock']), ...config };
  guest.disk = volumesOf(guest).reduce((sum, { size }) => sum + size, 0);
  return guest;
}

function ofDisk(state: PveState, storage: string, { set, delete: unset }: PveChange, there: There): unknown {
  const disk = state.disks[storage];
  if (disk === undefined) throw new Error(there(`disk below a storage '${storage}' that the lab keeps count of`));
  if (unset === true || unset.length > 0) throw new Error('a disk is unplugged with "set": {"mounted": false}');
  refuseUnknown(Object.keys(set), ['mounted', 'used', 'total'], 'a disk');
  if (set['mounted'] !== undefined) disk.mounted = set['mounted'] === true || set['mounted'] === 1;
  disk.used = Number(set['used'] ?? disk.used);
  disk.total = Number(set['total'] ?? disk.total);
  return disk;
}

/** `delete` names privileges that are taken away; `set` has `privs`, all that it may from now on. */
function ofRole(state: PveState, role: string, { set, delete: unset }: PveChange, there: There): unknown {
  const present = Object.hasOwn(state.roles, role) ? state.roles[role] : undefined;
  if (present === undefined) throw new Error(there(`role '${role}'`));
  if (unset === true) {
    state.roles = without(state.roles, [role]);
    state.acl = state.acl.filter((entry) => entry.role !== role);
    return null;
  }
  refuseUnknown(Object.keys(set), ['privs'], 'a role');
  const privileges = set['privs'] === undefined ? present : String(set['privs']).split(/[,\s]+/);
  refuseUnknown([...privileges, ...unset], privilegesOf(state.version), 'PVE');
  state.roles[role] = privileges.filter((privilege) => !unset.includes(privilege));
  return { role, privileges: state.roles[role] };
}

/** The files of PVE have no booleans. */
const inFile = (set: PveChange['set']): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(set).map(([option, value]) => [
      option,
      typeof value === 'boolean' ? Number(value) : typeof value === 'object' ? value.join(',') : value,
    ]),
  );

function refuseUnknown(names: readonly string[], known: readonly string[], of: string): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${of} has no option '${unknown}': there are ${known.join(', ')}`);
}

const without = <Value>(options: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));
