// What a plan means for backups: each is told where it is so, and stays silent where it is not. The authorities are the lab's
// state and what its servers answer by themselves.
import type { Report } from '../report.ts';
import { asked } from './raw.ts';
import { grantEverything, hosts, pbsText, pveText, seen, type World, worldOf } from './world.ts';

type Edit = readonly [from: string, to: string];

export async function proveConsequences(report: Report): Promise<void> {
  report.section('0.2, 0.8b, 1.6, 2.4 What a plan means, told and not told');
  const world = await worldOf({ taskSeconds: 0 });
  try {
    await grantEverything(world);
    const base = house(world);
    const estate = world.estate(base);
    const applied = await estate.type('apply', '--yes');
    const settled = await estate.type('plan', '--detailed-exitcode');
    report.row(
      'the house that the rest is about',
      applied.command,
      'a plan without changes',
      (applied.status === 0 && settled.status === 0) || seen(applied, settled),
    );
    const planned = async (...edits: readonly Edit[]): Promise<string> => {
      const text = edited(base, edits);
      return (await world.estate(text, estate).type('plan')).stdout;
    };
    for (const { row, what, authority, fires, quiet = [], says } of consequences) {
      const told = await planned(...fires);
      report.row(`${row} ${what}`, 'holdfast plan', authority, says.test(told) || seen(told.slice(0, 1500)));
      const silent = quiet.length === 0 ? settled.stdout : await planned(...quiet);
      report.control(`${what}, told where it is not so`, !says.test(silent));
    }
    await provePrunable(report, world, await planned(prunedMore));
  } finally {
    await world.stop();
  }
}

function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`the estate no longer says ${from}`);
    return now.replace(from, to);
  }, text);
}

const starts = { ruapehu: '22:00', pihanga: '02:00', hikurangi: '12:00' } as const;

/** S0's hosts, each with a namespace of its own, at times that are far apart. */
function house(world: World): string {
  const { port, fingerprint } = world.at('pbs-pihanga');
  const storages = hosts.map(
    (host) =>
      `  - { name: pbs-pihanga, server: 127.0.0.1, port: ${port}, datastore: pbs-datastore, namespace: ${host}, username: holdfast@pbs!storage, password: { file: LAB/storage.token }, fingerprint: "${fingerprint}", prune_backups: { keep_all: 1 }, on: [${host}] }\n`,
  );
  const jobs = hosts.map(
    (host) =>
      `  - { name: nightly, on: [${host}], schedule: "${starts[host]}", select: ${host === 'pihanga' ? '{ all_but: [101] }' : 'all'}, storage: pbs-pihanga }\n`,
  );
  return `estate: house
places:
  - { site: home, hosts: [ruapehu, pihanga, hikurangi, truenas] }
${pveText(world, hosts)}pbs:
${pbsText(
  world,
  'pbs-pihanga',
  `runs_on: { pve: pihanga, guest: 101 }
datastores:
  - name: pbs-datastore
    stored_on: truenas
    namespaces: [ruapehu, pihanga, hikurangi]
    prune: { schedule: "03:30", max_depth: 0, keep_daily: 7, keep_monthly: 3, keep_yearly: 1 }
acl: []`,
)}pbs_storages:
${storages.join('')}backup_jobs:
${jobs.join('')}exclusions:
  - { subject: vm/101, reason: "the PBS itself", owner: anna, review_by: 2027-06-30 }
`;
}

const prunedMore: Edit = ['keep_daily: 7, keep_monthly: 3, keep_yearly: 1', 'keep_daily: 2'];

type Told = Readonly<{
  row: string;
  what: string;
  authority: string;
  fires: readonly Edit[];
  /** the estate as it stands is silent, where nothing is given */
  quiet?: readonly Edit[];
  says: RegExp;
}>;

