// 3.7 Vault under fire: snapshots that are not what their sums say, a sealed server, tokens that may not, points that are damaged; none
// of it makes a point, takes one away, or changes what the vault holds.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { seen } from '../declare/world.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { failedRow, newestOf, partOf, pointsOf, run, secretFile, untouched, words } from './apps.ts';
import { sumsOf } from './vault.ts';
import { asked, back, canaries, curl, pictureOf, type VaultPlace, vaultPlace } from './vault-place.ts';

export async function proveVaultFaults(report: Report): Promise<void> {
  report.section('3.7 Vault under fire');
  const place = await vaultPlace();
  try {
    await proveSpoilt(report, place);
    await proveSealed(report, place);
    await proveTokens(report, place);
    await proveDamagedPoint(report, place);
    await proveOlder(report, place);
  } finally {
    await place.close();
  }
}

/** Another byte in what it is packed from. @param at says where */
const changed = (at: (tar: Buffer) => number) => (snapshot: Buffer) => {
  const tar = gunzipSync(snapshot);
  const where = at(tar);
  tar[where] = tar[where] === 0x30 ? 0x31 : 0x30;
  return gzipSync(tar);
};

const spoilt: Readonly<Record<string, (snapshot: Buffer) => Buffer>> = {
  'a SHA256SUMS that somebody changed': changed((tar) => tar.indexOf('  state.bin\n') - 9),
  'a state that somebody changed': changed((tar) => tar.indexOf('state.bin\0') + 512 + 4000),
  'an archive that is cut short': (snapshot) => snapshot.subarray(0, snapshot.length / 2),
  'an archive without its last byte': (snapshot) => snapshot.subarray(0, -1),
  'an answer of zeros': (snapshot) => Buffer.alloc(snapshot.length),
  'an answer of nothing, which ended well': () => Buffer.of(),
};

async function proveSpoilt(report: Report, place: VaultPlace): Promise<void> {
  const { estate, cluster, copies } = place;
  await estate.type(...run);
  const before = pointsOf(copies);
  const served = join(estate.folder, 'served.snap');
  for (const [what, spoils] of Object.entries(spoilt)) {
    cluster.spoils = (snapshot) => {
      const sent = spoils(snapshot);
      writeFileSync(served, sent);
      return sent;
    };
    const answer = await estate.type(...run);
    const wrong = sumsOf(served, estate.folder).status === 0 ? ['tar and sha256sum find nothing wrong'] : [];
    const code = /snapshot-not-sound|dump-cut-short/;
    const authority = 'tar and sha256sum -c of what was served; ls, find';
    failedRow(report, `${what} is no point`, authority, answer, code, [...wrong, ...untouched(place, before)]);
  }
  cluster.spoils = (snapshot) => {
    writeFileSync(served, snapshot);
    return snapshot;
  };
  cluster.cutAfter = 100_000;
  const cut = await estate.type(...run);
  failedRow(
    report,
    'a connection that breaks midway is no point',
    'ls, find',
    cut,
    /dump-cut-short/,
    untouched(place, before),
  );
  cluster.cutAfter = undefined;
  const whole = await estate.type(...run);
  report.control(
    'a check that refuses every snapshot',
    whole.status === 0 && sumsOf(served, estate.folder).status === 0 && pointsOf(copies).length === before.length + 1,
  );
}

async function proveSealed(report: Report, place: VaultPlace): Promise<void> {
  const { estate, server, copies } = place;
  const before = pointsOf(copies);
  await curl(server, estate.folder, ['sys/seal'], ['--request', 'PUT']);
  const status = await curl(server, estate.folder, ['sys/seal-status']);
  const sealed = await estate.type(...run);
  const others = [...(/"sealed":true/.test(status) ? [] : [status]), ...untouched(place, before)];
  failedRow(report, 'a sealed vault is called one', 'curl: sys/seal-status; ls, find', sealed, /vault-sealed/, others);
  await curl(server, estate.folder, ['sys/unseal'], ['--data', '{"key":"one"}']);
  report.control('a vault that is sealed for ever', (await estate.type(...run)).status === 0);
}

async function proveTokens(report: Report, place: VaultPlace): Promise<void> {
  const { estate, cluster, copies } = place;
  const before = pointsOf(copies);
  cluster.grant('hvs.narrow', { default: cluster.contents.policies['default'] ?? {} });
  secretFile(estate, 'take', 'hvs.narrow');
  const narrow = await estate.type(...run);
  const line = /dump-not-allowed[\s\S]*path "sys\/storage\/raft\/snapshot" \{ capabilities = \["read"\] \}/;
  failedRow(
    report,
    'a token without the right says the line that its policy lacks',
    'ls, find',
    narrow,
    line,
    untouched(place, before),
  );
  secretFile(estate, 'take', 'hvs.ended');
  const ended = await estate.type(...run);
  failedRow(
    report,
    'a token that has ended is called one',
    'ls, find',
    ended,
    /database-login-refused/,
    untouched(place, before),
  );
  secretFile(estate, 'take', canaries.take);
  secretFile(estate, 'restore', canaries.take);
  const picture = await pictureOf(place.server, place);
  const refused = await estate.type(...back(newestOf(copies)));
  report.row(
    '3.15 a token that may only take puts nothing back, and the plan says so before anything is done',
    refused.command,
    asked,
    (refused.status === 1 &&
      /restore-not-allowed|may not put snapshots back/.test(words(refused)) &&
      (await pictureOf(place.server, place)) === picture) ||
      seen(refused),
  );
  secretFile(estate, 'restore', canaries.restore);
  report.control('a token that never may', (await estate.type(...back(newestOf(copies)))).status === 0);
}

async function proveDamagedPoint(report: Report, place: VaultPlace): Promise<void> {
  const { estate, copies, cluster, server } = place;
  await estate.type(...run);
  const point = newestOf(copies);
  const part = partOf(copies, point, 'snapshot');
  cluster.put('kv/shop', 'wednesday');
  const picture = await pictureOf(server, place);
  for (const [how, script] of [
    ['zeros in its middle', 'dd if=/dev/zero of="$1" bs=1 seek=9000 count=4 conv=notrunc status=none'],
    ['its end cut off', 'truncate -s -20 "$1"'],
  ] as const) {
    sh(`cp -a '${part}' '${part}.kept'; set -- '${part}'; ${script}`);
    const refused = await estate.type(...back(point));
    report.row(
      `3.15 a point with ${how} is refused: the server gets nothing of it`,
      refused.command,
      asked,
      (refused.status === 1 && (await pictureOf(server, place)) === picture) || seen(refused),
    );
    sh(`mv '${part}.kept' '${part}'`);
  }
  const good = await estate.type(...back(point));
  report.control('a check that refuses every point', good.status === 0 && (await pictureOf(server, place)) !== picture);
}

async function proveOlder(report: Report, place: VaultPlace): Promise<void> {
  const { estate, cluster, copies, server } = place;
  cluster.version = '1.14.9';
  const picture = await pictureOf(server, place);
  const refused = await estate.type(...back(newestOf(copies)));
  report.row(
    '3.15 a server that is older than the snapshot is refused before anything is done',
    refused.command,
    asked,
    (refused.status === 1 &&
      /server-too-old|is of version/.test(words(refused)) &&
      (await pictureOf(server, place)) === picture) ||
      seen(refused),
  );
  cluster.version = '1.16.0';
  report.control('a version that is never right', (await estate.type(...back(newestOf(copies)))).status === 0);
}
