// PVE 8.0 and PBS 3.2: what they do not have is refused in words before it is sent, and what they have works.
import type { Report } from '../report.ts';
import { grantEverything, pbsText, pveText, seen, type World, worldOf } from './world.ts';

const old = { pve: '8.0.4', pbs: '3.2.7' };

export async function proveVersions(report: Report): Promise<void> {
  report.section(`1.6 PVE ${old.pve} and PBS ${old.pbs}`);
  const [before, now] = [await worldOf({ taskSeconds: 0, versions: old }), await worldOf({ taskSeconds: 0 })];
  try {
    for (const world of [before, now]) await grantEverything(world);
    for (const { what, text, says } of missing) {
      const plan = await before.estate(text(before)).type('plan');
      report.row(
        `1.6 ${what} is refused in words`,
        plan.command,
        'the version that the server says of itself; exit code 1',
        (plan.status === 1 && /feature-missing/.test(plan.stdout) && says.test(plan.stdout)) || seen(plan),
      );
      const newer = await now.estate(text(now)).type('plan');
      report.control(
        `${what}, refused on PVE 9 and PBS 4`,
        newer.status === 0 && !/feature-missing/.test(newer.stdout),
      );
    }
    await proveWhatTheyHave(report, before);
  } finally {
    await before.stop();
    await now.stop();
  }
}

const onPbs = (sections: string) => (world: World) => `estate: old\npbs:\n${pbsText(world, 'pbs-pihanga', sections)}`;
const device = '8f2f2d0a-3c4e-4b8e-9d1f-6a5b4c3d2e1f';
const remote =
  'remotes: [{ name: far, host: pbs.lab.example, auth_id: sync@pbs, password: { file: LAB/sync.token } }]\n';
const sync = (more: string) =>
  `${remote}sync: [{ name: copies, store: pbs-datastore, remote: far, remote_store: theirs, ${more} }]`;

const missing: readonly Readonly<{ what: string; text: (world: World) => string; says: RegExp }>[] = [
  {
    what: 'a datastore in S3',
    text: onPbs(
      's3_endpoints: [{ name: one, endpoint: s3.lab.example, access_key_id: AK, secret_key: { file: LAB/s3.token } }]',
    ),
    says: /3\.2\.7, which has no s3 datastores yet/,
  },
  {
    what: 'a removable datastore',
    text: onPbs(`datastores: [{ name: plugged, path: b, removable: { device: ${device} } }]`),
    says: /3\.2\.7, which has no removable datastores yet/,
  },
  { what: 'a sync job that pushes', text: onPbs(sync('direction: push')), says: /3\.2\.7, which has no push sync yet/ },
  {
    what: 'a sync job with several workers',
    text: onPbs(sync('worker_threads: 4')),
    says: /3\.2\.7, which has no sync worker threads yet/,
  },
  {
    what: 'fleecing',
    text: (world) =>
      `estate: old\n${pveText(world, ['ruapehu'])}backup_jobs: [{ name: fleeced, on: [ruapehu], schedule: "02:00", select: { guests: [109] }, storage: old-pbs, fleecing: { storage: local-lvm } }]\n`,
    says: /8\.0\.4, which has no fleecing yet/,
  },
];

async function proveWhatTheyHave(report: Report, world: World): Promise<void> {
  const { port, fingerprint } = world.at('pbs-pihanga');
  const text = `estate: plain
${pveText(world, ['ruapehu', 'hikurangi'])}pbs:
${pbsText(
  world,
  'pbs-pihanga',
  `datastores:
  - name: pbs-datastore
    gc: daily
    namespaces: [ruapehu, hikurangi]
    prune: { schedule: "03:30", max_depth: 0, keep_daily: 7 }
    verify: { schedule: "sat 18:15", again_after: 30d }
users: [{ id: holder@pbs }]
acl: [{ path: /datastore/pbs-datastore, role: DatastoreAudit, for: holder@pbs }]
${sync('schedule: "06:00"')}`,
)}pbs_storages:
${['ruapehu', 'hikurangi']
  .map(
    (host) =>
      `  - { name: plain-pbs, server: 127.0.0.1, port: ${port}, datastore: pbs-datastore, namespace: ${host}, username: holdfast@pbs!storage, password: { file: LAB/storage.token }, fingerprint: "${fingerprint}", prune_backups: { keep_all: 1 }, on: [${host}] }\n`,
  )
  .join('')}backup_jobs:
  - { name: nightly, on: [ruapehu, hikurangi], schedule: "02:00", select: all, storage: plain-pbs }
`;
  const estate = world.estate(text);
  const applied = await estate.type('apply', '--yes');
  const { syncJobs, verifyJobs, users } = await world.pbs('pbs-pihanga');
  const { jobs, storages } = await world.pve('ruapehu');
  const there = [
    syncJobs.some(({ id }) => id === 'copies'),
    verifyJobs.some(({ id }) => id === 'holdfast-pbs-datastore'),
    users.some(({ id }) => id === 'holder@pbs'),
    jobs.some(({ id }) => id === 'nightly'),
    storages.some(({ storage }) => storage === 'plain-pbs'),
  ];
  report.row(
    '1.6 what they have is made',
    applied.command,
    "the lab's own state",
    (applied.status === 0 && there.every((one) => one)) || seen(there.join(), applied),
  );
  const sent = world.writes().length;
  const again = await estate.type('apply', '--yes');
  report.row(
    '1.4 and the second apply sends not one writing request',
    again.command,
    'requests.ndjson',
    (again.status === 0 && world.writes().length === sent) || seen(again),
  );
  await world.change({ server: 'ruapehu', backupJob: 'nightly', set: { schedule: '04:00' } });
  const drift = await estate.type('plan', '--detailed-exitcode');
  report.control('a job on PVE 8 that somebody changed', drift.status === 2);
}
