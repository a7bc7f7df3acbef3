// 3.7 MariaDB over TLS alone: to the server that its certificate names, and to no other.
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, fill, makeAccounts, pictureOf, placeFor, run, words, wreck } from './mysql-databases.ts';

type Certificates = Readonly<{ ca: string; otherCa: string; options: readonly string[]; folder: string }>;

/** A certificate authority that signed the server's, and another one that did not. */
export function certificatesIn(folder: string): Certificates {
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

export async function proveTls(
  report: Report,
  server: MariadbServer,
  { ca, otherCa, folder }: Certificates,
): Promise<void> {
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
