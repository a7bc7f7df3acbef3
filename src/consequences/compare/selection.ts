// Which guests a backup job of PVE takes (facts: pve-api section 4): `all`, all but some, a list, or the direct members of a
// pool; on one node alone where it names one.
import type { Fields } from '../../contracts/resource.ts';
import type { GuestSeen } from '../../model/fact-types.ts';
import type { Json } from '../../values/canonical.ts';

type Choice = Readonly<{ all_but?: readonly Json[]; guests?: readonly Json[]; pool?: string }>;

const has = (list: readonly Json[] | undefined, vmid: number): boolean =>
  list?.some((one) => Number(one) === vmid) === true;

const choiceOf = ({ select }: Fields): Choice | 'all' => {
  if (select === 'all') return 'all';
  return typeof select === 'object' && select !== null && !Array.isArray(select) ? (select as Choice) : {};
};

export function takes(job: Fields, guest: GuestSeen): boolean {
  const node = job['node'];
  if (typeof node === 'string' && node !== '' && node !== guest.node) return false;
  const choice = choiceOf(job);
  if (choice === 'all') return true;
  if (choice.pool !== undefined) return guest.pool === choice.pool;
  return choice.all_but === undefined ? has(choice.guests, guest.vmid) : !has(choice.all_but, guest.vmid);
}

/** Undefined where that depends on more than the job says: on a pool's members, on the node the guest is on. */
export function takesId(job: Fields, vmid: number): boolean | undefined {
  const choice = choiceOf(job);
  const named =
    choice === 'all' || (choice.all_but === undefined ? has(choice.guests, vmid) : !has(choice.all_but, vmid));
  if (poolOf(job) !== undefined) return undefined;
  return named && typeof job['node'] === 'string' && job['node'] !== '' ? undefined : named;
}

export const poolOf = (job: Fields): string | undefined => {
  const choice = choiceOf(job);
  return choice === 'all' ? undefined : choice.pool;
};

/** How the same job says it without that guest. */
export function without(job: Fields, vmid: number): string {
  const choice = choiceOf(job);
  if (choice === 'all') return `select: { all_but: [${vmid}] }`;
  const { all_but, guests, pool } = choice;
  if (pool !== undefined) return `take ${vmid} out of the pool ${pool}`;
  if (all_but !== undefined)
    return `select: { all_but: [${[...all_but.map(Number), vmid].sort((a, b) => a - b).join(', ')}] }`;
  const others = (guests ?? []).filter((one) => Number(one) !== vmid);
  return others.length === 0
    ? 'remove the job, or name other guests in it'
    : `select: { guests: [${others.join(', ')}] }`;
}

/** As PBS calls a backup of it. */
export const groupOf = ({ type, vmid }: GuestSeen): string => `${type === 'qemu' ? 'vm' : 'ct'}/${vmid}`;
/** `vm/109 vault` */
export const called = (guest: GuestSeen): string =>
  guest.name === '' ? groupOf(guest) : `${groupOf(guest)} ${guest.name}`;
