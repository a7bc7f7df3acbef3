// SQLite: every database found, copied as of one moment, checked, and brought back into an empty place with its metadata. The
// authority is sqlite3 itself, beside getfacl, getfattr and sha256sum.
import type { Report } from '../report.ts';
import { proveDatabases } from './sqlite/databases.ts';
import { proveSqliteKills } from './sqlite/killed.ts';
import { proveOnlyCheck } from './sqlite/only-check.ts';
import { proveVolumes } from './sqlite/volumes.ts';

export async function proveSqlite(report: Report): Promise<void> {
  await proveDatabases(report);
  await proveOnlyCheck(report);
  await proveSqliteKills(report);
  await proveVolumes(report);
}
