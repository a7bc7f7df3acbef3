// A database of 1 GB as an operator has it dumped and brought back, start-up included, against the bare programs that take the same:
// digests of the dump and of what is stored, the rows of each table, the schema, and everything on the disk.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startPostgres } from '../src/layers/postgres/server.test-support.ts';
import { median, type Row } from './bench.ts';

const root = resolve(import.meta.dirname, '..');
const rounds = 3;

type Cost = Readonly<{ wall: number; cpu: number; memory: number }>;

/** Texts like those of applications: they shrink to a third or so. */
const table = (name: string, rows: number): string =>
  `CREATE TABLE ${name} (id bigserial PRIMARY KEY, at timestamptz, owner uuid, doc text);
   INSERT INTO ${name} (at, owner, doc) SELECT now() - i * interval '1 second', md5((i % 1000)::text)::uuid,
     repeat(md5((i * 7919)::text) || ' ' || (i % 977) || ' some words that come again and again ', 5) FROM generate_series(1, ${rows}) i;`;

export async function dumpsRows(): Promise<readonly Row[]> {
  const base = mkdtempSync(join(tmpdir(), 'holdfast-bench-dumps-'));
  const server = await startPostgres();
  try {
    server.psql('postgres', 'CREATE DATABASE shop');
    for (const name of ['orders', 'events', 'notes']) server.psql('shop', table(name, 700_000));
    for (const nth of [1, 2, 3, 4, 5]) server.psql('shop', table(`small_${nth}`, 1000));
    server.psql('shop', 'CHECKPOINT; VACUUM ANALYZE');
    const size = Number(server.psql('postgres', `SELECT pg_database_size('shop')`));
    writeFileSync(join(base, 'password'), server.password, { mode: 0o600 });
    writeFileSync(join(base, 'pgpass'), `*:*:*:*:${server.password.replace(/[\\:]/g, '\\$&')}\n`, { mode: 0o600 });
    return measured(base, server.port, size, (sql) => server.psql('postgres', sql));
  } finally {
    server.close();
    rmSync(base, { recursive: true, force: true });
  }
}

