// 3.7 PostgreSQL: twelve databases and the roles, wrecked, and brought back: one, all, beside, as files, onto another server.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '../../src/layers/postgres/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, fill, hidden, makeKeeper, names, pictureOf, placeFor, run } from './databases.ts';

const asked = 'psql: every row of every table, functions, indexes, sequences, owner';

export async function provePostgres(report: Report): Promise<void> {
  report.section('3.7 PostgreSQL, per database and as a whole');
  const server = await startPostgres();
  const place = placeFor(server, { prove: { every: '1s', as: 'postgres' } });
  const { estate, copies } = place;
  try {
    makeKeeper(server);
    for (const name of names) fill(server, name);
    const taken = await estate.type(...run);
    const [point = ''] = pointsIn(copies);
    const manifest = JSON.parse(readFileSync(join(copies, point, 'manifest.json'), 'utf8'));
    const connectable = Number(server.psql('postgres', 'SELECT count(*) FROM pg_database WHERE datallowconn'));
    const parts = (manifest.details.items as { name: string; part: string }[]).filter(({ name }) =>
      names.includes(name),
    );
    report.row(
      '3.7 twelve databases are twelve parts, and roles beside; proved on a server of its own in the same run',
      taken.command,
      'ls, zstd -t, the journal',
      (taken.status === 0 &&
        parts.length === 12 &&
        Number(sh(`zstd -tq *.zst && ls *.zst | wc -l`, join(copies, point))) === connectable + 2 &&
        estate.journal((runs, entriesOf) =>
          entriesOf(runs[0]?.id ?? '').some(({ path, event }) => path === 'look>prove' && event === 'done'),
        ) === true) ||
        seen(taken, JSON.stringify(parts.length)),
    );
    await proveOne(report, server, place);
    await proveBeside(report, server, place);
    await proveFiles(report, place);
    await proveAll(report, server, place);
    await proveDamaged(report, server, place);
  } finally {
    server.close();
    estate.close();
  }
}

type Place = ReturnType<typeof placeFor>;

async function proveOne(report: Report, server: PostgresServer, { estate, copies }: Place): Promise<void> {
  for (const name of ['shop', names.at(-1) ?? '']) {
    const before = pictureOf(server, name);
    server.psql(name, `DELETE FROM app.tags; DELETE FROM app.items WHERE id > 7; DROP FUNCTION app.answer`);
    const wrecked = pictureOf(server, name);
    report.control(`a database that was wrecked (${name})`, wrecked !== before);
    const restored = await estate.type(...back(name));
    report.row(
      `3.7 ${name}: one database comes back in its place, whole; nothing of the work is left`,
      restored.command,
      asked,
      (restored.status === 0 && pictureOf(server, name) === before && hidden(server) === '') || seen(restored),
    );
    const held = pointsIn(copies).filter((point) => readdirSync(join(copies, point)).includes('HOLD'));
    const undone = await estate.type(...back(name, '--point', held.at(-1) ?? 'none'));
    report.row(
      `3.7 ${name}: what was there is a point, and comes back, too`,
      undone.command,
      asked,
      (undone.status === 0 && pictureOf(server, name) === wrecked) || seen(undone),
    );
    const again = await estate.type(...back(name, '--point', pointsIn(copies)[0] ?? 'none'));
    report.row(
      `3.7 ${name}: and back again`,
      again.command,
      asked,
      (again.status === 0 && pictureOf(server, name) === before) || seen(again),
    );
  }
}

async function proveBeside(report: Report, server: PostgresServer, { estate, copies }: Place): Promise<void> {
  const [point = ''] = pointsIn(copies);
  const typed = ['restore', 'apps', '--point', point, '--only', 'wiki', '--to', 'database/wiki of monday', '--yes'];
  const beside = await estate.type(...typed);
  report.row(
    '3.7 beside the live one, under another name',
    beside.command,
    asked,
    (beside.status === 0 && pictureOf(server, 'wiki of monday') === pictureOf(server, 'wiki')) || seen(beside),
  );
  const twice = await estate.type(...typed);
  report.control('a name that is taken', twice.status !== 0 && /target-there/.test(`${twice.stdout}${twice.stderr}`));
}

async function proveFiles(report: Report, { estate, copies }: Place): Promise<void> {
  const [point = ''] = pointsIn(copies);
  const target = join(estate.folder, 'files');
  const files = await estate.type('restore', 'apps', '--point', point, '--to', target, '--yes');
  report.row(
    '3.7 as files that its own program reads',
    files.command,
    'pg_restore --list, grep',
    (files.status === 0 &&
      sh(
        `pg_restore --list wiki.dump | grep -c 'TABLE DATA'; grep -c 'CREATE ROLE keeper' all-roles.sql`,
        target,
      ).trim() === '2\n1') ||
      seen(files),
  );
}

async function proveAll(report: Report, server: PostgresServer, { copies }: Place): Promise<void> {
  const other = await startPostgres();
  const elsewhere = placeFor(other, { credentials: [{ role: 'keeper', password: { file: 'FOLDER/newer' } }] });
  try {
    sh(
      `cp -a '${copies}' '${join(elsewhere.estate.folder, 'copies')}'; printf 'the newer one' >newer; chmod 600 newer`,
      elsewhere.estate.folder,
    );
    const [point = ''] = pointsIn(copies);
    const whole = await elsewhere.estate.type('restore', 'apps', '--point', point, '--to', 'live', '--yes');
    const same = names.filter((name) => pictureOf(other, name) === pictureOf(server, name));
    report.row(
      '3.7 the whole cluster onto a server that has nothing, with the roles',
      whole.command,
      asked,
      (whole.status === 0 && same.length === names.length) || seen(whole, `${same.length} the same`),
    );
    const login = (password: string): boolean => {
      try {
        return (
          sh(
            `PGPASSWORD='${password}' psql -h 127.0.0.1 -p ${other.port} -U keeper -d shop -Atc 'SELECT app.answer()'`,
            '/',
          ).trim() === '42'
        );
      } catch {
        return false;
      }
    };
    report.row(
      '3.7 with the password that applications know today',
      whole.command,
      'psql, as that role',
      login('the newer one'),
    );
    report.control('the password of the day of the dump', !login('of the day'));
  } finally {
    other.close();
    elsewhere.estate.close();
  }
}

async function proveDamaged(report: Report, server: PostgresServer, { estate, copies }: Place): Promise<void> {
  const [point = ''] = pointsIn(copies);
  const manifest = JSON.parse(readFileSync(join(copies, point, 'manifest.json'), 'utf8'));
  const part =
    (manifest.details.items as { name: string; part: string }[]).find(({ name }) => name === 'mail')?.part ?? '';
  const before = pictureOf(server, 'mail');
  for (const [how, script] of [
    ['zeros in its middle', `dd if=/dev/zero of="$1" bs=1 seek=3000 count=100 conv=notrunc status=none`],
    ['another end', `printf xxxx | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") - 4)) conv=notrunc status=none`],
  ] as const) {
    sh(`cp -a '${part}' kept; set -- '${part}'; ${script}`, join(copies, point));
    const refused = await estate.type(...back('mail', '--point', point));
    report.row(
      `3.7 a dump with ${how} is refused, and nothing was replaced`,
      refused.command,
      asked,
      (refused.status !== 0 && pictureOf(server, 'mail') === before && hidden(server) === '') || seen(refused),
    );
    sh(`mv kept '${part}'`, join(copies, point));
  }
  const good = await estate.type(...back('mail', '--point', point));
  report.control('a check that refuses every dump', good.status === 0 && pictureOf(server, 'mail') === before);
}
