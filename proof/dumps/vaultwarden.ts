import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../../src/layers/vaultwarden/vault.test-support.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import { sh, sqlite } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { differing, heldIn, manifestOf, newestOf, run, words } from './apps.ts';
import {
  addOddNames,
  asked,
  linesOf,
  metadataOf,
  pictureOf,
  restOf,
  rowsOf,
  type VaultwardenPlace,
  vaultwardenPlace,
} from './vaultwarden-place.ts';

export async function proveVaultwarden(report: Report): Promise<void> {
  report.section('3.7 Vaultwarden');
  const place = vaultwardenPlace();
  try {
    addOddNames(place.data);
    await proveTaken(report, place);
    await proveInPlace(report, place);
  } finally {
    place.close();
  }
}

async function proveTaken(report: Report, { estate, copies, data }: VaultwardenPlace): Promise<void> {
  const before = pictureOf(data);
  const taken = await estate.type(...run);
  const told = await estate.type('log', '--json');
  const point = newestOf(copies);
  const { counts } = manifestOf(copies, point);
  const file = join(data, 'db.sqlite3');
  const rows = (table: string) => Number(sqlite(file, `SELECT count(*) FROM ${table}`));
  const tables = ['users', 'ciphers', 'attachments', 'organizations'];
  report.row(
    '3.7 a Vaultwarden is one point that counts what is in it; its folder is as it was',
    taken.command,
    'sqlite3: count(*); find and sha256sum of its folder; holdfast log --json',
    holds(
      {
        'exit code 0': taken.status === 0,
        'rows as sqlite3 counts them': tables.every((table) => counts[table] === rows(table)),
        'the folder as it was': pictureOf(data) === before,
        'what is not copied is named': /not known to be of Vaultwarden: vaultwarden\.log/.test(told.stdout),
      },
      words(taken).slice(-700),
    ),
  );
  const target = join(estate.folder, 'back');
  const restored = await estate.type('restore', 'app', '--point', point, '--to', target, '--yes');
  report.row(
    '3.15 beside it: every row, every file of any name, owners, modes, times, ACLs and attributes',
    restored.command,
    asked,
    holds(
      {
        'exit code 0': restored.status === 0,
        'row by row': rowsOf(target) === rowsOf(data),
        'file by file': restOf(data, target) === '',
        metadata: metadataOf(target) === metadataOf(data),
        'without what it makes anew': ['icon_cache', 'tmp', 'vaultwarden.log'].every(
          (name) => !existsSync(join(target, name)),
        ),
        'keys, settings, sends': ['rsa_key.pem', 'config.json', 'sends/send-1/file1'].every((name) =>
          existsSync(join(target, name)),
        ),
      },
      `${words(restored).slice(-500)} ${restOf(data, target).slice(0, 400)}`,
    ),
  );
  writeFileSync(join(target, 'sends/send-1/file1'), 'Sent');
  sh(`chmod 0604 rsa_key.pem; sqlite3 db.sqlite3 "UPDATE users SET name = 'M' WHERE uuid = 'user-1'"`, target);
  report.control(
    'one other row, one other byte, one other mode',
    rowsOf(target) !== rowsOf(data) && restOf(data, target) !== '' && metadataOf(target) !== metadataOf(data),
  );
  const part = join(estate.folder, 'part');
  const only = ['restore', 'app', '--point', point, '--only', 'attachments/cipher-1', '--to', part, '--yes'];
  const one = await estate.type(...only);
  report.row(
    '3.15 one folder of attachments alone',
    one.command,
    'diff -r, ls',
    (one.status === 0 &&
      restOf(join(data, 'attachments/cipher-1'), join(part, 'attachments/cipher-1')) === '' &&
      readdirSync(part).join() === 'attachments') ||
      seen(one),
  );
}

/** As it is found the morning after: rows, an attachment, its keys and its settings are gone, and an old log lies there. */
function wreck(data: string): void {
  ask(
    join(data, 'db.sqlite3'),
    "PRAGMA busy_timeout=5000; DELETE FROM ciphers WHERE uuid > 'cipher-2'; UPDATE organizations SET name = 'x'",
  );
  rmSync(join(data, 'attachments', 'cipher-3'), { recursive: true });
  rmSync(join(data, 'rsa_key.pem'));
  writeFileSync(join(data, 'config.json'), '{"domain":"https://wrong"}');
  sh('chown 4711:4712 db.sqlite3* config.json', data);
}

const logs = (data: string): readonly string[] => readdirSync(data).filter((name) => /^db\.sqlite3-/.test(name));

async function proveInPlace(report: Report, place: VaultwardenPlace): Promise<void> {
  const { estate, copies, data, vault, back } = place;
  const good = pictureOf(data);
  await estate.type(...run);
  const point = newestOf(copies);
  wreck(data);
  for (const side of ['-wal', '-shm', '-journal']) writeFileSync(join(data, `db.sqlite3${side}`), '');
  const wrecked = pictureOf(data);
  report.control('a folder that was wrecked', wrecked !== good);
  const restored = await estate.type(...back(point));
  const runs = vault.runs();
  vault.stop();
  const written = linesOf(rowsOf(data));
  report.row(
    '3.15 in its live place: it is stopped, has its point, and runs on it',
    restored.command,
    `${asked}; ps`,
    holds(
      {
        'exit code 0': restored.status === 0,
        'it runs': runs,
        'every row of the point': [...linesOf(good)].every((line) => written.has(line)),
        'nothing of the wreck': ![...written].some((line) => !linesOf(good).has(line) && linesOf(wrecked).has(line)),
        'what is made anew was left alone': existsSync(join(data, 'icon_cache', 'example.png')),
        'nothing of the work is left': readdirSync(data).every((name) => !name.startsWith('.holdfast')),
      },
      words(restored).slice(-700),
    ),
  );
  await proveUndone(report, place, { point, good, wrecked });
}

type Known = Readonly<{ point: string; good: string; wrecked: string }>;

/** The same with an application that writes nothing: then all of it can be compared, the folder too. */
async function proveUndone(
  report: Report,
  { estate, copies, data, declare, back }: VaultwardenPlace,
  { point, good, wrecked }: Known,
): Promise<void> {
  declare({ service: { stop: ['true'], start: ['true'] } });
  const held = heldIn(copies).at(-1) ?? 'none';
  for (const [what, from, expected] of [
    ['what was there before is a point that is held, and comes back, too', held, wrecked],
    ['and back again, with owners, modes and times', point, good],
  ] as const) {
    for (const side of ['-wal', '-shm', '-journal']) writeFileSync(join(data, `db.sqlite3${side}`), 'an old log');
    const done = await estate.type(...back(from));
    report.row(
      `3.15 ${what}; the old -wal, -shm and -journal are gone`,
      done.command,
      `${asked}; ls`,
      holds(
        {
          'exit code 0': done.status === 0,
          'no old log': logs(data).length === 0,
          'all of it': pictureOf(data) === expected,
        },
        `${words(done).slice(-300)} ${logs(data).join()}\n${differing(expected, pictureOf(data))}`,
      ),
    );
  }
}
