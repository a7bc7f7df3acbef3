// Databases as an operator has them dumped and brought back, start-up included, against the bare programs that take the same: digests of
// the dump and of what is stored, the rows of each table, the schema, and everything on the disk; and borgmatic, where it is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from './bench.ts';
import { type Cost, cost, inWords, middle, pairedRatio } from './cost.ts';
import type { Benched } from './dumps-benched.ts';
import { mariadbBench } from './dumps-mariadb.ts';
import { postgresBench } from './dumps-postgres.ts';
import { installed } from './installed.ts';

const rounds = 5;

export async function dumpsRows(): Promise<readonly Row[]> {
  const base = mkdtempSync(join(tmpdir(), 'holdfast-bench-dumps-'));
  try {
    const program = installed(base);
    const rows: Row[] = [];
    for (const prepare of [postgresBench, mariadbBench]) {
      const folder = mkdtempSync(join(base, 'server-'));
      const server = await prepare(folder);
      try {
        rows.push(...measured(folder, program, server));
      } finally {
        await server.close();
      }
    }
    return rows;
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

function measured(base: string, program: string, server: Benched): readonly Row[] {
  const points = join(base, 'points', 'shop');
  mkdirSync(join(base, 'points'), { mode: 0o700 });
  const estate = join(base, 'estate.yaml');
  const layer = { name: 'shop', machine: 'here', workload: 'data', databases: ['shop'], to: join(base, 'points') };
  const machines = [{ name: 'here', local: true }];
  const layers = [{ ...layer, keep: { keep_last: 99 }, ...server.layer }];
  writeFileSync(estate, JSON.stringify({ estate: 'bench', machines, workloads: [{ name: 'data' }], layers }));
  const holdfast = [program, '--estate', estate, '--state', join(base, 'state')];
  const back = (to: string) => ['restore', 'data', '--only', 'shop', '--to', `database/${to}`, '--yes'];
  const bash = (script: string) => ['bash', '-c', `set -e -o pipefail; ${script}`];
  const turn = (argv: readonly string[]): Cost => {
    execFileSync('sync');
    return cost(base, argv);
  };
  const dumps: { ours: Cost[]; bare: Cost[] } = { ours: [], bare: [] };
  for (let round = 0; round < rounds; round += 1) {
    dumps.ours.push(turn([...holdfast, 'run', 'shop', '--now']));
    dumps.bare.push(turn(bash(server.dump.script)));
  }
  const plain = turn(bash(server.plain.script));
  const borgmatic = withBorgmatic(base, server.borgmatic, turn);
  const backs: { ours: Cost[]; bare: Cost[] } = { ours: [], bare: [] };
  for (let round = 0; round < rounds; round += 1) {
    backs.ours.push(turn([...holdfast, ...back(`back_${round}`)]));
    backs.bare.push(turn(bash(server.back.script)));
    for (const name of [`back_${round}`, 'bare_back']) server.drop(name);
  }
  const point = join(points, readdirSync(points).toSorted()[0] ?? '');
  const stored = readdirSync(point).reduce((sum, name) => sum + statSync(join(point, name)).size, 0);
  const memory = Math.max(...[...dumps.ours, ...backs.ours].map((one) => one.memory)) / 1024;
  const peers = [`${server.plain.says}: ${inWords(plain)}`, ...borgmatic, `stored ${(stored / 1e6).toFixed(0)} MB`];
  return [
    row(`dump of a database of ${server.of}`, dumps.ours, server.dump.says, dumps.bare, peers.join('; ')),
    row(`restore of a database of ${server.of}`, backs.ours, server.back.says, backs.bare, ''),
    {
      ...{ name: `memory of the largest process meanwhile, ${server.of}`, ours: `${Math.round(memory)} MB` },
      ...{ peer: '150 MB', ratio: memory / 150, limit: 1, extra: '' },
    },
  ];
}

const row = (name: string, ours: readonly Cost[], says: string, bare: readonly Cost[], extra: string): Row => ({
  ...{ name, ours: inWords(middle(ours)), peer: `${says}: ${inWords(middle(bare))}` },
  ...{ ratio: pairedRatio(ours, bare), limit: 1.1, extra },
});

function withBorgmatic(
  base: string,
  hooks: Benched['borgmatic'],
  turn: (argv: readonly string[]) => Cost,
): readonly string[] {
  if (spawnSync('borgmatic', ['--version']).status !== 0) return ['borgmatic is not installed'];
  const [file, repository, empty] = [join(base, 'borgmatic.yaml'), join(base, 'borg'), join(base, 'empty')];
  mkdirSync(empty);
  execFileSync('borg', ['init', '--encryption=none', repository], { env: { ...process.env, HOME: base } });
  const location = { source_directories: [empty], repositories: [repository], borgmatic_source_directory: `${base}/b` };
  const storage = { relocated_repo_access_is_ok: true, unknown_unencrypted_repo_access_is_ok: true };
  writeFileSync(file, JSON.stringify({ location, storage, hooks }), { mode: 0o600 });
  return [`borgmatic: ${inWords(turn(['borgmatic', '--config', file, 'create']))}`];
}
