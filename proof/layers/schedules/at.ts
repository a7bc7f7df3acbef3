// The command line at another time of the wall clock: only what is typed sees it, the monotonic clock is left alone.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { database } from '../../../src/layers/common/sqlite/databases.test-support.ts';
import { type Estate, estateAt, estateIn } from '../../../test/e2e/estate.test-support.ts';

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

/** For a skip: says why, or is false. */
export function unlessFaked(): string | false {
  if (!existsSync(library)) spawnSync('apt-get', ['-qq', '-y', 'install', 'faketime'], { stdio: 'ignore' });
  return existsSync(library) ? false : 'it needs libfaketime';
}

/** @param moment `2026-03-29 00:59:50`, in UTC, from which on the clock goes */
export const at = (estate: Estate, moment: string): Estate =>
  estateAt(estate.file, estate.name, estate.state, estate.folder, {
    ...process.env,
    ...{ LD_PRELOAD: library, FAKETIME: `@${moment}`, DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1', TZ: 'UTC' },
  });

/** One layer for each schedule, which only asks a database whether it is sound. */
export function scheduled(schedules: Readonly<Record<string, string>>, zone = 'UTC'): Estate {
  const layers = Object.keys(schedules).map(
    (name) =>
      `  - { name: ${name}, kind: sqlite, machine: here, workload: apps, from: { files: [FOLDER/data/${name}.db] }, only_check: true }\n`,
  );
  const when = Object.entries(schedules).map(([name, rest]) => `  - { job: ${name}, ${rest} }\n`);
  const estate = estateIn(
    `estate: timed\ntime_zone: ${zone}\nmachines: [{ name: here, local: true }]\nworkloads: [{ name: apps }]\nlayers:\n${layers.join('')}schedules:\n${when.join('')}`,
    'timed',
  );
  mkdirSync(join(estate.folder, 'data'));
  for (const name of Object.keys(schedules)) database(join(estate.folder, 'data', `${name}.db`), 5);
  return estate;
}
