// 3.7 Vaultwarden: kill -9 of worker, supervisor and both at each kind of step, of a run, of a restore in its live place and beside it;
// of Vaultwarden itself while it is copied; and Ctrl-C in the middle of a restore.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../../src/layers/vaultwarden/vault.test-support.ts';
import { tries, until } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { sh, sqlite } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { firstPoint, lastRun, leftAfter, newestOf, pointsOf, run } from './apps.ts';
import { killEach } from './kills.ts';
import {
  asked,
  enlarge,
  linesOf,
  pictureOf,
  restOf,
  rowsOf,
  type VaultwardenPlace,
  vaultwardenPlace,
} from './vaultwarden-place.ts';

export async function proveVaultwardenKills(report: Report, full: boolean): Promise<void> {
  report.section('3.7 Vaultwarden, killed');
  const place = vaultwardenPlace({ keep: { keep_last: 999 } });
  const { estate, copies, data, vault, back } = place;
  const rest = join(vault.folder, 'stopped');
  // What it is told is seen by a file: an application that wrote meanwhile would hide what a kill has left.
  place.declare({ service: { stop: ['touch', rest], start: ['rm', '-f', rest] } });
  try {
    enlarge(place, 5000, 150);
    const good = pictureOf(data);
    const whole = join(vault.folder, 'whole');
    sh(`cp -a '${data}' '${whole}'`);
    const point = await firstPoint(place);
    ask(join(data, 'db.sqlite3'), "UPDATE organizations SET name = 'today'");
    sh(`rm -r attachments/cipher-2; printf 'an old log' >db.sqlite3-journal; chown 4711:4712 db.sqlite3*`, data);
    const held = join(vault.folder, 'as-it-was');
    sh(`cp -a '${data}' '${held}'`);
    const target = join(estate.folder, 'back');
    const beside = ['restore', 'app', '--point', point, '--to', target, '--yes'] as const;
    const inPlace = ['stage', 'safety', 'stop', 'swap', 'start', 'compare', 'settle'] as const;
    const wrong = () => {
      const isThere = existsSync(target) && readdirSync(target).length > 0;
      const halfBack = isThere && (restOf(whole, target) !== '' || rowsOf(target) !== rowsOf(whole));
      return `${existsSync(rest) ? 'it is still stopped' : ''}${halfBack ? 'the target is half of it' : ''}`;
    };
    const reset = () => {
      rmSync(target, { recursive: true, force: true });
      rmSync(rest, { force: true });
      sh(`rm -rf '${data}'; cp -a '${held}' '${data}'`);
    };
    const picture = () => pictureOf(data);
    await killEach(
      report,
      { ...{ layer: 'vaultwarden', estate, copies, asked, reset, picture, good, wrong } },
      [
        { kind: 'look', path: /^look$/, typed: run },
        { kind: 'take', path: /^look>take$/, typed: run },
        ...inPlace.map((step) => ({ kind: `restore ${step}`, path: new RegExp(`^${step}$`), typed: back(point) })),
        { kind: 'unpack', path: /^unpack$/, typed: beside },
        { kind: 'settle beside', path: /settle/, typed: beside },
      ],
      full,
    );
    reset();
    await proveInterrupted(report, place, point);
    place.declare({});
    await proveItselfKilled(report, place);
  } finally {
    place.close();
  }
}

async function proveInterrupted(
  report: Report,
  { estate, data, back }: VaultwardenPlace,
  point: string,
): Promise<void> {
  for (const step of ['stage', 'safety', 'swap', 'compare']) {
    const before = pictureOf(data);
    const known = lastRun(estate);
    const started = estate.start(...back(point));
    const id = await tries(estate, started, new RegExp(`^${step}$`), known);
    started.process.kill('SIGINT');
    const status = await started.ended;
    const left = leftAfter(id, [estate.folder]);
    report.row(
      `3.15 Ctrl-C at the step ${step}: all is as before, and nothing is left`,
      'holdfast restore app --to live; SIGINT',
      `${asked}; ps, find`,
      (status === 130 && pictureOf(data) === before && left.length === 0) ||
        new Error(`exit ${status}; ${left.join()}; ${started.output().slice(-600)}`),
    );
  }
  const before = pictureOf(data);
  const whole = await estate.type(...back(point));
  report.control('a restore that never comes to its end', whole.status === 0 && pictureOf(data) !== before);
}

/** The application dies in the middle, as in a power-off: its log is left, with rows that nobody has merged. */
async function proveItselfKilled(report: Report, { estate, copies, data, vault }: VaultwardenPlace): Promise<void> {
  const there = pointsOf(copies).length;
  vault.start();
  const pid = Number(readFileSync(join(vault.folder, 'pid'), 'utf8'));
  const known = lastRun(estate);
  const started = estate.start(...run);
  await tries(estate, started, /^look>take$/, known);
  process.kill(pid, 'SIGKILL');
  const status = await started.ended;
  await until('it is gone', () => !existsSync(`/proc/${pid}`));
  rmSync(join(vault.folder, 'pid'));
  const target = join(estate.folder, 'killed');
  const restored = await estate.type('restore', 'app', '--point', newestOf(copies), '--to', target, '--yes');
  const now = linesOf(rowsOf(data));
  const copied = linesOf(rowsOf(target));
  report.row(
    'kill -9 of Vaultwarden, while it is copied: the point is sound, and has no row that never was',
    'holdfast run app --now; kill -9 of the application',
    'sqlite3: PRAGMA integrity_check, .dump; ls of the points',
    (status === 0 &&
      pointsOf(copies).length === there + 1 &&
      sqlite(join(target, 'db.sqlite3'), 'PRAGMA integrity_check') === 'ok' &&
      [...copied].every((line) => now.has(line))) ||
      seen(restored, `exit ${status} ${started.output().slice(-400)}`),
  );
  const logged = existsSync(join(data, 'db.sqlite3-wal'));
  const dead = await estate.type(...run);
  rmSync(target, { recursive: true });
  await estate.type('restore', 'app', '--point', newestOf(copies), '--to', target, '--yes');
  const last = linesOf(rowsOf(target));
  report.row(
    '3.7 and of the log that it left, every row that was committed is in the next point',
    dead.command,
    'sqlite3: .dump',
    (logged && dead.status === 0 && last.size === now.size && [...now].every((line) => last.has(line))) || seen(dead),
  );
}