const consequences: readonly Told[] = [
  {
    ...{
      row: '1.6',
      what: 'a guest that leaves all jobs',
      authority: "the lab's guest 109, which is in no other enabled job",
    },
    fires: [['"22:00", select: all', '"22:00", select: { all_but: [109] }']],
    quiet: [['"22:00", select: all', '"22:00", select: { all_but: [900] }']],
    says: /1 guest on ruapehu is in no backup job any more: vm\/109 media/,
  },
  {
    ...{ row: '1.6', what: 'jobs that begin at the same minute', authority: 'the schedules themselves' },
    fires: [
      ['"22:00"', '"02:00"'],
      ['"12:00"', '"02:00"'],
    ],
    says: /3 servers \(hikurangi, pihanga, ruapehu\) begin to back up to it at the same minute/,
  },
  {
    ...{
      row: '1.6',
      what: 'a storage that is replaced, and what that means for its job',
      authority: 'PVE never changes its datastore',
    },
    fires: [['datastore: pbs-datastore, namespace: ruapehu', 'datastore: second, namespace: ruapehu']],
    quiet: [['namespace: ruapehu, username', 'namespace: ruapehu, max_protected_backups: 3, username']],
    says: /-\/\+ replace storage pbs-pihanga on ruapehu[\s\S]*1 backup job on it \(nightly\)/,
  },
  {
    ...{
      row: '0.8b',
      what: 'retention on PVE and on the PBS',
      authority: 'the storage and the prune job that are declared',
    },
    fires: [
      ['{ keep_all: 1 }, on: [ruapehu]', '{ keep_last: 3 }, on: [ruapehu]'],
      ['max_depth: 0, keep', 'keep'],
    ],
    says: /PVE prunes pbs-datastore\/ruapehu by keep_last: 3 after each backup, and so does the prune job/,
  },
  {
    ...{ row: '1.6', what: 'a token that gains rights', authority: "the lab's grants: it had DatastoreBackup" },
    fires: [
      ['acl: []', 'acl: [{ path: /datastore/pbs-datastore, role: DatastorePowerUser, for: ["holdfast@pbs!storage"] }]'],
    ],
    quiet: [
      ['acl: []', 'acl: [{ path: /datastore/pbs-datastore, role: DatastoreBackup, for: ["holdfast@pbs!storage"] }]'],
    ],
    says: /holdfast@pbs!storage gains Datastore\.Prune on \/datastore\/pbs-datastore|may then remove them, too \(Datastore\.Prune\)/,
  },
  {
    ...{
      row: '0.8b',
      what: 'a PBS that is backed up into itself',
      authority: 'guest 101 of pihanga, which is the PBS',
    },
    fires: [['select: { all_but: [101] }', 'select: all']],
    says: /it takes guest 101, which is the PBS pbs-pihanga it writes to[\s\S]*all_but: \[101\]/,
  },
  {
    ...{
      row: '0.8b',
      what: 'one namespace with an equal type and id from two hosts',
      authority: "the lab's two containers 100",
    },
    fires: [['namespace: hikurangi, username', 'namespace: ruapehu, username']],
    says: /same-guest-twice[\s\S]*both have ct\/100[\s\S]*namespace: hikurangi for hikurangi/,
  },
  {
    ...{ row: '0.2', what: 'a PBS that lives on a host it protects', authority: 'guest 101 of pihanga' },
    fires: [],
    quiet: [['    runs_on: { pve: pihanga, guest: 101 }\n', '']],
    says: /warning {2}pbs\/pbs-pihanga: it is guest 101 on pihanga, which it protects/,
  },
  {
    ...{ row: '2.4', what: 'the step towards three copies', authority: 'the estate, which has one copy' },
    fires: [],
    quiet: [['    runs_on: { pve: pihanga, guest: 101 }\n', '']],
    says: /backups are in phase 1 of 3/,
  },
];

/** The PBS is asked what it would remove, by its own dry run of each group. */
async function provePrunable(report: Report, world: World, plan: string): Promise<void> {
  const { snapshots } = await world.pbs('pbs-pihanga');
  const inRoot = snapshots.filter(({ store, namespace }) => store === 'pbs-datastore' && namespace === '');
  const groups = [...new Set(inRoot.map(({ type, id }) => `${type}/${id}`))];
  const removedBy = async (keep: Readonly<Record<string, string>>): Promise<number> => {
    const counts = await Promise.all(
      groups.map(async (group) => {
        const [type = '', id = ''] = group.split('/');
        const form = { 'backup-type': type, 'backup-id': id, 'dry-run': '1', ...keep };
        const { data } = await asked(world, 'pbs-pihanga', {
          method: 'POST',
          path: '/admin/datastore/pbs-datastore/prune',
          form,
        });
        return (data as readonly { keep: boolean; protected?: boolean }[]).filter((one) => !one.keep && !one.protected)
          .length;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const before = await removedBy({ 'keep-daily': '7', 'keep-monthly': '3', 'keep-yearly': '1' });
  const now = await removedBy({ 'keep-daily': '2' });
  const [, newly, of] = /in pbs-datastore (\d+) of (\d+) snapshots become prunable/.exec(plan) ?? [];
  report.row(
    '1.6 snapshots that become prunable are counted, with the first to go and the rule that keeps the rest',
    'holdfast plan',
    `the PBS's own dry run of all groups: ${now} with the new policy, ${before} with the old; ${inRoot.length} in the lab's state`,
    (Number(newly) === now - before &&
      Number(of) === inRoot.length &&
      /the first go(es)? at \S+Z/.test(plan) &&
      /by keep_daily stay/.test(plan)) ||
      seen(`${newly} of ${of}`, plan.slice(0, 1200)),
  );
  report.control('a dry run that removes nothing, whatever the policy', now > before && before > 0);
}
