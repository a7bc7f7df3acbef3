// kill -9 at every kind of step that writes a server's configuration or starts a backup; two starts at once. The authorities
// are the lab's own state, its request log, and the process list.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Estate,
  estateAt,
  kill,
  processesOf,
  reached,
  until,
  type Victim,
} from '../test/e2e/estate.test-support.ts';
import { type LabFolder, startedLab } from './lab.ts';
import type { Report } from './report.ts';

type Moment = Readonly<{ kind: string; step: RegExp; server: string; method: string; path: string }>;

const victims: readonly Victim[] = ['worker', 'supervisor', 'both'];
const moments: readonly Moment[] = [
  { kind: 'pve-storage.create', step: /create pve-storage/, server: 'ruapehu', method: 'POST', path: '/storage$' },
  { kind: 'pve-storage.update', step: /update pve-storage/, server: 'hikurangi', method: 'PUT', path: '/storage/' },
  {
    kind: 'pbs-prune-job.create',
    step: /create pbs-prune-job/,
    server: 'pbs-pihanga',
    method: 'POST',
    path: '/prune$',
  },
  { kind: 'pbs-prune-job.update', step: /update pbs-prune-job/, server: 'pbs-pihanga', method: 'PUT', path: '/prune/' },
  {
    kind: 'pbs-prune-job.remove',
    step: /remove pbs-prune-job/,
    server: 'pbs-pihanga',
    method: 'DELETE',
    path: '/prune/',
  },
  { kind: 'pve-storage.remove', step: /remove pve-storage/, server: 'ruapehu', method: 'DELETE', path: '/storage/' },
];

export async function proveConfiguration(report: Report): Promise<void> {
  report.section('kill -9 of worker, supervisor and both, at every kind of step that writes a configuration');
  for (const moment of moments) for (const victim of victims) await proveKill(report, moment, victim);
  await proveBackup(report);
  await proveTwoStarts(report);
}

/** Those that were carried out: a late one that meets what is there already is refused by the server. */
const writes = (lab: LabFolder, { server, method, path }: Omit<Moment, 'kind' | 'step'>): number =>
  lab
    .writes()
    .filter(
      (one) => one.server === server && one.method === method && one.status === 200 && new RegExp(path).test(one.path),
    ).length;

const everything = [
  'pve-storage/ruapehu/pbs-pihanga',
  'pve-storage/hikurangi/pbs-pihanga',
  'pbs-prune-job/pbs-pihanga/holdfast-tank',
];

/** What is typed, and the estate it is typed for: to remove something is to declare it no longer. */
async function prepared(
  lab: LabFolder,
  { kind }: Moment,
): Promise<Readonly<{ estate: Estate; typed: readonly string[] }>> {
  const estate = lab.estate();
  const [, act] = kind.split('.');
  if (act === 'create' || kind === 'pve-storage.update') return { estate, typed: ['--yes'] };
  await estate.type('apply', '--yes');
  if (act === 'update') {
    await lab.change({ server: 'pbs-pihanga', pruneJob: 'holdfast-tank', set: { schedule: 'hourly' } });
    return { estate, typed: ['--yes'] };
  }
  // The backup job stays: a file that declares nothing prunes nothing.
  const file = join(lab.folder, 'less.yaml');
  const whole = readFileSync(join(lab.folder, 'estate.yaml'), 'utf8');
  writeFileSync(file, whole.replace(/^pbs_storages:[\s\S]*?(?=^backup_jobs:)/m, '').replace(/^ +prune: .*\n/m, ''));
  const bare = estateAt(file, 'lab', estate.state, lab.folder);
  return { estate: bare, typed: ['--yes', '--prune', ...everything.flatMap((name) => ['--confirm', name])] };
}

