// 3.7 A vault and programs: kill -9 of worker, supervisor and both at each kind of step, of a run and of a restore; and of the server
// itself, midway.
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tries, until } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { sameList } from '../layers/holds.ts';
import { sh, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import {
  type AppPlace,
  backWith,
  firstPoint,
  lastRun,
  leftAfter,
  partOf,
  placeFor,
  pointsOf,
  run,
  secretFile,
} from './apps.ts';
import { commandPlace } from './command-place.ts';
import { killEach } from './kills.ts';
import { asked, back, canaries, curl, layerOn, pictureOf } from './vault-place.ts';
import { type VaultProcess, vaultProcess } from './vault-process.ts';

export async function proveAppsKills(report: Report, full: boolean): Promise<void> {
  report.section('3.7 A vault and programs, killed');
  await proveVaultKills(report, full);
  await proveCommandKills(report, full);
}

async function proveVaultKills(report: Report, full: boolean): Promise<void> {
  const folder = sh('mktemp -d /tmp/holdfast-proof-vault-XXXXXX');
  const server = await vaultProcess(folder, 12_000_000);
  const place = placeFor(layerOn(server, { keep: { keep_last: 999 } }), folder);
  const { estate, copies } = place;
  secretFile(estate, 'take', canaries.take);
  secretFile(estate, 'restore', canaries.restore);
  try {
    const good = await pictureOf(server, place);
    const point = await firstPoint(place);
    const target = join(folder, 'back');
    const reset = async () => {
      rmSync(target, { recursive: true, force: true });
      await curl(server, folder, ['kv/shop', 'kv/new'], ['--data', '{"value":"tuesday"}']);
    };
    const picture = () => pictureOf(server, place);
    const wrong = () =>
      halfOf(target, ['snapshot.snap'], (name) => [partOf(copies, point, 'snapshot'), join(target, name)]);
    await killEach(
      report,
      { ...{ layer: 'vault', estate, copies, asked, reset, picture, good, wrong } },
      [
        { kind: 'look', path: /^look$/, typed: run },
        { kind: 'dump', path: /^look>dump$/, typed: run },
        { kind: 'safety', path: /^safety$/, typed: back(point) },
        { kind: 'restore', path: /^restore$/, typed: back(point) },
        { kind: 'unpack', path: /^unpack$/, typed: ['restore', 'app', '--point', point, '--to', target, '--yes'] },
      ],
      full,
    );
    await proveServerKilled(report, server, place, good);
  } finally {
    await server.kill();
    estate.close();
  }
}

/** A folder that something was brought back into is empty or gone, or has all of it. */
function halfOf(target: string, names: readonly string[], pair: (name: string) => readonly string[]): string {
  const found = existsSync(target) ? readdirSync(target) : [];
  const whole = names.every((name) => tried('cmp', pair(name)).status === 0);
  return found.length === 0 || (whole && sameList(found, names)) ? '' : `half of it is in the target: ${found.join()}`;
}

const partial = (copies: string): number =>
  readdirSync(copies, { recursive: true })
    .map(String)
    .filter((name) => /^\.partial.*snap/.test(name))
    .reduce((sum, name) => sum + (statSync(join(copies, name), { throwIfNoEntry: false })?.size ?? 0), 0);

async function proveServerKilled(report: Report, server: VaultProcess, place: AppPlace, good: string): Promise<void> {
  const { estate, copies } = place;
  const there = pointsOf(copies);
  const taking = estate.start(...run);
  await until('something of it has come', () => partial(copies) > 0 || taking.process.exitCode !== null, 1, 1);
  await server.kill();
  const status = await taking.ended;
  const left = leftAfter(lastRun(estate), [estate.folder]);
  report.row(
    'kill -9 of the vault, in the middle of its snapshot: no point, and nothing is left',
    'holdfast run app --now; kill -9 of the server',
    'ls of the points, find, ps',
    (status === 1 &&
      left.length === 0 &&
      pointsOf(copies).join() === there.join() &&
      /dump-cut-short|server-unreachable/.test(taking.output())) ||
      new Error(`exit ${status}; ${left.join()}; ${taking.output().slice(-600)}`),
  );
  await server.start();
  const again = await estate.type(...run);
  report.control('a vault that stays away', again.status === 0);
  const today = await pictureOf(server, place);
  const known = lastRun(estate);
  const giving = estate.start(...back(there.at(0) ?? 'none'));
  const id = await tries(estate, giving, /^restore$/, known);
  await server.kill();
  await server.start();
  const ended = await giving.ended;
  const settled = await estate.type('cancel', id);
  const now = await pictureOf(server, place);
  const after = leftAfter(id, [estate.folder]);
  report.row(
    'kill -9 of the vault, while a snapshot is put back: it holds what it held before, or all of the snapshot',
    'holdfast restore app --to live; kill -9 of the server, which is started again',
    `${asked}; find, ps`,
    ((ended === 0 ? now === good : now === today) && after.length === 0) ||
      seen(settled, `exit ${ended}; ${after.join()}; ${giving.output().slice(-600)}`),
  );
}

async function proveCommandKills(report: Report, full: boolean): Promise<void> {
  const taker = (folder: string, name: string) => ['sh', '-c', ': >"$1"; cat >>"$1"', 'sh', join(folder, name)];
  const names = ['first', 'second'] as const;
  const place = commandPlace(
    (folder) =>
      names.map((name) => ({ name, command: ['cat', join(folder, name)], restore_command: taker(folder, name) })),
    { keep: { keep_last: 999 } },
  );
  const { estate, copies, folder } = place;
  try {
    for (const name of names)
      sh(`head -c 20M /dev/urandom >${name}.monday; head -c 9M /dev/urandom >${name}.tuesday`, folder);
    const day = (which: string) => {
      for (const name of names) sh(`cp ${name}.${which} ${name}`, folder);
    };
    const picture = () => sh(`sha256sum ${names.join(' ')}`, folder);
    day('monday');
    const good = picture();
    const point = await firstPoint(place);
    const target = join(folder, 'back');
    const reset = () => {
      rmSync(target, { recursive: true, force: true });
      day('tuesday');
    };
    const toLive = backWith(...names)(point);
    const wrong = () =>
      halfOf(target, ['first.out', 'second.out'], (name) => [
        join(folder, name.replace('out', 'monday')),
        join(target, name),
      ]);
    await killEach(
      report,
      { ...{ layer: 'command', estate, copies, asked: 'sha256sum', reset, picture, good, wrong } },
      [
        { kind: 'look', path: /^look$/, typed: run },
        { kind: 'dump', path: /^look>dump$/, typed: run },
        { kind: 'safety', path: /^safety$/, typed: toLive },
        { kind: 'the first restore', path: /^restore-0$/, typed: toLive },
        { kind: 'the second restore', path: /^restore-1$/, typed: toLive },
        { kind: 'unpack', path: /^unpack$/, typed: ['restore', 'app', '--point', point, '--to', target, '--yes'] },
      ],
      full,
    );
    reset();
    const whole = await estate.type(...toLive);
    report.control('programs that never take anything in', whole.status === 0 && picture() === good);
    writeFileSync(join(folder, 'first'), 'half of it');
    report.control('a picture in which half a file is a whole one', picture() !== good);
  } finally {
    place.close();
  }
}
