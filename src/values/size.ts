// Amounts of data: a branded number of bytes.

declare const brand: unique symbol;
export type Size = number & { readonly [brand]: 'bytes' };

export const bytes = (count: number): Size => count as Size;
export const kibibytes = (count: number): Size => bytes(count * 1024);
export const mebibytes = (count: number): Size => kibibytes(count * 1024);
export const gibibytes = (count: number): Size => mebibytes(count * 1024);

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** For people: three significant figures at the most, binary units as Proxmox shows them. */
export function formatSize(size: Size): string {
  let value: number = size;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const shown = unit === 0 || value >= 100 ? Math.round(value).toString() : value.toFixed(value >= 10 ? 1 : 2);
  return `${shown} ${units[unit]}`;
}
