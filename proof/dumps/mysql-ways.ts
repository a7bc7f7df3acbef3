// 3.7 MariaDB, by other ways: over TLS alone, packed with gzip, encrypted with age, by an account without a password, and events that stay asleep.
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, fill, hidden, makeAccounts, pictureOf, placeFor, pointAt, run, wreck } from './mysql-databases.ts';

const words = ({ stdout, stderr }: Readonly<{ stdout: string; stderr: string }>): string => stdout + stderr;

export async function proveMysqlWays(report: Report): Promise<void> {
  report.section('3.7 MariaDB over TLS, packed and encrypted');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
  const certificates = certificatesIn(folder);
  const server = await startMariadb(certificates.options);
  try {
    makeAccounts(server);
    for (const name of ['shop', 'wiki']) fill(server, name);
    await proveTls(report, server, certificates);
    await provePacked(report, server);
    await proveEncrypted(report, server);
    await proveSocket(report, server);
    await proveEvents(report, server);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
}

type Certificates = Readonly<{ ca: string; otherCa: string; options: readonly string[]; folder: string }>;

/** A certificate authority that signed the server's, and another one that did not. */
function certificatesIn(folder: string): Certificates {
  const authority = (name: string) =>
    `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -keyout ${name}.key -out ${name}.pem 2>/dev/null`;
  const signed = (name: string, where: string) =>
    `openssl req -newkey rsa:2048 -nodes -subj /CN=${name} -keyout ${name}.key -out ${name}.csr 2>/dev/null
     printf 'subjectAltName=${where}' >${name}.ext
     openssl x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ${name}.ext -out ${name}.pem 2>/dev/null`;
  sh(
    `${authority('ca')}\n${authority('other')}\n${signed('localhost', 'DNS:localhost,IP:127.0.0.1')}\n${signed('elsewhere', 'DNS:elsewhere.example')}`,
    folder,
  );
  const uid = Number(sh('id -u mysql'));
  for (const name of ['', 'localhost.key', 'elsewhere.key']) chownSync(join(folder, name), uid, uid);
  return {
    ...{ folder, ca: join(folder, 'ca.pem'), otherCa: join(folder, 'other.pem') },
    options: optionsFor(folder, 'localhost'),
  };
}

const optionsFor = (folder: string, name: string): readonly string[] => [
  ...[
    `--ssl-ca=${join(folder, 'ca.pem')}`,
    `--ssl-cert=${join(folder, `${name}.pem`)}`,
    `--ssl-key=${join(folder, `${name}.key`)}`,
  ],
];

async function proveTls(report: Report, server: MariadbServer, { ca, otherCa, folder }: Certificates): Promise<void> {
  server.sql(
    `CREATE USER secure@'%' IDENTIFIED BY 'only so' REQUIRE SSL; GRANT ALL ON *.* TO secure@'%' WITH GRANT OPTION`,
  );
  const placed = (at: Pick<MariadbServer, 'port'>, more: Record<string, unknown>) => {
    const own = { host: 'localhost', user: 'secure', password: { file: 'FOLDER/secure' }, ...more };
    const place = placeFor({ port: at.port, password: 'unused' }, { server: own });
    writeFileSync(join(place.estate.folder, 'secure'), 'only so', { mode: 0o600 });
    return place;
  };
  const { estate } = placed(server, { tls: 'verify', ca });
  const before = pictureOf(server, 'shop');
  const secured = await estate.type(...run);
  wreck(server, 'shop');
  const restored = await estate.type(...back('shop'));
  report.row(
    '3.7 tls: verify with a ca: dumped and brought back over TLS alone, by an account that the server lets in by nothing else',
    `${secured.command}; ${restored.command}`,
    'mariadb (REQUIRE SSL): every row',
    (secured.status === 0 && restored.status === 0 && pictureOf(server, 'shop') === before) || seen(secured, restored),
  );
  estate.close();
  const plain = await startMariadb();
  const elsewhere = await startMariadb(optionsFor(folder, 'elsewhere'));
  try {
    for (const other of [plain, elsewhere]) {
      other.sql(`CREATE USER secure@'%' IDENTIFIED BY 'only so'; GRANT ALL ON *.* TO secure@'%'`);
      makeAccounts(other);
      fill(other, 'shop', 10);
    }
    for (const [what, at, more, code] of [
      ['a certificate of another authority', server, { tls: 'verify', ca: otherCa }, /database-unreachable/],
      ['a certificate for another name', elsewhere, { tls: 'verify', ca }, /database-unreachable/],
      [
        'a server without TLS, which an attacker could have put there',
        plain,
        { tls: 'verify', ca },
        /database-unreachable/,
      ],
      ['tls: disable, where the account may come over TLS alone', server, { tls: 'disable' }, /database-login-refused/],
    ] as const) {
      const place = placed(at, more);
      const refused = await place.estate.type(...run);
      report.row(
        `3.7 ${what}: nothing is dumped, and no password was good for anything`,
        refused.command,
        'the words; ls of the points',
        (refused.status === 1 && code.test(words(refused)) && pointsIn(place.copies).length === 0) || seen(refused),
      );
      place.estate.close();
    }
    const unasked = placed(plain, { tls: 'disable' });
    const open = await unasked.estate.type(...run);
    report.control('a server without TLS where it is not asked for', open.status === 0);
    unasked.estate.close();
  } finally {
    await plain.close();
    await elsewhere.close();
  }
}

async function provePacked(report: Report, server: MariadbServer): Promise<void> {
  for (const [compress, ending, reads] of [
    ['gzip', '.gz', 'gzip -t *.gz && gzip -dc "$1"'],
    ['none', '.sql', 'cat "$1"'],
  ] as const) {
    const { estate, copies } = placeFor(server, { compress });
    const before = pictureOf(server, 'wiki');
    const taken = await estate.type(...run);
    const { id, items } = pointAt(copies, 0);
    const part = items.find(({ name }) => name === 'wiki')?.part ?? '';
    const read = tried('sh', [
      '-ec',
      `cd "$2"; { ${reads}; } | grep -c '^CREATE TABLE .people'`,
      'sh',
      part,
      join(copies, id),
    ]);
    wreck(server, 'wiki');
    const restored = await estate.type(...back('wiki', '--point', id));
    report.row(
      `3.7 compress: ${compress}: its own program reads each part, and it comes back`,
      `${taken.command}; ${restored.command}`,
      `${compress === 'none' ? 'grep' : 'gzip -t'}; mariadb: every row`,
      (taken.status === 0 &&
        part.endsWith(ending) &&
        read.says.trim() === '1' &&
        restored.status === 0 &&
        pictureOf(server, 'wiki') === before) ||
        seen(taken, restored, read.says),
    );
    if (compress === 'gzip') {
      sh(`dd if=/dev/zero of='${part}' bs=1 seek=2000 count=50 conv=notrunc status=none`, join(copies, id));
      const damaged = await estate.type(...back('wiki', '--point', id));
      report.control(
        'a part packed with gzip that is damaged',
        damaged.status !== 0 &&
          /point-damaged/.test(words(damaged)) &&
          pictureOf(server, 'wiki') === before &&
          hidden(server) === '',
      );
    }
    estate.close();
  }
}

async function proveEncrypted(report: Report, server: MariadbServer): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-age-'));
  const recipients = ['right', 'wrong'].map(
    (name) => /age1\w+/.exec(tried('age-keygen', ['-o', join(folder, name)]).says)?.[0] ?? '',
  );
  const { estate, copies } = placeFor(server, {
    encrypt_to: recipients.slice(0, 1),
    identity: { file: join(folder, 'now') },
  });
  const has = (identity: string) => sh(`install -m 600 '${identity}' now`, folder);
  try {
    has('right');
    const before = pictureOf(server, 'shop');
    const taken = await estate.type(...run);
    const { id, items } = pointAt(copies, 0);
    const part = items.find(({ name }) => name === 'shop')?.part ?? '';
    const opened = (identity: string) =>
      tried('sh', [
        '-c',
        `age -d -i '${join(folder, identity)}' '${join(copies, id, part)}' | zstd -dc | grep -c '^CREATE TABLE .people'`,
      ]);
    wreck(server, 'shop');
    const wrecked = pictureOf(server, 'shop');
    for (const [what, identity, code] of [
      ['another identity', 'wrong', /identity-wrong/],
      ['no identity there', 'none', /secret-/],
    ] as const) {
      if (identity === 'none') sh('rm now', folder);
      else has(identity);
      const refused = await estate.type(...back('shop', '--point', id));
      report.row(
        `3.7 encrypt_to, and ${what}: it is said, and nothing was replaced`,
        refused.command,
        'the words; mariadb: every row',
        (refused.status !== 0 &&
          code.test(words(refused)) &&
          pictureOf(server, 'shop') === wrecked &&
          hidden(server) === '') ||
          seen(refused),
      );
    }
    has('right');
    const restored = await estate.type(...back('shop', '--point', id));
    const held = pointAt(copies, -1);
    report.row(
      '3.7 encrypt_to: nothing in the point can be read without the identity, age itself opens it, and it comes back; so does what was put aside',
      `${taken.command}; ${restored.command}`,
      'age -d, zstd; mariadb: every row',
      (taken.status === 0 &&
        opened('right').says.trim() === '1' &&
        sh('ls | grep -cv "\\.age$\\|manifest\\|HOLD" || true', join(copies, held.id)) === '0' &&
        restored.status === 0 &&
        pictureOf(server, 'shop') === before) ||
        seen(taken, restored, opened('right').says),
    );
    report.control('age with another identity', opened('wrong').says.trim() !== '1');
  } finally {
    estate.close();
    rmSync(folder, { recursive: true });
  }
}

