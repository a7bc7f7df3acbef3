// A server that fails while the others are done, and kill -9 in the middle of 200 steps. The authorities are the lab's state,
// compared with one that was made without a kill, and the requests that were carried out.
import { type Estate, kill, until, type Victim } from '../../test/e2e/estate.test-support.ts';
import type { Report } from '../report.ts';
import { grantEverything, hosts, pbsText, pveText, seen, type World, worldOf } from './world.ts';

export async function proveTrouble(report: Report, full = false): Promise<void> {
  await proveOneFailed(report);
  await proveKilled(report, full);
}

const stores = (world: World, count: number): string => {
  const { port, fingerprint } = world.at('pbs-pihanga');
  const on = (host: string) =>
    Array.from(
      { length: count },
      (_, index) =>
        `  - { name: proof-${index}, server: 127.0.0.1, port: ${port}, datastore: pbs-datastore, namespace: ${host}, username: holdfast@pbs!storage, password: { file: LAB/storage.token }, fingerprint: "${fingerprint}", prune_backups: { keep_all: 1 }, on: [${host}] }\n`,
    );
  return `pbs_storages:\n${hosts.flatMap(on).join('')}`;
};

const datastore = `datastores:
  - name: pbs-datastore
    namespaces: [ruapehu, pihanga, hikurangi]
    prune: { schedule: "03:30", max_depth: 0, keep_daily: 7 }
    verify: { schedule: "sat 18:15", again_after: 30d }`;

const whole = (world: World, count: number): string => `estate: many
${pveText(world, hosts)}pbs:
${pbsText(world, 'pbs-pihanga', datastore)}
${stores(world, count)}`;

const made = async (world: World, host: string): Promise<number> =>
  (await world.pve(host)).storages.filter(({ storage }) => storage.startsWith('proof-')).length;

async function proveOneFailed(report: Report): Promise<void> {
  report.section('1.4 One server fails, the others are done');
  for (const [fault, options] of [
    ['down', {}],
    ['error-500', { method: 'POST', path: '/storage$' }],
    ['no-quorum', {}],
  ] as const) {
    const world = await worldOf({ taskSeconds: 0 });
    try {
      await grantEverything(world);
      const estate = world.estate(whole(world, 2));
      await world.fault('pihanga', fault, options);
      const applied = await estate.type('apply', '--yes');
      const counts = await Promise.all(hosts.map((host) => made(world, host)));
      report.row(
        `1.4 pihanga is ${fault}: ruapehu and hikurangi are done, and it is said`,
        applied.command,
        "exit code 3; the lab's own state: 2, 0 and 2 storages",
        (applied.status === 3 && counts.join() === '2,0,2' && /pihanga/.test(applied.stdout + applied.stderr)) ||
          seen(counts.join(), applied),
      );
      await world.clear();
      const again = await estate.type('apply', '--yes');
      const after = await Promise.all(hosts.map((host) => made(world, host)));
      report.control(
        `a failure that stays when ${fault} is over`,
        again.status === 0 && after.join() === '2,2,2' && sentTwice(world).length === 0,
      );
    } finally {
      await world.stop();
    }
  }
}

/** Whatever was made more than once, by the requests that were carried out. */
function sentTwice(world: World): readonly string[] {
  const creates = world
    .writes()
    .filter(
      ({ method, status, path }) =>
        method === 'POST' && status === 200 && /\/(storage|namespace|prune|verify)$/.test(path),
    )
    .map(({ server, path, params }) => `${server} ${path} ${nameIn(params)}`);
  return creates.filter((one, index) => creates.indexOf(one) !== index);
}
const nameIn = (params: unknown): string => {
  const { storage, name, id } = params as { storage?: string; name?: string; id?: string };
  return storage ?? name ?? id ?? '';
};

const perHost = 65;
/** Three namespaces, a prune job, a verify job. */
const steps = 3 * perHost + 5;