async function proveKill(report: Report, moment: Moment, victim: Victim): Promise<void> {
  const lab = await startedLab();
  try {
    const { estate, typed } = await prepared(lab, moment);
    const before = writes(lab, moment);
    const { server, method, path } = moment;
    await lab.fault(server, 'slow', { method, path, milliseconds: 1500 });
    const started = estate.start('apply', ...typed);
    const run = await reached(estate, moment.step);
    kill(victim, started, run);
    await started.ended;
    await lab.clear();
    const again = await estate.type('apply', ...typed);
    const state = estate.journal((runs) => runs.find(({ id }) => id === run)?.state);
    const sent = writes(lab, moment) - before;
    const settled = await estate.type('plan', '--detailed-exitcode', ...typed.filter((word) => word === '--prune'));
    const left = processesOf(run);
    // A request that was under way may be carried out after everything: then it is noticed, and not written over. It ends with 1
    // where that was all there was to do.
    const late = [1, 3].includes(again.status ?? 0) && /changed-since-planned/.test(again.stderr);
    const good =
      (again.status === 0 || late) && state === 'aborted' && sent === 1 && settled.status === 0 && left.length === 0;
    const seen = `exit ${again.status}, state ${state}, sent ${sent}, then a plan with ${settled.status}, left ${left.join()}`;
    report.row(
      `kill -9 of ${victim}, ${moment.kind}`,
      `${again.command}; kill -9; again`,
      `requests.ndjson: one ${method}; ps; the journal; a plan without changes`,
      good || new Error(`${seen}: ${again.stderr.slice(-600)}${settled.stdout.slice(-200)}`),
    );
  } finally {
    await lab.stop();
  }
}

const vzdump = { server: 'ruapehu', method: 'POST', path: '/vzdump$' };

async function proveBackup(report: Report): Promise<void> {
  report.section('kill -9 while a backup of PVE is started, and while it runs: never started twice');
  for (const victim of victims)
    for (const [moment, isHeld] of [
      ['before its id is known', true],
      ['while it runs', false],
    ] as const) {
      const lab = await startedLab();
      try {
        const estate = lab.estate();
        if (isHeld)
          await lab.fault(vzdump.server, 'slow', { method: 'POST', path: vzdump.path, milliseconds: 500, count: 1 });
        const started = estate.start('run', 'nightly');
        const run = await reached(estate, />ruapehu$/);
        if (!isHeld) await until('the task', () => writes(lab, vzdump) === 1);
        kill(victim, started, run);
        await started.ended;
        const again = await estate.type('run', 'nightly');
        const state = estate.journal((runs) => runs.find(({ id }) => id === run)?.state);
        const sent = writes(lab, vzdump);
        report.row(
          `kill -9 of ${victim}, guest.vzdump ${moment}`,
          `${again.command}; kill -9; again`,
          'requests.ndjson: one POST vzdump to that host; the journal',
          (again.status === 0 && sent === 1 && state === 'aborted') ||
            new Error(`exit ${again.status}, ${sent} started, ${state}: ${again.stderr}`.slice(0, 900)),
        );
      } finally {
        await lab.stop();
      }
    }
}

async function proveTwoStarts(report: Report): Promise<void> {
  report.section('Two starts at once');
  const lab = await startedLab();
  try {
    const estate = lab.estate();
    const create = { server: 'ruapehu', method: 'POST', path: '/storage$' };
    await lab.fault('ruapehu', 'slow', { method: 'POST', path: '/storage$', milliseconds: 4000 });
    const first = estate.start('apply', '--yes');
    const run = await reached(estate, /create pve-storage/);
    const second = await estate.type('apply', '--yes');
    const ended = await first.ended;
    report.row(
      'the second start is refused with the name of the first, and writes nothing',
      second.command,
      'exit code, requests.ndjson: one POST',
      (second.status === 75 && second.stderr.includes(run) && ended === 0 && writes(lab, create) === 1) ||
        new Error(`exit ${second.status}; first ${ended}; ${second.stderr}`.slice(0, 600)),
    );
    await lab.clear();
    const other = await lab.estate().type('apply', '--yes');
    report.control('an estate of its own, refused for the lock of another', other.status === 0);
  } finally {
    await lab.stop();
  }
}
