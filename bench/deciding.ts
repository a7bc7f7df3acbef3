// Deciding 10,000 declared objects against one structuredClone of the same data; ten times the objects in at most 12 times the
// time; memory bounded. Run as a program of its own (`--rss`) it prints its peak memory.
import { spawnSync } from 'node:child_process';
import { desire } from '../src/desired/desire.ts';
import type { Estate } from '../src/model/estate.ts';
import type { Observed } from '../src/model/observed.ts';
import { decide } from '../src/plan/decide.ts';
import { resources } from '../src/resources/all.ts';
import { instantAt } from '../src/values/instant.ts';
import { median, milliseconds, type Row, timed } from './bench.ts';

const pin = Array.from({ length: 32 }, () => 'AA').join(':');

/** Half storages on PVE, half prune jobs on a PBS; a third is missing there, a third differs, a third is as declared. */
function worldOf(count: number): { estate: Estate; observed: Observed } {
  const half = count / 2;
  const storages = Array.from({ length: half }, (_, index) => ({
    ...{ name: `pbs-${index}`, server: 'pbs.lan', datastore: `store${index % 50}`, fingerprint: pin, enabled: true },
    ...{ content: ['backup'], username: 'root@pam', password: { file: '/etc/holdfast/x' }, port: 8007 },
    ...{ namespace: `ns${index}`, nodes: [], prune_backups: { keep_daily: 7, keep_weekly: 4 } },
  }));
  const datastores = Array.from({ length: half }, (_, index) => ({
    name: `store${index}`,
    prune: { schedule: 'daily', namespace: '', enabled: true, keep_daily: 7, keep_monthly: 3 },
  }));
  const pve = [{ product: 'pve' as const, name: 'ruapehu', url: 'https://ruapehu:8006' }];
  const pbs = [{ product: 'pbs' as const, name: 'pihanga', url: 'https://pihanga:8007', datastores }];
  const estate = {
    ...{
      name: 'bench',
      time_zone: 'UTC',
      places: [],
      pve,
      pbs,
      machines: [],
      kubernetes: [],
      layers: [],
      tiers: [],
      workloads: [],
    },
    ...{ schedules: [], exclusions: [], sections: { pbs_storages: storages }, digest: '', file: 'bench.yaml' },
    placeOf: () => 'bench.yaml:1:1',
  } as unknown as Estate;
  const { declared } = desire(estate, resources);
  const found = (kind: string) =>
    declared
      .filter((one, index) => one.kind === kind && index % 3 !== 0)
      .map(({ name, item }, index) => ({ name, value: index % 2 === 0 ? item : { ...item, enabled: false } }));
  const at = instantAt(0);
  const readings = [
    { kind: 'pve-storage', server: 'ruapehu', at, answer: { found: found('pve-storage') } },
    { kind: 'pbs-prune-job', server: 'pihanga', at, answer: { found: found('pbs-prune-job') } },
  ];
  return { estate, observed: { at, readings, versions: new Map() } };
}

function decideAll({ estate, observed }: ReturnType<typeof worldOf>): number {
  const desired = desire(estate, resources);
  const plan = decide({
    estate: 'bench',
    desired,
    observed,
    resources,
    owned: new Set(),
    byCommand: new Set(),
    secrets: new Map(),
    escrow: [],
    notes: [],
    prune: false,
  });
  return plan.steps.length;
}

const clonable = ({ estate: { placeOf: _, ...estate }, observed }: ReturnType<typeof worldOf>) => ({
  estate,
  observed,
});

type Measured = Readonly<{ ours: number; peer: number; tenth: number; steps: number }>;

/** All three in turn, so that a machine that slows down slows them alike. */
async function measured(): Promise<Measured> {
  const [small, large] = [worldOf(1000), worldOf(10_000)];
  const rounds: Omit<Measured, 'steps'>[] = [];
  for (let round = 0; round < 6; round += 1)
    rounds.push({
      ours: await timed(() => decideAll(large)),
      peer: await timed(() => structuredClone(clonable(large))),
      tenth: await timed(() => decideAll(small)),
    });
  // The first round warms up.
  const of = (name: 'ours' | 'peer' | 'tenth') => median(rounds.slice(1).map((round) => round[name]));
  return { ours: of('ours'), peer: of('peer'), tenth: of('tenth'), steps: decideAll(large) };
}

/** In a process of its own: what other benches left in memory is not measured. */
const inProcess = (what: string): string =>
  spawnSync(process.execPath, [...process.execArgv, import.meta.filename, what], { encoding: 'utf8' }).stdout;

export function decidingRows(): readonly Row[] {
  const { ours, peer, tenth, steps } = JSON.parse(inProcess('--time')) as Measured;
  const rss = Number(inProcess('--rss')) / 1e6;
  return [
    {
      ...{ name: 'deciding 10,000 objects', ratio: ours / peer, limit: 20, extra: `${steps} steps` },
      ...{ ours: milliseconds(ours), peer: `structuredClone ${milliseconds(peer)}` },
    },
    {
      ...{ name: 'ten times the objects', ratio: ours / tenth, limit: 12, extra: '10,000 against 1,000' },
      ...{ ours: milliseconds(ours), peer: `1,000: ${milliseconds(tenth)}` },
    },
    {
      ...{ name: 'memory of deciding 10,000', ratio: rss / 200, limit: 1, extra: 'peak RSS, limit 200 MB' },
      ...{ ours: `${Math.round(rss)} MB`, peer: '200 MB' },
    },
  ];
}

if (process.argv.includes('--time')) process.stdout.write(JSON.stringify(await measured()));
if (process.argv.includes('--rss')) {
  decideAll(worldOf(10_000));
  process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
}
