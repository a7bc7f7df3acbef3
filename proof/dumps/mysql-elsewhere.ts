// 3.15 MariaDB, brought elsewhere: as files that its own client loads, onto a server that has nothing, and from points that are damaged.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import {
  accountsOf,
  asked,
  back,
  type DumpPlace,
  hidden,
  names,
  pictureOf,
  placeFor,
  pointAt,
  wreck,
} from './mysql-databases.ts';

export async function proveFiles(report: Report, server: MariadbServer, { estate, copies }: DumpPlace): Promise<void> {
  const { id: point } = pointAt(copies, 0);
  const files = await estate.type('restore', 'apps', '--point', point, '--to', join(estate.folder, 'files'), '--yes');
  const login = ['--no-defaults', `--socket=${server.socket}`];
  const by = (input: string, ...args: readonly string[]) =>
    spawnSync('sh', ['-ec', input, 'sh', ...args], { cwd: join(estate.folder, 'files'), encoding: 'utf8' });
  server.sql('CREATE DATABASE by_hand CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci');
  const loaded = by('mariadb "$@" by_hand <wiki.sql', ...login);
  report.row(
    '3.15 as files, thirteen of them, which the client of the server itself loads',
    files.command,
    `ls, grep, mariadb <wiki.sql; ${asked}`,
    (files.status === 0 &&
      loaded.status === 0 &&
      by('ls | wc -l').stdout.trim() === '13' &&
      by('grep -c "^CREATE USER .keeper" all-accounts.accounts.sql').stdout.trim() === '1' &&
      pictureOf(server, 'by_hand') === pictureOf(server, 'wiki')) ||
      seen(files, loaded.stderr),
  );
  const again = await estate.type('restore', 'apps', '--point', point, '--to', join(estate.folder, 'files'), '--yes');
  report.control('a folder that is not empty', again.status !== 0);
  server.sql('DROP DATABASE by_hand');
}

/** @returns whether the account gets in with that password, and sees rows */
function logsIn(server: MariadbServer, password: string): boolean {
  const args = ['--no-defaults', '-h127.0.0.1', `-P${server.port}`, '-ukeeper', `-p${password}`, 'shop'];
  return spawnSync('mariadb', [...args, '-Ne', 'SELECT twice(21)'], { encoding: 'utf8' }).stdout.trim() === '42';
}

const newer = `it's \\ "the newer"`;

export async function proveWhole(report: Report, server: MariadbServer, { copies }: DumpPlace): Promise<void> {
  const other = await startMariadb();
  const elsewhere = placeFor(other, { credentials: [{ user: 'keeper', password: { file: 'FOLDER/newer' } }] });
  const { estate } = elsewhere;
  try {
    sh(`cp -a '${copies}' copies/`, estate.folder);
    writeFileSync(join(estate.folder, 'newer'), newer, { mode: 0o600 });
    const { id: point } = pointAt(copies, 0);
    const whole = await estate.type('restore', 'apps', '--point', point, '--to', 'live', '--yes');
    const alike = names.filter((name) => pictureOf(other, name) === pictureOf(server, name));
    report.row(
      '3.7, 4.3 the whole server onto one that has nothing: twelve databases, with every account, role and right',
      whole.command,
      `${asked}; SHOW GRANTS, mysql.user, mysql.roles_mapping`,
      (whole.status === 0 &&
        alike.length === names.length &&
        accountsOf(other, false) === accountsOf(server, false) &&
        hidden(other) === '') ||
        seen(whole, `${alike.length} alike`, accountsOf(other, false), accountsOf(server, false)),
    );
    report.row(
      '4.3 with the password that applications know today',
      whole.command,
      'mariadb, as that account',
      logsIn(other, newer),
    );
    report.control('the password of the day of the dump', logsIn(server, 'of the day') && !logsIn(other, 'of the day'));
    const rest = `SHOW CREATE USER "odd ""one'"@'10.%'`;
    report.row(
      '4.3 and who is not named there has what it had: its password, TLS, limits, its lock',
      whole.command,
      'SHOW CREATE USER',
      other.sql(rest) === server.sql(rest) || new Error(other.sql(rest)),
    );
    wreck(other, 'tasks');
    other.sql(`ALTER USER keeper@'%' IDENTIFIED BY 'of the week'`);
    const every = names.filter((name) => name !== 'photos');
    other.sql('DROP DATABASE photos');
    const confirmed = every.flatMap((name) => ['--confirm', name]);
    const over = await estate.type('restore', 'apps', '--point', point, '--to', 'live', '--yes', ...confirmed);
    report.row(
      '3.15 the whole point over what is there: eleven are replaced, one is made; who is there keeps the password of now',
      over.command,
      `${asked}; mariadb, as that account`,
      (over.status === 0 &&
        names.every((name) => pictureOf(other, name) === pictureOf(server, name)) &&
        logsIn(other, 'of the week') &&
        accountsOf(other, false) === accountsOf(server, false) &&
        hidden(other) === '') ||
        seen(over),
    );
    const unsaid = await estate.type('restore', 'apps', '--point', point, '--to', 'live', '--yes', '--confirm', 'shop');
    report.control('databases that would be dropped, and nobody named them', unsaid.status === 64);
  } finally {
    await other.close();
    estate.close();
  }
}

export async function proveDamaged(
  report: Report,
  server: MariadbServer,
  { estate, copies }: DumpPlace,
): Promise<void> {
  const { id: point, items } = pointAt(copies, 0);
  const part = items.find(({ name }) => name === 'mail')?.part ?? '';
  const before = pictureOf(server, 'mail');
  for (const [how, script] of [
    ['zeros in its middle', `dd if=/dev/zero of="$1" bs=1 seek=3000 count=100 conv=notrunc status=none`],
    ['another end', `printf xxxx | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") - 4)) conv=notrunc status=none`],
    ['another whole dump in its place', `printf -- '-- MariaDB dump\\n-- Dump completed' | zstd -q >"$1"`],
    ['no file', `rm "$1"`],
  ] as const) {
    sh(`cp -a '${part}' kept; set -- '${part}'; ${script}`, join(copies, point));
    const refused = await estate.type(...back('mail', '--point', point));
    report.row(
      `3.15 a dump with ${how} is refused, and nothing was replaced`,
      refused.command,
      asked,
      (refused.status !== 0 && pictureOf(server, 'mail') === before && hidden(server) === '') || seen(refused),
    );
    sh(`mv -f kept '${part}'`, join(copies, point));
  }
  const good = await estate.type(...back('mail', '--point', point));
  report.control('a check that refuses every dump', good.status === 0 && pictureOf(server, 'mail') === before);
}
