// 3.15 A vault that is lost: its points, and the unseal keys of before, make a new one into what it was. curl is asked.
import { join } from 'node:path';
import { Cluster, startVault } from '../../src/layers/vault/stand-in.test-support.ts';
import { until } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { newestOf, run, secretFile, words } from './apps.ts';
import { asked, back, curl, pictureOf, placeOn, rootToken, type VaultPlace, vaultPlace } from './vault-place.ts';

export async function proveVaultLost(report: Report): Promise<void> {
  report.section('3.15 A vault that is lost');
  const place = await vaultPlace();
  try {
    await place.estate.type(...run);
    await proveLost(report, place);
  } finally {
    await place.close();
  }
}

/** Everything is lost but the points and the unseal keys of before. */
async function proveLost(report: Report, place: VaultPlace): Promise<void> {
  const { copies, server: old } = place;
  const cluster = new Cluster('two', {});
  const server = await startVault({ cluster, tls: true });
  const empty = placeOn(server);
  const { estate } = empty;
  try {
    secretFile(estate, 'restore', rootToken);
    sh(`cp -a '${copies}' '${join(estate.folder, 'copies')}'`);
    const point = newestOf(empty.copies);
    const nothing = await pictureOf(server, empty);
    const refused = await estate.type(...back(point));
    report.row(
      '3.15 a vault with other unseal keys refuses it, and is as it was',
      refused.command,
      asked,
      (refused.status === 1 &&
        /other-unseal-keys/.test(words(refused)) &&
        (await pictureOf(server, empty)) === nothing) ||
        seen(refused),
    );
    report.control('a picture in which an empty vault is the old one', nothing !== (await pictureOf(old, place)));
    const typed = ['restore', 'app', '--point', point, '--to', 'live-force', '--yes', '--confirm', 'app'] as const;
    const started = estate.start(...typed);
    await until('the vault has taken it in, and is sealed', () => cluster.sealed || started.process.exitCode !== null);
    const unseal = (key: string) =>
      curl(server, estate.folder, ['sys/unseal'], ['--data', `{"key":"${key}"}`]).then(
        () => true,
        () => false,
      );
    const [withNew, withOld] = [await unseal('two'), await unseal('one')];
    const status = await started.ended;
    const told = await estate.type('log');
    report.row(
      '3.15 by force it takes it, waits for the unseal keys of the day of the snapshot, and then holds all of it',
      `holdfast ${typed.join(' ')}; curl …/sys/unseal`,
      asked,
      holds(
        {
          'exit code 0': status === 0,
          'the keys of the new vault open nothing': !withNew,
          'those of the old one do': withOld,
          'the plan says who must be there, and the log who was waited for':
            /must be there, now/.test(started.output()) && /it is sealed: unseal it now/.test(told.stdout),
          'every secret, policy and token': (await pictureOf(server, empty)) === (await pictureOf(old, place)),
        },
        `${status} ${started.output().slice(-600)}`,
      ),
    );
  } finally {
    await server.close();
    estate.close();
  }
}
