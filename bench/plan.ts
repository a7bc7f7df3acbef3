// From the loaded estate to the finished plan, 100 PVE and 20 PBS that answer after 20 ms, against bare undici making the very
// same requests and parsing the same JSON; and against the same made one after the other. The requests are counted by the servers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Pool } from 'undici';
import { readEstateFile } from '../src/estate-file.ts';
import { readGuardFile } from '../src/guard-file.ts';
import { holdfastIn } from '../src/holdfast.ts';
import { planEstate } from '../src/pipeline.ts';
import type { Surroundings } from '../src/surroundings.ts';
import { systemClock } from '../src/values/instant.ts';
import { median, milliseconds, type Row, timed } from './bench.ts';
import { counts } from './plan-servers.ts';

type Servers = Readonly<{ ports: readonly number[]; fingerprint: string }>;

/** What our client allows itself; the peer gets the same. */
const connectionsEach = 4;

function estateText({ ports, fingerprint }: Servers): string {
  const server = (name: string, index: number, realm: string) =>
    `  - { name: ${name}, url: "https://127.0.0.1:${ports[index]}", fingerprint: "${fingerprint}", token: { id: "a@${realm}!b", secret: { file: token } }`;
  const list = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => line(index)).join('\n');
  const datastores = list(
    counts.datastores,
    (index) =>
      `        - { name: store${index}, path: /mnt/store${index}, gc: daily, namespaces: [prod], prune: { schedule: "03:30", keep_daily: 7 }, verify: { schedule: "sat 18:15", again_after: 30d } }`,
  );
  return [
    'estate: bench',
    'pve:',
    list(counts.pve, (index) => `${server(`pve-${index}`, index, 'pve')} }`),
    'pbs:',
    list(
      counts.pbs,
      (index) =>
        `${server(`pbs-${index}`, counts.pve + index, 'pbs')},\n      datastores: [\n${datastores.replaceAll(/^ +- (.*)$/gm, '        $1,')}\n      ] }`,
    ),
    'pbs_storages:',
    list(
      counts.storages,
      (index) =>
        `  - { name: pbs-${index}, server: pbs.example, datastore: store${index}, fingerprint: "${fingerprint}", username: "backup@pbs!pve", password: { file: token }, prune_backups: { keep_all: 1 } }`,
    ),
    'backup_jobs:',
    list(
      counts.jobs,
      (index) =>
        `  - { name: job-${index}, schedule: "0${index}:30", select: all, storage: pbs-${index}${index === counts.jobs - 1 ? ', mode: suspend' : ''} }`,
    ),
    '',
  ].join('\n');
}

const surroundingsIn = (folder: string): Surroundings =>
  ({
    ...{ arguments: ['plan'], env: {}, folder, home: folder, user: process.getuid?.() ?? 0, process: process.pid },
    ...{ hostName: 'bench', clock: systemClock, version: '0', stopped: new AbortController().signal },
    terminal: { output: false, input: false, columns: 80 },
  }) as unknown as Surroundings;

type Call = Readonly<{ port: number; path: string }>;

/** Which requests the plan makes, as the servers counted them: by path, spread evenly over the servers of their product. */
function callsOf(asked: Readonly<Record<string, number>>, { ports }: Servers): readonly Call[] {
  const [pve, pbs] = [ports.slice(0, counts.pve), ports.slice(counts.pve)];
  return Object.entries(asked).flatMap(([name, count]) => {
    const isPbs = name.startsWith('/config') || name.startsWith('/admin') || name === '/nodes/localhost/time';
    const home = isPbs ? pbs : pve;
    return Array.from({ length: count }, (_, index) => ({
      port: home[index % home.length] ?? 0,
      path: `/api2/json${name.replace('STORE', `store${Math.floor(index / home.length)}`)}`,
    }));
  });
}

const headers = { authorization: 'PVEAPIToken=a@pve!b=0123456789', accept: 'application/json' };
const poolsFor = (servers: Servers, connections: number) =>
  new Map(
    servers.ports.map((port) => [
      port,
      new Pool(`https://127.0.0.1:${port}`, { connections, connect: { rejectUnauthorized: false } }),
    ]),
  );

async function ask(pool: Pool | undefined, path: string): Promise<unknown> {
  const answer = await pool?.request({ method: 'GET', path, headers });
  return answer?.body.json();
}

async function together(servers: Servers, calls: readonly Call[]): Promise<number> {
  const pools = poolsFor(servers, connectionsEach);
  const spent = await timed(() => Promise.all(calls.map(({ port, path }) => ask(pools.get(port), path))));
  await Promise.all([...pools.values()].map((pool) => pool.close()));
  return spent;
}

