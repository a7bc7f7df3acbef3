// Databases of a real PostgreSQL for proofs, and what its own client says of them: every row of every table.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresServer } from '../../src/layers/postgres/server.test-support.ts';
import { type Estate, estateIn } from '../../test/e2e/estate.test-support.ts';

/** Twelve, one of them with a name that nothing may take for anything else. */
export const names: readonly string[] = [
  ...['auth', 'bookmarks', 'finance', 'grafana', 'mail', 'notes', 'photos', 'recipes', 'tasks', 'wiki', 'shop'],
  `it's "odd" \\ näme; $(x)`,
];

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function fill(server: PostgresServer, database: string, rows = 500): void {
  server.psql('postgres', `CREATE DATABASE ${quoted(database)} OWNER keeper`);
  server.psql(
    database,
    `SET ROLE keeper; CREATE SCHEMA app; CREATE TABLE app.items (id serial PRIMARY KEY, name text, at timestamptz DEFAULT now(), doc jsonb);
     INSERT INTO app.items (name, doc) SELECT 'item ' || i, json_build_object('n', i, 'text', repeat('x', i % 50)) FROM generate_series(1, ${rows}) i;
     CREATE TABLE app.tags (item int REFERENCES app.items, tag text); INSERT INTO app.tags SELECT id, 'tag' FROM app.items WHERE id % 3 = 0;
     CREATE VIEW app.tagged AS SELECT i.* FROM app.items i JOIN app.tags t ON t.item = i.id;
     CREATE FUNCTION app.answer() RETURNS int LANGUAGE sql AS 'SELECT 42';
     CREATE INDEX ON app.items (name); SELECT lo_create(0);`,
  );
}

export const makeKeeper = (server: PostgresServer): string =>
  server.psql('postgres', `CREATE ROLE keeper LOGIN PASSWORD 'of the day'`);

const tables = `SELECT format('COPY (SELECT %L, t.* FROM %I.%I t ORDER BY t::text) TO STDOUT;', n.nspname || '.' || c.relname, n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  ORDER BY 1 \\gexec
SELECT proname, prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'app' ORDER BY 1;
SELECT indexdef FROM pg_indexes WHERE schemaname = 'app' ORDER BY 1; SELECT last_value FROM app.items_id_seq;
SELECT count(*) FROM pg_largeobject_metadata; SELECT pg_get_userbyid(datdba), datacl FROM pg_database WHERE datname = current_database();`;

/** All that is in a database, as psql prints it: rows, functions, indexes, sequences, its owner. */
export const pictureOf = (server: PostgresServer, database: string): string =>
  createHash('sha256').update(server.psql(database, tables)).digest('hex');

export type DumpPlace = Readonly<{ estate: Estate; copies: string }>;

export function placeFor(server: PostgresServer, layer: Record<string, unknown> = {}): DumpPlace {
  const text = JSON.stringify({
    estate: 'databases',
    machines: [{ name: 'here', local: true }],
    workloads: [{ name: 'apps' }],
    layers: [
      {
        ...{ name: 'postgres', kind: 'postgres', machine: 'here', workload: 'apps', to: 'FOLDER/copies' },
        ...{
          keep: { keep_last: 5 },
          server: { host: '127.0.0.1', port: server.port, password: { file: 'FOLDER/password' } },
        },
        ...layer,
      },
    ],
  });
  const estate = estateIn(text, 'databases');
  mkdirSync(join(estate.folder, 'copies'), { mode: 0o700 });
  writeFileSync(join(estate.folder, 'password'), server.password, { mode: 0o600 });
  return { estate, copies: join(estate.folder, 'copies', 'postgres') };
}

export const run = ['run', 'postgres', '--now'] as const;
export const back = (only: string, ...more: readonly string[]) =>
  ['restore', 'apps', '--only', only, '--to', 'live', '--yes', '--confirm', only, ...more] as const;

/** Names that a restore leaves while it is at work, and files to log in with: none, when it is over. */
export const hidden = (server: PostgresServer): string =>
  server.psql('postgres', `SELECT string_agg(datname, ' ') FROM pg_database WHERE datname LIKE 'holdfast%'`);