/** What the lab holds, without what differs from one lab to the next. */
async function configuration(world: World): Promise<string> {
  const { port, fingerprint } = world.at('pbs-pihanga');
  const onHosts = await Promise.all(hosts.map(async (host) => (await world.pve(host)).storages));
  const { namespaces, pruneJobs, verifyJobs } = await world.pbs('pbs-pihanga');
  const jobs = [...pruneJobs, ...verifyJobs].map(({ id, options }) => ({ id, options }));
  const sorted = onHosts.map((all) => all.toSorted((one, other) => (one.storage < other.storage ? -1 : 1)));
  const names = namespaces.map(({ store, name }) => `${store}/${name}`).sort();
  return JSON.stringify([sorted, names, jobs]).replaceAll(fingerprint, 'FINGERPRINT').replaceAll(String(port), 'PORT');
}

async function proveKilled(report: Report, full: boolean): Promise<void> {
  report.section(`1.4 kill -9 in the middle of an apply of ${steps} steps`);
  const undisturbed = await worldOf({ taskSeconds: 0 });
  let wanted = '';
  try {
    await grantEverything(undisturbed);
    const applied = await undisturbed.estate(whole(undisturbed, perHost)).type('apply', '--yes');
    wanted = await configuration(undisturbed);
    report.row(
      `${steps} steps without a kill`,
      applied.command,
      "the lab's own state",
      (applied.status === 0 && applied.stderr.concat(applied.stdout).includes(`${steps} of ${steps} steps done`)) ||
        seen(applied),
    );
  } finally {
    await undisturbed.stop();
  }
  const victims: readonly Victim[] = ['worker', 'supervisor', 'both'];
  const moments = [20, Math.round(steps / 2), steps - 20];
  const all = moments.flatMap((moment) => victims.map((victim) => [moment, victim] as const));
  // Each victim at a moment of its own, or all of them at each.
  for (const [moment, victim] of all.filter((_, index) => full || index % 4 === 0))
    await proveKill(report, { moment, victim, wanted });
}

const doneIn = (estate: Estate): readonly [run: string, done: number] | undefined =>
  estate.journal((runs, entriesOf) => {
    const [run] = runs;
    if (run === undefined) return undefined;
    return [run.id, entriesOf(run.id).filter(({ event }) => event === 'done').length] as const;
  });

type Killing = Readonly<{ moment: number; victim: Victim; wanted: string }>;

async function proveKill(report: Report, { moment, victim, wanted }: Killing): Promise<void> {
  const world = await worldOf({ taskSeconds: 0 });
  try {
    await grantEverything(world);
    const estate = world.estate(whole(world, perHost));
    const started = estate.start('apply', '--yes');
    const run = await until(`${moment} steps`, () => {
      const [id, done] = doneIn(estate) ?? ['', 0];
      return done >= moment ? id : undefined;
    });
    kill(victim, started, run);
    await started.ended;
    const between = await configuration(world);
    report.control(`a kill of ${victim} after ${moment} steps that came too late`, between !== wanted);
    const again = await finished(estate);
    const state = estate.journal((runs) => runs.find(({ id }) => id === run)?.state);
    const twice = sentTwice(world);
    const same = (await configuration(world)) === wanted;
    const settled = await estate.type('plan', '--detailed-exitcode');
    report.row(
      `kill -9 of ${victim} after ${moment} of ${steps} steps, then apply again: the same end`,
      `${again.command}; kill -9; again`,
      "the lab's state, equal to that of a lab without a kill; requests.ndjson: nothing made twice; the journal",
      (again.status === 0 && same && twice.length === 0 && state === 'aborted' && settled.status === 0) ||
        seen(`same ${same}, twice ${twice.join()}, ${state}`, again, settled),
    );
  } finally {
    await world.stop();
  }
}

/** A request that was under way may be carried out after the next plan was made: that step is refused, and planned anew. */
async function finished(estate: Estate) {
  const again = await estate.type('apply', '--yes');
  const late = again.status === 3 && /changed-since-planned/.test(again.stderr);
  return late ? estate.type('apply', '--yes') : again;
}