async function oneByOne(servers: Servers, calls: readonly Call[]): Promise<number> {
  const pools = poolsFor(servers, 1);
  const spent = await timed(async () => {
    for (const { port, path } of calls) await ask(pools.get(port), path);
  });
  await Promise.all([...pools.values()].map((pool) => pool.close()));
  return spent;
}

async function counted({ ports }: Servers): Promise<Readonly<Record<string, number>>> {
  const pool = new Pool(`https://127.0.0.1:${ports[0]}`, { connect: { rejectUnauthorized: false } });
  const answer = await pool.request({ method: 'GET', path: '/counted' });
  const asked = (await answer.body.json()) as Record<string, number>;
  await pool.close();
  return asked;
}

export async function planRows(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-plan-'));
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'plan-servers.ts')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return await measured(folder, JSON.parse(line) as Servers);
  } finally {
    child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One request for each collection and server, one for each datastore's namespaces; the rest for what the plan changes alone. */
const expected: Readonly<Record<string, number>> = {
  ...{ '/storage': counts.pve, '/cluster/backup': counts.pve, '/cluster/resources': counts.pve },
  ...{ '/config/datastore': counts.pbs, '/config/prune': counts.pbs, '/config/verify': counts.pbs },
  '/admin/datastore/STORE/namespace': counts.pbs * counts.datastores,
  // One prune job keeps less: the root and one namespace below it, and the zone by which their days begin.
  '/admin/datastore/STORE/snapshots': 2,
  // One job that suspends is made, on one node with two containers; it starts near others, so their last runs are looked at.
  ...{ '/nodes/node-0/vzdump/defaults': 1, '/nodes/node-0/status': 1, '/nodes/node-0/storage': 1 },
  ...{ '/nodes/node-0/lxc/100/config': 1, '/nodes/node-0/lxc/101/config': 1 },
  ...{ '/nodes/localhost/time': 2, '/cluster/tasks': 1 },
};

function refuseOthers(asked: Readonly<Record<string, number>>): void {
  const names = [...new Set([...Object.keys(asked), ...Object.keys(expected)])];
  const wrong = names.filter((name) => asked[name] !== expected[name]);
  if (wrong.length > 0)
    throw new Error(
      wrong.map((name) => `${name}: ${asked[name] ?? 0} requests, not ${expected[name] ?? 0}`).join('; '),
    );
}

async function measured(folder: string, servers: Servers): Promise<readonly Row[]> {
  writeFileSync(join(folder, 'token'), '0123456789-secret', { mode: 0o600 });
  writeFileSync(join(folder, 'estate.yaml'), estateText(servers));
  const surroundings = surroundingsIn(folder);
  const guard = await readGuardFile(surroundings, undefined);
  const loadings: number[] = [];
  const load = async () => {
    const began = performance.now();
    const estate = await readEstateFile(surroundings, join(folder, 'estate.yaml'), guard);
    loadings.push(performance.now() - began);
    return estate;
  };
  const holdfast = holdfastIn({
    surroundings,
    guard,
    guardFile: undefined,
    root: join(folder, 'state'),
    startedBy: 'bench',
  });
  const estate = await load();
  const plan = await planEstate(holdfast, estate, { prune: false });
  if (plan.refusals.length > 0 || plan.steps.length !== 2)
    throw new Error(`the plan of the bench is another: ${plan.steps.length} steps, ${plan.refusals[0]?.says}`);
  const asked = await counted(servers);
  refuseOthers(asked);
  const calls = callsOf(asked, servers);
  const rounds: { ours: number; peer: number }[] = [];
  for (let round = 0; round < 12; round += 1) {
    const fresh = await load();
    const plans = () => timed(() => planEstate(holdfast, fresh, { prune: false }));
    const bare = () => together(servers, calls);
    // Who comes second pays for what the first left to be collected: they take turns.
    if (round % 2 === 0) rounds.push({ ours: await plans(), peer: await bare() });
    else rounds.push({ peer: await bare(), ours: await plans() });
  }
  const slow = await oneByOne(servers, calls);
  const of = (name: 'ours' | 'peer') => median(rounds.slice(1).map((round) => round[name]));
  return [
    {
      name: `a plan of ${counts.pve} PVE and ${counts.pbs} PBS at 20 ms`,
      ours: milliseconds(of('ours')),
      peer: `bare undici, the same ${calls.length} requests: ${milliseconds(of('peer'))}`,
      // Round by round, so that a burst of other work on this machine touches both or neither.
      ratio: median(rounds.slice(1).map(({ ours, peer }) => ours / peer)),
      limit: 1.5,
      extra: `${calls.length} requests, counted by the servers; loading apart: ${milliseconds(median(loadings))}`,
    },
    {
      name: 'the same, one request after the other',
      ours: milliseconds(of('ours')),
      peer: milliseconds(slow),
      ratio: of('ours') / slow,
      limit: 0.5,
      extra: `${(slow / of('ours')).toFixed(1)} times as long`,
    },
  ];
}
