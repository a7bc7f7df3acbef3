// 3.7 Vault: its snapshot taken, checked by its own sums, wrecked, and brought back: in place, and as a file.
// curl, tar and sha256sum are asked.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import { sh, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { heldIn, manifestOf, newestOf, partOf, run, words } from './apps.ts';
import { watchingFor, whoHas } from './apps-watched.ts';
import { asked, back, canaries, curl, pictureOf, type VaultPlace, vaultPlace } from './vault-place.ts';

export async function proveVault(report: Report): Promise<void> {
  report.section('3.7 Vault (the stand-in of src/layers/vault, with snapshots of the real format)');
  const place = await vaultPlace();
  try {
    await proveTaken(report, place);
    await proveToken(report, place);
    await proveInPlace(report, place);
    await proveFile(report, place);
  } finally {
    await place.close();
  }
}

/** What its own sums say of an archive, once tar has taken it apart. */
export const sumsOf = (archive: string, folder: string): Readonly<{ status: number; says: string }> =>
  tried('sh', [
    '-ec',
    `rm -rf "$2/apart"; mkdir "$2/apart"; cd "$2/apart"; tar -xzf "$1"; sha256sum --strict -c SHA256SUMS; ls | tr '\\n' ' '; jq .Index meta.json`,
    ...['sh', archive, folder],
  ]);

async function proveTaken(report: Report, { estate, copies }: VaultPlace): Promise<void> {
  const taken = await estate.type(...run);
  const point = newestOf(copies);
  const { items } = manifestOf(copies, point).details;
  const part = partOf(copies, point, 'snapshot');
  const sums = sumsOf(part, estate.folder);
  const index = items[0]?.counts['index'] ?? -1;
  report.row(
    '3.7 a vault is one part: its snapshot, kept as it came, that says its index',
    taken.command,
    'tar, sha256sum -c SHA256SUMS, jq, ls',
    holds(
      {
        'exit code 0': taken.status === 0,
        'one dump, what is known of it, and a manifest':
          items.length === 1 && readdirSync(join(copies, point)).length === 3,
        'four files and no other': sums.says.includes('SHA256SUMS SHA256SUMS.sealed meta.json state.bin '),
        'its own sums hold':
          sums.status === 0 && sums.says.includes('state.bin: OK') && sums.says.includes('meta.json: OK'),
        'the index': sums.says.trim().endsWith(`${index}`),
      },
      `${words(taken).slice(-500)} ${sums.says}`,
    ),
  );
  const spoilt = join(estate.folder, 'spoilt.snap');
  sh(
    `cp -r apart other; cd other; printf x | dd of=state.bin bs=1 seek=500 conv=notrunc status=none; tar -czf '${spoilt}' *; cd ..; rm -r other`,
    estate.folder,
  );
  report.control('a snapshot with one other byte, by its own sums', sumsOf(spoilt, estate.folder).status !== 0);
}

async function proveToken(report: Report, { estate, copies }: VaultPlace): Promise<void> {
  const secrets = Object.values(canaries);
  const taking = await watchingFor(secrets, estate.type(...run));
  const restoring = await watchingFor(secrets, estate.type(...back(newestOf(copies))));
  for (const [what, { result, argv, environ, workers }] of Object.entries({ taken: taking, 'put back': restoring }))
    report.row(
      `3.7 while a snapshot is ${what}, the token is in no argument and in no environment of any process`,
      result.command,
      `/proc/*/cmdline and /proc/*/environ, looked at until it ended; its worker was seen ${workers} times`,
      (result.status === 0 && workers > 0 && argv.length === 0 && environ.length === 0) ||
        seen(result, `argv: ${argv.join(' | ')}; environ: ${environ.join(' | ')}`),
    );
  const careless = spawn('sh', ['-c', 'read -r line', 'sh', canaries.take], { stdio: ['pipe', 'ignore', 'ignore'] });
  const caught = await until('the careless program', () => whoHas(secrets).argv.length > 0);
  careless.stdin.end();
  report.control('a token as an argument of a program', caught);
  const where = sh(`grep -rlF -e ${canaries.take} -e ${canaries.restore} . | sort | tr '\\n' ' '`, estate.folder);
  report.row(
    '3.7 and in no journal, log or point: only in the two files it was read from',
    `grep -rF TOKEN ${estate.folder}`,
    'grep',
    where === './restore ./take' || new Error(where),
  );
}

async function proveInPlace(report: Report, place: VaultPlace): Promise<void> {
  const { estate, copies, cluster, server } = place;
  await estate.type(...run);
  const point = newestOf(copies);
  const before = await pictureOf(server, place);
  await curl(server, estate.folder, ['kv/app-7'], ['--request', 'DELETE']);
  await curl(server, estate.folder, ['kv/shop', 'kv/new'], ['--data', '{"value":"tuesday"}']);
  cluster.grant('hvs.stranger', { stranger: { 'kv/*': ['read'] } });
  const wrecked = await pictureOf(server, place);
  report.control('a secret gone, one changed, one more, a policy and a token more', wrecked !== before);
  const unnamed = await estate.type('restore', 'app', '--point', point, '--to', 'live', '--yes');
  report.row(
    '3.15 a yes to a plan that destroys, without the name of what it destroys, does nothing',
    unnamed.command,
    asked,
    (unnamed.status === 64 && (await pictureOf(server, place)) === wrecked) || seen(unnamed),
  );
  const held = heldIn(copies).length;
  const restored = await estate.type(...back(point));
  report.row(
    '3.15 a vault comes back in its place, with every secret, policy and token',
    restored.command,
    asked,
    (restored.status === 0 && (await pictureOf(server, place)) === before) || seen(restored),
  );
  const safe = heldIn(copies);
  const undone = await estate.type(...back(safe.at(-1) ?? 'none'));
  report.row(
    '3.7 what was there before is a point that is held, and comes back, too',
    undone.command,
    `${asked}; ls`,
    (undone.status === 0 && safe.length === held + 1 && (await pictureOf(server, place)) === wrecked) || seen(undone),
  );
  const again = await estate.type(...back(point));
  report.row(
    '3.15 and back again',
    again.command,
    asked,
    (again.status === 0 && (await pictureOf(server, place)) === before) || seen(again),
  );
}

async function proveFile(report: Report, { estate, copies }: VaultPlace): Promise<void> {
  const point = newestOf(copies);
  const target = join(estate.folder, 'files');
  const file = await estate.type('restore', 'app', '--point', point, '--to', target, '--yes');
  const part = partOf(copies, point, 'snapshot');
  const same = () => tried('cmp', [part, join(target, 'snapshot.snap')]).status === 0;
  report.row(
    '3.15 as a file, byte by byte, for its own program',
    file.command,
    'cmp, tar, sha256sum -c',
    (file.status === 0 && same() && sumsOf(join(target, 'snapshot.snap'), estate.folder).status === 0) || seen(file),
  );
  sh('truncate -s -1 snapshot.snap', target);
  report.control('a file that is shorter by a byte', !same());
}
