// What a run says of databases, as others read it: metrics, the page, whoever asks with `--json`. Plain JSON, one shape for all.
import * as z from 'zod';
import type { Json } from '../../values/canonical.ts';
import { type Copied, states } from './copied.ts';
import { type Found, nameOf, pathFields } from './found.ts';

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

export const damagedNow = (path: Buffer, says: string): Result => ({
  ...pathFields(path),
  ...{ state: 'missing', says, bytes: 0 },
});

/** For people. */
export const nameIn = ({ path, path_base64 }: Pick<Result, 'path' | 'path_base64'>): string =>
  nameOf({ path: path === undefined ? Buffer.from(path_base64 ?? '', 'base64') : Buffer.from(path) });

/** The result of the step `sqlite.copy`: one volume or folder. */
export type CopyResult = Readonly<{
  /** NAMESPACE/CLAIM, the LV, or the folder */
  source: string;
  databases: number;
  whole: number;
  not_whole: readonly Readonly<{ database: string; state: string; says: string }>[];
  /** the sealed point; null where there was no database to copy */
  point: string | null;
}>;

/**
 * The result of the step `sqlite.check`, of a layer with `only_check`: a row for each database that was named. `ok` is false whenever
 * it is not known to be sound: where it is damaged, gone, or sqlite3 itself could not run. Metrics make
 * `vaultwarden_sqlite_integrity_ok` of it.
 */
export type CheckResult = Readonly<{
  checked_at: string;
  databases: readonly Readonly<{ database: string; ok: boolean; says: string }>[];
}>;

export const asJson = (value: CopyResult | CheckResult): Json => JSON.parse(JSON.stringify(value));