function measured(base: string, port: number, size: number, sql: (text: string) => string): readonly Row[] {
  const estate = join(base, 'estate.yaml');
  const points = join(base, 'points', 'shop');
  mkdirSync(join(base, 'points'), { mode: 0o700 });
  writeFileSync(
    estate,
    `estate: bench\nmachines: [{ name: here, local: true }]\nworkloads: [{ name: data }]\nlayers:\n  - { name: shop, kind: postgres, machine: here, workload: data, databases: [shop], to: ${base}/points, keep: { keep_last: 99 }, server: { host: 127.0.0.1, port: ${port}, password: { file: ${base}/password } } }\n`,
  );
  const program = [join(root, 'bin', 'holdfast'), '--estate', estate, '--state', join(base, 'state')];
  const bare = `export PGPASSFILE=${base}/pgpass PGHOST=127.0.0.1 PGPORT=${port} PGUSER=postgres; set -e -o pipefail; cd ${base}`;
  const each = `SELECT format('SELECT count(*) FROM %I.%I;', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'`;
  const counts = (of: string): string => `psql -XqAt -d ${of} -c "${each}" | psql -XqAt -d ${of} >counts`;
  const bareDump = `${bare}; pg_dump -Fc -Z0 shop | tee >(sha256sum >content.sum) | zstd -q -3 | tee >(sha256sum >stored.sum) >bare.dump.zst
    ${counts('shop')}; pg_dump -s shop | sha256sum >schema.sum; sync bare.dump.zst`;
  const plain = `${bare}; pg_dump -Fc shop >plain.dump; sync plain.dump`;
  const bareBack = `${bare}; createdb bare_back; zstd -qdc bare.dump.zst | tee >(sha256sum >back.sum) | pg_restore --exit-on-error -d bare_back; psql -Xq -d bare_back -c ANALYZE; ${counts('bare_back')}`;
  const dumps: { ours: Cost[]; bare: Cost[]; plain: Cost[] } = { ours: [], bare: [], plain: [] };
  const backs: { ours: Cost[]; bare: Cost[] } = { ours: [], bare: [] };
  for (let round = 0; round < rounds; round += 1) {
    dumps.ours.push(cost(base, [...program, 'run', 'shop', '--now']));
    dumps.bare.push(cost(base, ['bash', '-c', bareDump]));
    dumps.plain.push(cost(base, ['bash', '-c', plain]));
  }
  for (let round = 0; round < rounds; round += 1) {
    backs.ours.push(
      cost(base, [...program, 'restore', 'data', '--only', 'shop', '--to', `database/back_${round}`, '--yes']),
    );
    backs.bare.push(cost(base, ['bash', '-c', bareBack]));
    for (const name of [`back_${round}`, 'bare_back']) sql(`DROP DATABASE ${name} WITH (FORCE)`);
  }
  const stored = readdirSync(join(points, readdirSync(points).sort()[0] ?? ''))
    .filter((name) => name.includes('.dump'))
    .map((name) => statSync(join(points, readdirSync(points).sort()[0] ?? '', name)).size);
  const [ours, peer, gzip] = [middle(dumps.ours), middle(dumps.bare), middle(dumps.plain)];
  const [back, bareTime] = [middle(backs.ours), middle(backs.bare)];
  const of = `of a PostgreSQL database of ${(size / 1e9).toFixed(1)} GB`;
  const figures = `stored ${(stored.reduce((sum, one) => sum + one, 0) / 1e6).toFixed(0)} MB`;
  return [
    row(
      `dump ${of}`,
      ours,
      'pg_dump -Fc -Z0 | zstd, digests, counts, schema, sync',
      peer,
      `${figures}; pg_dump -Fc: ${inWords(gzip)}`,
    ),
    row(`restore ${of}`, back, 'zstd -d | pg_restore, digest, ANALYZE, counts', bareTime, ''),
    {
      ...{
        name: 'memory of the worker meanwhile',
        ours: `${Math.round(Math.max(ours.memory, back.memory) / 1024)} MB`,
        peer: '150 MB',
      },
      ...{ ratio: Math.max(ours.memory, back.memory) / 1024 / 150, limit: 1, extra: '' },
    },
  ];
}

const row = (name: string, ours: Cost, peer: string, theirs: Cost, more: string): Row => ({
  ...{ name, ours: inWords(ours), peer: `${peer}: ${inWords(theirs)}`, ratio: ours.wall / theirs.wall, limit: 1.1 },
  extra: more,
});

const middle = (all: readonly Cost[]): Cost => ({
  wall: median(all.map(({ wall }) => wall)),
  cpu: median(all.map(({ cpu }) => cpu)),
  memory: median(all.map(({ memory }) => memory)),
});

const inWords = ({ wall, cpu, memory }: Cost): string =>
  `${(wall / 1000).toFixed(1)} s, CPU ${(cpu / 1000).toFixed(1)} s, ${Math.round(memory / 1024)} MB`;

/** GNU time(1) counts what descendants took, and the memory of the largest; the server is no descendant. */
function cost(base: string, argv: readonly string[]): Cost {
  const figures = join(base, 'time');
  execFileSync('sync');
  const began = performance.now();
  const ended = spawnSync('/usr/bin/time', ['-f', '%U %S %M', '-o', figures, ...argv], { encoding: 'utf8', cwd: base });
  const wall = performance.now() - began;
  if (ended.status !== 0)
    throw new Error(`${argv.join(' ')} ended with ${ended.status}: ${ended.stdout}${ended.stderr}`);
  const [user = 0, system = 0, memory = 0] =
    readFileSync(figures, 'utf8').trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  return { wall, cpu: (user + system) * 1000, memory };
}
