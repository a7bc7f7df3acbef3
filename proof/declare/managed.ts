// From servers that were clicked together to S0's estate, and what a foreign hand changes afterwards.
import type { BackupJob, StorageEntry } from '../../lab/pve/state.ts';
import type { Report } from '../report.ts';
import { s0 } from './s0-estate.ts';
import { proveStatus } from './status.ts';
import { grantEverything, hosts, seen, typedWorld, type World } from './world.ts';

export async function proveManaged(report: Report): Promise<void> {
  report.section('0.1, 1.4, 1.6 Three hosts and a PBS, from nothing to managed');
  const world = await typedWorld();
  try {
    await grantEverything(world);
    const estate = world.estate(s0(world));
    const before = await missing(world);
    report.control('the lab holding all of it before anything was applied', before.length === 13);

    const applied = await estate.type('apply', '--yes');
    const left = await missing(world);
    report.row(
      "0.1 S0's estate is made in one go, its server-made secret included",
      applied.command,
      "the lab's own state: 13 things on 4 servers",
      (applied.status === 0 && left.length === 0) || seen(`not there: ${left.join(', ')}`, applied),
    );

    const sent = world.writes().length;
    const asked = world.requests().length;
    const again = await estate.type('apply', '--yes');
    report.row(
      '1.4 the second apply sends not one writing request',
      again.command,
      'requests.ndjson: reads, and nothing but reads',
      (again.status === 0 && world.writes().length === sent && world.requests().length > asked) || seen(again),
    );
    await proveStatus(report, world, estate);
    await proveStrayHand(report, world, estate);
  } finally {
    await world.stop();
  }
}

async function proveStrayHand(report: Report, world: World, estate: ReturnType<World['estate']>): Promise<void> {
  const sent = world.writes().length;
  const quiet = await estate.type('plan', '--detailed-exitcode');
  report.row(
    '1.6 a plan of what is as declared says so',
    quiet.command,
    'exit code 0',
    (quiet.status === 0 && /^No changes; 1\d as declared\.$/m.test(quiet.stdout)) || seen(quiet),
  );
  const onPbs = { server: 'pbs-pihanga' };
  const hands = [
    [
      'the schedule of a job on hikurangi',
      { server: 'hikurangi', backupJob: 'nightly', set: { schedule: 'sun 05:15' } },
      /hikurangi.*schedule.*sun 05:15/,
    ],
    [
      'a storage of pihanga, switched off',
      { server: 'pihanga', storage: 'pbs-pihanga', set: { disable: 1 } },
      /pihanga.*enabled/,
    ],
    [
      'the retention on the PBS',
      { ...onPbs, kind: 'prune', name: 'holdfast-pbs-datastore', set: { 'keep-daily': 1 } },
      /prune.*keep/,
    ],
    [
      'a user of the PBS, switched off',
      { ...onPbs, kind: 'user', name: 'backup@pbs', set: { enable: false } },
      /backup@pbs.*enabled/,
    ],
    ['the rights of a token', { ...onPbs, kind: 'acl', name: 'backup@pbs!pve', delete: true }, /backup@pbs!pve/],
  ] as const;
  for (const [what, body, names] of hands) {
    await world.change(body);
    const plan = await estate.type('plan', '--detailed-exitcode');
    const drift = await estate.type('drift', '--detailed-exitcode');
    report.control(
      `${what}, changed by a foreign hand (plan and drift must exit with 2, and drift name it)`,
      plan.status === 2 && drift.status === 2 && names.test(drift.stdout),
    );
  }
  report.row(
    '1.3, 1.6 to look is not to touch',
    'holdfast plan; holdfast drift',
    'requests.ndjson: not one writing request',
    world.writes().length === sent,
  );
  const restored = await estate.type('apply', '--yes');
  const left = await missing(world);
  const drift = await estate.type('drift', '--detailed-exitcode');
  report.row(
    '1.4 the next apply restores all of it',
    restored.command,
    "the lab's own state; drift then exits with 0",
    (restored.status === 0 && left.length === 0 && drift.status === 0) || seen(left.join(', '), restored, drift),
  );
}

/** What S0's estate declares and the lab does not hold. */
async function missing(world: World): Promise<readonly string[]> {
  const pbs = await world.pbs('pbs-pihanga');
  const prune = pbs.pruneJobs.find(
    ({ options }) => options['store'] === 'pbs-datastore' && options['ns'] === undefined,
  );
  const verify = pbs.verifyJobs.find(({ id }) => id === 'holdfast-pbs-datastore');
  const onPbs: Readonly<Record<string, boolean>> = {
    'gc daily': pbs.datastores.some(({ options }) => options['gc-schedule'] === 'daily'),
    'keep 7/3/1 at 03:30':
      JSON.stringify([
        prune?.options['schedule'],
        ...['daily', 'monthly', 'yearly'].map((one) => prune?.options[`keep-${one}`]),
      ]) === JSON.stringify(['03:30', 7, 3, 1]),
    'verify sat 18:15': verify?.options['schedule'] === 'sat 18:15' && verify.options['outdated-after'] === 30,
    'user backup@pbs': pbs.users.some(({ id, enable = true }) => id === 'backup@pbs' && enable),
    'token backup@pbs!pve': pbs.tokens.some(({ id }) => id === 'backup@pbs!pve'),
    'rights of both': ['backup@pbs', 'backup@pbs!pve'].every((authId) =>
      pbs.acl.some(
        (one) => one.authId === authId && one.role === 'DatastoreBackup' && one.path === '/datastore/pbs-datastore',
      ),
    ),
    'three namespaces': hosts.every((host) => pbs.namespaces.some(({ name }) => name === host)),
  };
  const onHosts = await Promise.all(
    hosts.map(async (host) => {
      const { storages, jobs } = await world.pve(host);
      return [
        ...(isStorage(storages, host) ? [] : [`storage pbs-pihanga on ${host}`]),
        ...(isJob(jobs, host) ? [] : [`job nightly on ${host}`]),
      ];
    }),
  );
  return [...Object.entries(onPbs).flatMap(([what, is]) => (is ? [] : [what])), ...onHosts.flat()];
}

const isStorage = (storages: readonly StorageEntry[], host: string): boolean =>
  storages.some(
    ({ storage, type, options }) =>
      storage === 'pbs-pihanga' &&
      type === 'pbs' &&
      options['namespace'] === host &&
      options['username'] === 'backup@pbs!pve' &&
      options['prune-backups'] === 'keep-all=1' &&
      !options['disable'],
  );

const isJob = (jobs: readonly BackupJob[], host: string): boolean =>
  jobs.some(({ id, options }) => {
    const all =
      Number(options['all']) === 1 &&
      (host === 'pihanga' ? options['exclude'] === '101' : options['exclude'] === undefined);
    return id === 'nightly' && all && options['schedule'] === '02:00' && options['storage'] === 'pbs-pihanga';
  });
