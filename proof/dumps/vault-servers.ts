import { startVault } from '../../src/layers/vault/stand-in.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { failedRow, newestOf, partOf, pointsOf, run, untouched, words } from './apps.ts';
import { sumsOf } from './vault.ts';
import { canaries, curl, filledCluster, placeOn, vaultPlace } from './vault-place.ts';

export async function proveVaultServers(report: Report): Promise<void> {
  report.section('3.7 Vault: its servers');
  await proveStandby(report);
  await proveDown(report);
  await proveOther(report);
}

async function proveStandby(report: Report): Promise<void> {
  const leading = await vaultPlace();
  const { cluster, server: leads } = leading;
  const nodes = [{ url: leads.url, fingerprint: leads.fingerprint }];
  for (const [what, standing] of [
    ['a standby', { leader: () => leads.url }],
    ['one that resigns between two questions, and redirects (307)', { resigned: () => leads.url }],
  ] as const) {
    const standby = await startVault({ cluster, ...standing });
    const [alone, both] = [placeOn(standby), placeOn(standby, { nodes })];
    try {
      const told = leads.seen.size;
      const refused = await alone.estate.type(...run);
      const gave = leads.seen.size === told ? [] : ['the other server was given a token'];
      const says = await curl(standby, alone.estate.folder, ['sys/leader']);
      const code = /vault-standby/;
      const authority = 'what the other server was sent; curl: sys/leader; ls';
      failedRow(report, `${what}: to a server that the estate does not name goes no token`, authority, refused, code, [
        ...gave,
        ...(says.includes('leader_address') ? [] : [says]),
        ...untouched(alone, []),
      ]);
      const followed = await both.estate.type(...run);
      report.row(
        `3.7 ${what}: the one that leads is followed where the estate names it`,
        followed.command,
        'what the other server was sent; tar, sha256sum -c',
        (followed.status === 0 &&
          leads.seen.has(canaries.take) &&
          sumsOf(partOf(both.copies, newestOf(both.copies), 'snapshot'), both.estate.folder).status === 0) ||
          seen(followed),
      );
      (leads.seen as Set<string>).clear();
    } finally {
      alone.estate.close();
      both.estate.close();
      await standby.close();
    }
  }
  await leading.close();
}

async function proveDown(report: Report): Promise<void> {
  const place = await vaultPlace();
  const { estate, copies, cluster, server } = place;
  try {
    await estate.type(...run);
    const before = pointsOf(copies);
    await server.close();
    const down = await estate.type(...run);
    failedRow(
      report,
      'a server that is down: the last point stays',
      'ls, find',
      down,
      /server-unreachable/,
      untouched(place, before),
    );
    const port = Number(new URL(server.url).port);
    const other = await startVault({ cluster, tls: true, port });
    const changed = await estate.type(...run);
    const gave = [...other.seen].length === 0 ? [] : ['it was given a token'];
    failedRow(
      report,
      'one with another certificate gets no token',
      'what it was sent; ls',
      changed,
      /certificate-changed/,
      [...gave, ...untouched(place, before)],
    );
    const known = placeOn(other);
    report.control('a certificate that is never right', (await known.estate.type(...run)).status === 0);
    known.estate.close();
    await other.close();
  } finally {
    estate.close();
  }
}

/** Made anew under the same address: it holds none of the secrets of the old one, and its snapshots look just as good. */
async function proveOther(report: Report): Promise<void> {
  const place = await vaultPlace({ keep: { keep_last: 1 } }, { tls: false });
  const { estate, copies, server } = place;
  try {
    await estate.type(...run);
    const old = newestOf(copies);
    await server.close();
    const cluster = filledCluster('two');
    const other = await startVault({ cluster, port: Number(new URL(server.url).port) });
    const told = await estate.type(...run);
    const calm = await estate.type(...run);
    report.row(
      '3.7 a vault that was made anew under the same address is told once, and takes the place of no older point',
      told.command,
      'ls of the points, with keep_last: 1',
      (told.status === 3 &&
        /another vault than at/.test(words(told)) &&
        calm.status === 0 &&
        pointsOf(copies).includes(old) &&
        pointsOf(copies).length === 2) ||
        seen(told, calm),
    );
    await other.close();
  } finally {
    estate.close();
  }
}
