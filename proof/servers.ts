// Plan and apply against the lab; servers in trouble; lost answers. The authorities are the lab's state and its request log.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabFolder } from './lab.ts';
import type { Report } from './report.ts';

const say = (holds: boolean, otherwise: string): true | Error => holds || new Error(otherwise.slice(0, 600));

export async function proveServers(report: Report, lab: LabFolder): Promise<void> {
  await proveTrouble(report, lab);
  await proveApply(report, lab);
}

async function proveApply(report: Report, lab: LabFolder): Promise<void> {
  report.section('Plan and apply');
  const estate = lab.estate();
  const before = lab.writes().length;
  const planned = await estate.type('plan', '--detailed-exitcode');
  report.row(
    '1.4 a plan writes nothing',
    planned.command,
    'requests.ndjson',
    say(planned.status === 2 && lab.writes().length === before, planned.stdout),
  );
  const refused = await estate.type('apply');
  report.row(
    'consent: without a terminal and --yes, 64',
    refused.command,
    'exit code, requests.ndjson',
    say(refused.status === 64 && lab.writes().length === before, refused.stderr),
  );

  const file = join(estate.folder, 'agreed.plan');
  await estate.type('plan', '--out', file);
  await lab.change({ server: 'hikurangi', storage: 'pbs-pihanga', set: { 'prune-backups': 'keep-last=9' } });
  const stale = await estate.type('apply', file, '--yes');
  const touched = lab
    .writes()
    .slice(before)
    // Its backup job is another matter, and is made.
    .filter(({ server, path }) => server === 'hikurangi' && path.includes('/storage'));
  report.row(
    'an approval given, the world changed, the step refused',
    stale.command,
    'requests.ndjson: no write to hikurangi',
    say(stale.status === 3 && touched.length === 0 && /changed-since-planned/.test(stale.stderr), stale.stderr),
  );

  const applied = await estate.type('apply', '--yes');
  report.row(
    '1.4 apply',
    applied.command,
    'exit code',
    say(applied.status === 0, `${applied.stderr}${applied.stdout}`),
  );
  const held = JSON.stringify(await lab.state());
  report.row(
    '1.4 the servers hold what was declared',
    applied.command,
    "the lab's own state",
    say(held.includes('holdfast-tank') && !/"disable":\s*(1|true)/.test(held), held),
  );
  const settled = lab.writes().length;
  const again = await estate.type('apply', '--yes');
  report.row(
    '1.4 idempotent: the second apply writes nothing',
    again.command,
    'requests.ndjson',
    say(again.status === 0 && lab.writes().length === settled, again.stdout),
  );

  await lab.change({ server: 'ruapehu', storage: 'pbs-pihanga', set: { disable: 1 } });
  const drift = await estate.type('doctor', '--detailed-exitcode');
  report.row(
    'storage-drift: found, with both values',
    drift.command,
    'exit code',
    say(drift.status === 2 && /enabled: false there, true in the estate/.test(drift.stdout), drift.stdout),
  );
  await estate.type('apply', '--yes');
  const quiet = await estate.type('doctor', '--detailed-exitcode');
  report.control('a drift that is reported though there is none', quiet.status === 0);

  const words = lab.requests().length > 0 ? readFileSync(join(lab.folder, 'requests.ndjson'), 'utf8') : '';
  const secrets = ['ruapehu', 'hikurangi', 'pbs-pihanga', 'storage'].map((name) =>
    readFileSync(join(lab.folder, `${name}.token`), 'utf8').trim(),
  );
  report.row(
    'no secret in the request log',
    'apply --yes',
    'grep of requests.ndjson',
    say(
      secrets.every((one) => !words.includes(one)),
      'a secret stands there',
    ),
  );
}

const troubles = {
  down: /server-unreachable/,
  html: /answer-not-understood/,
  'half-body': /answer-cut-short|answer-not-understood/,
  'huge-body': /answer-too-large/,
  unauthorized: /credentials-refused/,
  forbidden: /permission-missing/,
  'error-500': /server-error/,
  'certificate-changed': /certificate-changed/,
  slow: /server-slow/,
} as const;

async function proveTrouble(report: Report, lab: LabFolder): Promise<void> {
  report.section('A server in trouble: named, with what was seen and what to do, while other lanes go on');
  for (const [fault, says] of Object.entries(troubles)) {
    await lab.fault('ruapehu', fault);
    const plan = await lab.estate().type('plan');
    await lab.clear();
    const named =
      plan.status === 3 &&
      says.test(plan.stdout) &&
      /(?:pve-storage\/ruapehu\/pbs-pihanga|declared things on ruapehu)[\s\S]*do this/.test(plan.stdout);
    const others = /storage pbs-pihanga on hikurangi/.test(plan.stdout) && /prune job/.test(plan.stdout);
    report.row(
      `ruapehu is ${fault}`,
      plan.command,
      'what is planned for the other servers',
      say(named && others, plan.stdout),
    );
  }
  await lab.fault('ruapehu', 'down');
  const told = await lab.estate().type('doctor', '--detailed-exitcode');
  await lab.clear();
  report.row(
    'doctor: a server that cannot be asked is a finding, not silence',
    told.command,
    'exit code',
    say(told.status === 2 && /ruapehu could not be asked/.test(told.stdout), told.stdout),
  );
  const well = await lab.estate().type('plan');
  report.control(
    'a server that is well, taken for one in trouble',
    well.status === 0 && !/cannot be (?:done|planned)/.test(well.stdout),
  );

  report.section('Lost answers');
  await lab.fault('ruapehu', 'answer-lost', { method: 'POST', path: '/vzdump$', count: 1 });
  const before = starts(lab, 'ruapehu');
  const ran = await lab.estate().type('run', 'nightly');
  await lab.clear();
  report.row(
    'a task whose UPID was never recorded is found and not started twice',
    ran.command,
    'requests.ndjson: one POST vzdump',
    say(ran.status === 0 && starts(lab, 'ruapehu') === before + 1, ran.stderr),
  );
}

const starts = (lab: LabFolder, server: string): number =>
  lab.writes().filter((one) => one.server === server && one.path.endsWith('/vzdump')).length;
