// A PostgreSQL database of 1 GB, and what takes and brings it back by hand.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../src/layers/postgres/server.test-support.ts';
import type { Benched } from './dumps-benched.ts';

/** Texts like those of applications: they shrink to a third or so. */
const table = (name: string, rows: number): string =>
  `CREATE TABLE ${name} (id bigserial PRIMARY KEY, at timestamptz, owner uuid, doc text);
   INSERT INTO ${name} (at, owner, doc) SELECT now() - i * interval '1 second', md5((i % 1000)::text)::uuid,
     repeat(md5((i::bigint * 7919)::text) || ' ' || (i % 977) || ' some words that come again and again ', 5) FROM generate_series(1, ${rows}) i;`;

export async function postgresBench(base: string): Promise<Benched> {
  const server = await startPostgres();
  const { port, password } = server;
  server.psql('postgres', 'CREATE DATABASE shop');
  for (const name of ['orders', 'events', 'notes']) server.psql('shop', table(name, 700_000));
  for (const nth of [1, 2, 3, 4, 5]) server.psql('shop', table(`small_${nth}`, 1000));
  server.psql('shop', 'CHECKPOINT');
  server.psql('shop', 'VACUUM ANALYZE');
  const bytes = Number(server.psql('postgres', `SELECT pg_database_size('shop')`));
  writeFileSync(join(base, 'password'), password, { mode: 0o600 });
  writeFileSync(join(base, 'pgpass'), `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`, { mode: 0o600 });
  const bare = `export PGPASSFILE=${base}/pgpass PGHOST=127.0.0.1 PGPORT=${port} PGUSER=postgres`;
  const each = `SELECT format('SELECT count(*) FROM %I.%I;', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'`;
  const counts = (of: string): string => `psql -XqAt -d ${of} -c "${each}" | psql -XqAt -d ${of} >counts`;
  return {
    ...{ of: `PostgreSQL, ${(bytes / 1e9).toFixed(1)} GB`, bytes },
    layer: { kind: 'postgres', server: { host: '127.0.0.1', port, password: { file: join(base, 'password') } } },
    dump: {
      says: 'pg_dump -Fc -Z0 | zstd, digests, counts, schema, sync',
      script: `${bare}; pg_dump -Fc -Z0 shop | tee >(sha256sum >content.sum) | zstd -q -3 | tee >(sha256sum >stored.sum) >bare.dump.zst
        ${counts('shop')}; pg_dump -s shop | sha256sum >schema.sum; sync bare.dump.zst`,
    },
    plain: { says: 'pg_dump -Fc', script: `${bare}; pg_dump -Fc shop >plain.dump; sync plain.dump` },
    back: {
      says: 'zstd -d | pg_restore, digest, ANALYZE, counts',
      script: `${bare}; createdb bare_back; zstd -qdc bare.dump.zst | tee >(sha256sum >back.sum) | pg_restore --exit-on-error -d bare_back
        psql -Xq -d bare_back -c ANALYZE; ${counts('bare_back')}`,
    },
    borgmatic: {
      postgresql_databases: [{ name: 'shop', hostname: '127.0.0.1', port, username: 'postgres', password }],
    },
    drop: (name) => void server.psql('postgres', `DROP DATABASE ${name} WITH (FORCE)`),
    close: () => server.close(),
  };
}