async function proveSocket(report: Report, server: MariadbServer): Promise<void> {
  const { estate, copies } = placeFor(server, {
    as: 'mysql',
    server: { host: server.socket, user: undefined, password: undefined },
  });
  const before = pictureOf(server, 'wiki');
  const taken = await estate.type(...run);
  wreck(server, 'wiki');
  const restored = await estate.type(...back('wiki'));
  report.row(
    '3.7 as: the account that its tools run as logs in by the socket, without any password',
    `${taken.command}; ${restored.command}`,
    'mariadb: every row',
    (taken.status === 0 &&
      pointsIn(copies).length === 2 &&
      restored.status === 0 &&
      pictureOf(server, 'wiki') === before) ||
      seen(taken, restored),
  );
  const { estate: nobody } = placeFor(server, {
    as: 'nobody',
    server: { host: server.socket, user: 'mysql', password: undefined },
  });
  const refused = await nobody.type(...run);
  report.control(
    'another account at that socket',
    refused.status === 1 && /database-login-refused/.test(words(refused)),
  );
  estate.close();
  nobody.close();
}

/** The copy that a restore loads to count its rows has the events of the live one: two that send bills would be one too many. */
async function proveEvents(report: Report, server: MariadbServer): Promise<void> {
  server.sql(`CREATE DATABASE bills; CREATE TABLE bills.sent (at datetime(6), by_database varchar(64)); CREATE DATABASE diary; CREATE TABLE diary.log (by_database varchar(64));
    CREATE TABLE bills.more AS SELECT seq, REPEAT(MD5(seq), 4000) AS text FROM mysql.seq_1_to_500;
    CREATE EVENT bills.sends ON SCHEDULE EVERY 1 SECOND DO INSERT INTO diary.log VALUES (DATABASE());`);
  const { estate } = placeFor(server, { databases: ['bills'] });
  const taken = await estate.type(...run);
  server.sql('SET GLOBAL event_scheduler = ON');
  const restored = await estate.type(...back('bills'));
  server.sql('SET GLOBAL event_scheduler = OFF');
  const by = server.sql('SELECT DISTINCT by_database FROM diary.log');
  report.row(
    '3.15 events of what is loaded to be counted do not run: the live one alone is at work',
    restored.command,
    'mariadb: what each run of the event wrote down',
    (taken.status === 0 && restored.status === 0 && !/holdfast/.test(by)) || seen(taken, restored, `ran in ${by}`),
  );
  report.control(
    'an event that runs',
    by.includes('bills') &&
      server.sql(`SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_NAME = 'sends'`) === 'ENABLED',
  );
  estate.close();
}
