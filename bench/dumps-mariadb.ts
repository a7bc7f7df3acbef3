// A MariaDB database of 500 MB, and what takes and brings it back by hand.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionText } from '../src/layers/mysql/connection.ts';
import { startMariadb } from '../src/layers/mysql/server.test-support.ts';
import type { Benched } from './dumps-benched.ts';

const table = (name: string, rows: number): string =>
  `CREATE TABLE ${name} (id bigint AUTO_INCREMENT PRIMARY KEY, at datetime, owner char(32), doc text) ENGINE=InnoDB;
   INSERT INTO ${name} (at, owner, doc) SELECT NOW() - INTERVAL seq SECOND, MD5(seq % 1000),
     REPEAT(CONCAT(MD5(seq * 7919), ' ', seq % 977, ' some words that come again and again '), 5) FROM seq_1_to_${rows};`;

export async function mariadbBench(base: string): Promise<Benched> {
  const server = await startMariadb(['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=256M']);
  const { port, password } = server;
  server.sql('CREATE DATABASE shop');
  for (const name of ['orders', 'events', 'notes']) server.sql(table(name, 520_000), 'shop');
  for (const nth of [1, 2, 3, 4, 5]) server.sql(table(`small_${nth}`, 1000), 'shop');
  server.sql('CREATE VIEW latest AS SELECT * FROM orders WHERE id > 100; CREATE PROCEDURE hello() SELECT 1', 'shop');
  const size = server.sql(`SELECT SUM(DATA_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop'`);
  writeFileSync(join(base, 'password'), password, { mode: 0o600 });
  writeFileSync(join(base, 'my.cnf'), optionText(password), { mode: 0o600 });
  const login = `--defaults-extra-file=${base}/my.cnf --protocol=tcp --host=127.0.0.1 --port=${port} --user=admin`;
  const all = '--single-transaction --routines --events --triggers --hex-blob --default-character-set=utf8mb4';
  const each = `SELECT CONCAT('SELECT COUNT(*) FROM ', TABLE_NAME, ';') FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = '%s'`;
  const counts = (of: string): string =>
    `mariadb ${login} -BN -e "${each.replace('%s', of)}" | mariadb ${login} -BN ${of} >counts`;
  return {
    ...{ of: `MariaDB, ${(Number(size) / 1e9).toFixed(2)} GB`, bytes: Number(size) },
    layer: {
      kind: 'mysql',
      server: { host: '127.0.0.1', port, user: 'admin', password: { file: join(base, 'password') } },
    },
    dump: {
      says: 'mariadb-dump | zstd, digests, counts, schema, sync',
      script: `mariadb-dump ${login} ${all} shop | tee >(sha256sum >content.sum) | zstd -q -3 | tee >(sha256sum >stored.sum) >bare.sql.zst
        ${counts('shop')}; mariadb-dump ${login} --no-data shop | sha256sum >schema.sum; sync bare.sql.zst`,
    },
    plain: {
      says: 'mariadb-dump | zstd',
      script: `mariadb-dump ${login} ${all} shop | zstd -q -3 >plain.sql.zst; sync plain.sql.zst`,
    },
    back: {
      says: 'zstd -d | mariadb, digest, counts',
      script: `mariadb ${login} -e 'CREATE DATABASE bare_back'; zstd -qdc bare.sql.zst | tee >(sha256sum >back.sum) | mariadb ${login} bare_back
        ${counts('bare_back')}`,
    },
    borgmatic: { mysql_databases: [{ name: 'shop', hostname: '127.0.0.1', port, username: 'admin', password }] },
    drop: (name) => void server.sql(`DROP DATABASE ${name}`),
    close: () => server.close(),
  };
}
