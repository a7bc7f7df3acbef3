// What a run says of databases, as others read it: metrics, the page, whoever asks with `--json`. Plain JSON, one shape for all.
import * as z from 'zod';
import type { ItemResults } from '../../model/item-results.ts';
import type { Instant } from '../../values/instant.ts';
import { cut } from '../../values/text.ts';
import { type Copied, states } from '../common/sqlite/copied.ts';
import { type Found, nameOf, pathFields } from '../common/sqlite/found.ts';

/** One database of a copy. `path` is below the volume or folder; what is no UTF-8 stands in `path_base64`. */
export const resultSchema = z.strictObject({
  path: z.string().optional(),
  path_base64: z.string().optional(),
  /** `missing`: there is no copy of it in this point at all */
  state: z.enum([...states, 'missing']),
  how: z.string().optional(),
  /** of everything but `whole`: why */
  says: z.string().optional(),
  bytes: z.int(),
  facts: z.record(z.string(), z.json()).optional(),
  rows: z.record(z.string(), z.int()).optional(),
  dangling: z.int().optional(),
});
export type Result = z.infer<typeof resultSchema>;

export const resultOf = (found: Found, { state, how, says, checked }: Copied): Result => ({
  ...pathFields(found.path),
  ...{ state, how, bytes: found.size },
  ...(says === undefined ? {} : { says }),
  ...(checked?.facts === undefined ? {} : { facts: checked.facts }),
  ...(checked?.rows === undefined ? {} : { rows: checked.rows }),
  ...(checked?.dangling === undefined || checked.dangling === 0 ? {} : { dangling: checked.dangling }),
});

export const missing = (found: Pick<Found, 'path' | 'size'>, says: string): Result => ({
  ...pathFields(found.path),
  ...{ state: 'missing', says, bytes: found.size },
});

/** `path` was a database the last time, and the file has no header of one any more. */
export const lost = (path: string, bytes: number): Result => ({
  ...{ path, state: 'missing', bytes },
  says: 'it was a database the last time, and its file does not begin like one any more: it is overwritten or encrypted',
});

/** For people. */
export const nameIn = ({ path, path_base64 }: Pick<Result, 'path' | 'path_base64'>): string =>
  nameOf({ path: path === undefined ? Buffer.from(path_base64 ?? '', 'base64') : Buffer.from(path) });

/**
 * The result of the step `sqlite.copy`, one volume or folder, beside the `itemResults` that all layers have (model/item-results.ts):
 * there it is an item, and each database has a verdict under `databases`. The result of `sqlite.check`, of a layer with `only_check`,
 * is `{ checked_at }` with nothing but such verdicts, one for each database that was named: `ok` is false whenever it is not known
 * to be sound, be it damaged, gone, or that sqlite3 itself could not run. `vaultwarden_sqlite_integrity_ok` is made of it.
 */
export type CopyResult = Readonly<{
  /** NAMESPACE/CLAIM, the LV, or the folder */
  source: string;
  databases: number;
  whole: number;
  /** the sealed point; null where there was no database to copy */
  point: string | null;
}>;

export type Copying = Readonly<{ label: string; workload: string; takenAt: Instant }>;

/** One item, the volume or folder: done when each of its databases is whole. */
export function itemsOf(results: readonly Result[], { label, workload, takenAt }: Copying): ItemResults {
  const weak = results.filter(({ state }) => state !== 'whole');
  const says = weak.map((result) => `${nameIn(result)}: ${result.says ?? result.state}`).join('; ');
  const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
  const item = { name: label, workload, done: weak.length === 0, bytes };
  return {
    items: [weak.length === 0 ? { ...item, takenAt } : { ...item, says: cut(says, 1000) }],
    // Only of what was asked is anything known: plain bytes are no verdict.
    databases: results
      .filter(({ state }) => state === 'whole' || state === 'damaged')
      .map((result) => ({
        ...{ name: `${label}: ${nameIn(result)}`, workload, ok: result.state === 'whole' },
        ...(result.state === 'whole' ? {} : { says: result.says ?? 'damaged' }),
      })),
  };
}
