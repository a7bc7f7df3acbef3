// What runs on servers, as a file. The authorities are cmp, grep, and a plan of that file.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../report.ts';
import { seen, typedWorld, type World } from './world.ts';

export async function proveImport(report: Report): Promise<void> {
  report.section('1.6 From connections to a whole estate');
  const world = await typedWorld();
  try {
    await proveWritten(report, world);
    await proveNoSecrets(report, world);
  } finally {
    await world.stop();
  }
}

/** The exit code of cmp: 0 for the same bytes. */
const cmp = (world: World, one: string, other: string): number | null =>
  spawnSync('cmp', ['-s', join(world.folder, one), join(world.folder, other)]).status;

async function proveWritten(report: Report, world: World): Promise<void> {
  const connections = world.own('connections.yaml');
  const imported = await connections.type('import', '--out', 'full.yaml');
  const plan = await world.own('full.yaml').type('plan', '--detailed-exitcode');
  report.row(
    '1.6 import, then a plan without changes',
    `${imported.command}; ${plan.command}`,
    'exit code 0 of the plan; things that are as declared',
    (imported.status === 0 && plan.status === 0 && /^No changes; [1-9]\d as declared\.$/m.test(plan.stdout)) ||
      seen(imported, plan),
  );
  const again = await connections.type('import', '--out', 'again.yaml');
  report.row(
    '1.6 the same bytes when it is repeated, in whatever order the servers answer',
    again.command,
    'cmp full.yaml again.yaml',
    cmp(world, 'full.yaml', 'again.yaml') === 0 || seen(again),
  );
  mkdirSync(join(world.folder, 'elsewhere'));
  const beside = await connections.type('import', '--out', 'elsewhere/estate.yaml');
  const text = readFileSync(join(world.folder, 'elsewhere', 'estate.yaml'), 'utf8');
  const other = await world.own('elsewhere/estate.yaml').type('plan', '--detailed-exitcode');
  report.row(
    '1.6 secrets are references, from where the new file lies',
    beside.command,
    'grep ../ruapehu.token; a plan of it, which logs in with them',
    (text.includes('file: ../ruapehu.token') && other.status === 0) || seen(beside, other),
  );
  report.row(
    '1.6 nothing was touched',
    'holdfast import; holdfast plan',
    'requests.ndjson: not one writing request',
    world.writes().length === 0 && world.requests().length > 0,
  );

  await world.change({ server: 'hikurangi', backupJob: 'by-hand', set: { schedule: 'sun 05:15' } });
  const drifted = await world.own('full.yaml').type('plan', '--detailed-exitcode');
  report.control('what a foreign hand changed after the import (plan must exit with 2)', drifted.status === 2);
  await connections.type('import', '--out', 'later.yaml');
  report.control('cmp that finds every two files the same', cmp(world, 'full.yaml', 'later.yaml') === 1);
  const over = await connections.type('import', '--out', 'full.yaml');
  report.control('an import over a file that is there', over.status === 64 && /import-file-exists/.test(over.stderr));
}

async function proveNoSecrets(report: Report, world: World): Promise<void> {
  const secrets = readdirSync(world.folder)
    .filter((name) => name.endsWith('.token'))
    .map((name) => readFileSync(join(world.folder, name), 'utf8').trim());
  const holding = ['full.yaml', 'again.yaml', 'elsewhere/estate.yaml', 'requests.ndjson'].filter(
    (file) =>
      spawnSync('grep', ['-qF', ...secrets.flatMap((one) => ['-e', one]), join(world.folder, file)]).status === 0,
  );
  report.row(
    'no secret in what was written',
    'holdfast import --out full.yaml',
    'grep -F of every secret of the lab',
    (secrets.length === 8 && holding.length === 0) || seen(holding.join()),
  );
  const own = spawnSync('grep', ['-qF', '-e', secrets[0] ?? '', '-r', world.folder, '--include=*.token']).status;
  report.control('grep that finds no secret anywhere', own === 0);
}
