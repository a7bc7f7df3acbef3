// Byte sizes as Proxmox Backup Server writes rates, bursts and cache sizes (`1.5KB`, `4 GiB`): decimal and binary units side
// by side. The server gives a size back in the unit it was given, so sizes are compared by value (facts: E).
import { bytes, type Size } from './size.ts';

const factors = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  PB: 1e15,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  PiB: 2 ** 50,
} as const;

export type ByteUnit = keyof typeof factors;
const units = Object.keys(factors) as ByteUnit[];
export type ByteSize = Readonly<{ amount: number; unit: ByteUnit }>;

const form = /^(\d+(?:\.\d+)?) *(?:([KMGTPkmgtp])(i?))?[bB]?$/;

/** Undefined where the text is no size: a number, an optional unit, nothing negative. No unit means bytes. */
export function parseByteSize(text: string): ByteSize | undefined {
  const [whole, amount, prefix, binary] = form.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const name = `${prefix?.toUpperCase() ?? ''}${binary ?? ''}B`;
  const unit = units.find((one) => one === name);
  return unit && { amount: Number(amount), unit };
}

/** What is wrong with a text that should be a size, or undefined. */
export function byteSizeProblem(text: string): string | undefined {
  if (parseByteSize(text) !== undefined) return undefined;
  if (text.trimStart().startsWith('-')) return 'is negative';
  return `is no size; write a number and a unit, such as 512MiB or 1.5 GB (the units are ${units.join(' ')})`;
}

export const sizeOf = ({ amount, unit }: ByteSize): Size => bytes(amount * factors[unit]);

export const sameByteSize = (one: ByteSize, other: ByteSize): boolean => sizeOf(one) === sizeOf(other);

/** As the server shows it: the unit that was given, three decimals at the most. */
export const formatByteSize = ({ amount, unit }: ByteSize): string => `${Math.round(amount * 1000) / 1000} ${unit}`;
