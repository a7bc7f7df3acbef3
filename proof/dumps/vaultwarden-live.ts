// 3.7 Vaultwarden while it writes: copied, and replaced; and brought back where nothing is left of it. sqlite3, ps, ls and find are asked.
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../../src/layers/vaultwarden/vault.test-support.ts';
import { until } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import { sh, sqlite } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { newestOf, run, words } from './apps.ts';
import { linesOf, rowsOf, type VaultwardenPlace, vaultwardenPlace } from './vaultwarden-place.ts';

export async function proveVaultwardenLive(report: Report): Promise<void> {
  report.section('3.7 Vaultwarden while it writes');
  const place = vaultwardenPlace();
  try {
    await proveLive(report, place);
    await proveEmpty(report, place);
  } finally {
    place.close();
  }
}

/** It writes, several times in a second, while it is copied and while its folder is replaced. */
async function proveLive(report: Report, place: VaultwardenPlace): Promise<void> {
  const { estate, copies, data, vault } = place;
  vault.start();
  const file = join(data, 'db.sqlite3');
  const before = linesOf(rowsOf(data));
  const pid = readFileSync(join(vault.folder, 'pid'), 'utf8');
  const taken = await estate.type(...run);
  const undisturbed = existsSync(`/proc/${pid}`) && readFileSync(join(vault.folder, 'app.log'), 'utf8') === '';
  const after = linesOf(rowsOf(data));
  const target = join(estate.folder, 'live');
  const restored = await estate.type('restore', 'app', '--point', newestOf(copies), '--to', target, '--yes');
  const copied = linesOf(rowsOf(target));
  const files = ask(
    join(target, 'db.sqlite3'),
    "SELECT cipher_uuid || '/' || id || ' ' || file_size FROM attachments",
  ).split('\n');
  const lacks = files.filter((line) => {
    const [path = '', size] = line.split(' ');
    const found = join(target, 'attachments', path);
    return !existsSync(found) || statSync(found).size !== Number(size);
  });
  report.row(
    '3.7 copied while it writes (WAL): every row of before, none that never was, each attachment with its file; it is not disturbed',
    taken.command,
    'sqlite3: .dump of before, of the copy and of after; ls, stat; ps and the log of the application',
    holds(
      {
        'exit codes 0': taken.status === 0 && restored.status === 0,
        'every row of before': [...before].every((line) => copied.has(line)),
        'none that never was': [...copied].every((line) => after.has(line)),
        'it went on writing': after.size > before.size,
        'each attachment': files.length > 6 && lacks.length === 0,
        'sqlite3 says ok': sqlite(join(target, 'db.sqlite3'), 'PRAGMA integrity_check') === 'ok',
        undisturbed,
      },
      `${before.size} -> ${copied.size} -> ${after.size}; ${lacks.join()}; ${words(taken).slice(-500)}`,
    ),
  );
  const plain = join(estate.folder, 'plain.sqlite3');
  const lost = await until('a plain copy lacks rows', () => {
    const now = linesOf(rowsOf(data));
    copyFileSync(file, plain);
    return linesOf(sqlite(plain, '.dump')).size < now.size;
  });
  report.control('a copy of the file without its log', lost);
  await proveOldLog(report, place, target);
}

async function proveOldLog(
  report: Report,
  { estate, copies, data, vault, back }: VaultwardenPlace,
  target: string,
): Promise<void> {
  const point = newestOf(copies);
  const log = join(data, 'db.sqlite3-wal');
  const mixed = join(estate.folder, 'mixed');
  mkdirSync(mixed);
  ask(join(data, 'db.sqlite3'), "PRAGMA busy_timeout=5000; DELETE FROM ciphers WHERE uuid LIKE 'cipher-%'");
  await until('rows lie in the log alone', () => statSync(log).size > 20_000);
  sh(`cp '${log}' db.sqlite3-wal; cp '${target}/db.sqlite3' .`, mixed);
  const restored = await estate.type(...back(point));
  vault.stop();
  const now = rowsOf(data);
  const copied = linesOf(rowsOf(target));
  report.row(
    '3.15 in its live place while it writes: nothing of its old log is in the new database',
    restored.command,
    'sqlite3: PRAGMA integrity_check, .dump',
    (restored.status === 0 && now.startsWith('ok\n') && [...copied].every((line) => linesOf(now).has(line))) ||
      new Error(
        words(restored)
          .split('\n')
          .filter((line) => !/lanes:|because|means/.test(line))
          .join('\n')
          .slice(-1200),
      ),
  );
  const wrong = sqlite(join(mixed, 'db.sqlite3'), 'PRAGMA integrity_check; .dump');
  report.control('the old log beside the new database', ![...copied].every((line) => linesOf(wrong).has(line)));
}

async function proveEmpty(report: Report, { estate, copies, data, vault, back }: VaultwardenPlace): Promise<void> {
  const point = newestOf(copies);
  const target = join(estate.folder, 'live');
  sh('find . -mindepth 1 -delete; chown 5001:5002 .', data);
  const restored = await estate.type(...back(point));
  const runs = vault.runs();
  vault.stop();
  const now = linesOf(rowsOf(data));
  const owners = sh(`find attachments sends rsa_key.pem config.json db.sqlite3 -printf '%U:%G\\n' | sort -u`, data);
  report.row(
    '3.15 into a data folder of which nothing is left: all of it, with the owner of that folder',
    restored.command,
    'sqlite3: .dump; find -printf %U:%G',
    (restored.status === 0 &&
      runs &&
      [...linesOf(rowsOf(target))].every((line) => now.has(line)) &&
      owners === '5001:5002') ||
      seen(restored, owners),
  );
}
