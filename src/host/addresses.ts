// IP addresses in one spelling, and the kernel's own tables of them.
import * as z from 'zod';
import { isRow, type Row, set, text } from '../proxmox/decode.ts';

/** The one spelling by which two addresses can be compared; undefined where the text is no address. */
export function sameAddress(given: string): string | undefined {
  const address = given.split('%')[0] ?? '';
  if (z.ipv4().safeParse(address).success) return address;
  if (!z.ipv6().safeParse(address).success) return undefined;
  const spelled = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelled) ?? [];
  if (high === undefined || low === undefined) return spelled;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join('.');
}

const rowsOf = (value: unknown): readonly Row[] => (Array.isArray(value) ? value.filter(isRow) : []);
const addressesIn = (value: unknown): readonly string[] =>
  set(value).flatMap((address) => sameAddress(address.split('/')[0] ?? '') ?? []);

/** From `ip -json address`. */
export const ownAddresses = (value: unknown): readonly string[] =>
  rowsOf(value).flatMap((link) => rowsOf(link['addr_info']).flatMap((info) => addressesIn(info['local'])));

export type Neighbour = Readonly<{ address: string; mac: string }>;

/** From `ip -json neighbour`: those that have answered with a MAC. */
export const neighboursIn = (value: unknown): readonly Neighbour[] =>
  rowsOf(value).flatMap((row) => {
    const mac = text(row['lladdr'])?.toLowerCase();
    return mac === undefined ? [] : addressesIn(row['dst']).map((address) => ({ address, mac }));
  });

/** From what a guest says of its interfaces: the agent of a VM, or PVE for a container. */
export function guestAddresses(value: unknown): readonly string[] {
  const links = isRow(value) ? rowsOf(value['result']) : rowsOf(value);
  const found = links.flatMap((link) => [
    ...rowsOf(link['ip-addresses']).flatMap((entry) => addressesIn(entry['ip-address'])),
    ...addressesIn(link['inet']),
    ...addressesIn(link['inet6']),
  ]);
  return found.filter((address) => address !== '::1' && !address.startsWith('127.'));
}

/** The first column of `getent ahosts`. */
export const resolvedIn = (output: string): readonly string[] => [
  ...new Set(output.split('\n').flatMap((line) => sameAddress(line.trim().split(/\s+/)[0] ?? '') ?? [])),
];
