// Rows that a database has against those that its point was sealed with. Pure.
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import type { VaultwardenEntry } from './schema.ts';

type Rows = Readonly<Record<string, number>>;

/** In words; undefined where none is missing. */
export function fewer(sealed: Rows, found: Rows): string | undefined {
  const less = Object.entries(sealed).filter(([table, rows]) => (found[table] ?? -1) < rows);
  if (less.length === 0) return undefined;
  return less
    .map(([table, rows]) =>
      found[table] === undefined ? `has no ${table}, and had ${rows}` : `has ${found[table]} ${table}, and had ${rows}`,
    )
    .join('; ');
}

export const notSound = ({ data }: Pick<VaultwardenEntry, 'data'>, says: string): Fault =>
  new Fault('restore-not-sound', {
    where: shown(data),
    says,
    remedy:
      'what was there before is there again; see the log of Vaultwarden and the disk (dmesg), or restore another point',
  });
