// SQLite databases that are written to while we copy them: through SQLite's own online backup, checked, never their raw files.
import { dirname, join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { lastWords, must } from '../common/commands.ts';
import { split } from '../common/records.ts';
import { roomFor, type Staging, timeless } from './staging.ts';

/** @param places databases, or folders with databases (`*.db`) at any depth */
export async function gatherDatabases(staging: Staging, places: readonly string[], signal: AbortSignal) {
  let taken = 0;
  for (const place of places) {
    if ((await staging.machine.files.info(place)) === undefined) continue;
    for (const file of await databasesIn(staging.machine, place, signal)) {
      await copyDatabase(staging, file, signal);
      taken += 1;
    }
  }
  return taken;
}

async function databasesIn(machine: Machine, place: string, signal: AbortSignal): Promise<readonly string[]> {
  const { stdout, ended } = machine.stream(['find', place, '-type', 'f', '-name', '*.db', '-print0'], { signal });
  const found: string[] = [];
  for await (const name of split(stdout, 0)) found.push(name.toString());
  await ended;
  return found;
}

async function copyDatabase(staging: Staging, file: string, signal: AbortSignal): Promise<void> {
  const { machine, files } = staging;
  const copy = join(files, file);
  await roomFor(staging, (await machine.files.info(file))?.size ?? 0);
  // The folders on the way keep their owners and modes.
  await must(machine, ['cp', '--archive', '--parents', '--attributes-only', '--', file, files], { signal });
  await machine.files.remove(copy);
  const backup = `.backup '${copy.replaceAll("'", "''")}'`;
  const made = await machine.run(['sqlite3', '-batch', '-readonly', file, '.timeout 10000', backup], { signal });
  if (made.exitCode !== 0) throw notCopied(file, `sqlite3: ${lastWords(made)}`);
  const checked = await machine.run(['sqlite3', '-batch', '-readonly', copy, 'PRAGMA integrity_check'], { signal });
  if (checked.stdout.trim() !== 'ok') throw notCopied(file, `its copy is damaged: ${lastWords(checked)}`);
  // Opening a database of this mode makes them anew, and there is nothing in them.
  for (const end of ['-wal', '-shm']) await machine.files.remove(`${copy}${end}`);
  for (const tool of ['chown', 'chmod']) await must(machine, [tool, `--reference=${file}`, '--', copy], { signal });
  await timeless(machine, copy, signal);
  await timeless(machine, dirname(copy), signal);
}

const notCopied = (file: string, says: string): Fault =>
  new Fault('item-incomplete', {
    where: shown(file),
    says,
    remedy: 'install sqlite3 where it is missing; check the database with `PRAGMA integrity_check`',
  });
