// Machines over ssh, and containers and pods that are entered from there: a real sshd, stand-ins of pct and docker, the kubectl of
// the tests. The authorities are /proc, sshd's log, sqlite3, and what a shell on the machine answers.

import { damage, database } from '../../src/layers/common/sqlite/databases.test-support.ts';
import { cannotServe } from '../../src/machines/sshd.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { proveCommands } from './machines/commands.ts';
import { proveEnded } from './machines/ended.ts';
import { proveKeys } from './machines/keys.ts';
import { openPlaces, type Places, ways } from './machines/places.ts';
import { sqlite } from './place.ts';

export async function proveMachines(report: Report): Promise<void> {
  report.section('Machines: ssh, pct, docker, kubectl');
  const unless = cannotServe();
  if (unless !== false) return report.skip('machines', unless);
  const places = await openPlaces();
  try {
    await proveChecks(report, places);
    await proveCommands(report, places);
    await proveEnded(report, places);
    await proveKeys(report, places);
  } finally {
    await places.close();
  }
}

async function proveChecks(report: Report, { estate, file }: Places): Promise<void> {
  database(file, 3000);
  for (const way of ways) {
    const ran = await estate.type('run', `check-${way}`, '--now');
    report.row(
      `a database is asked on a machine by ${way}`,
      ran.command,
      'sqlite3',
      (ran.status === 0 && sqlite(file, 'PRAGMA integrity_check') === 'ok') || seen(ran),
    );
  }
  damage(file);
  for (const way of ways)
    report.control(`a damaged one by ${way}`, (await estate.type('run', `check-${way}`, '--now')).status === 3);
}
