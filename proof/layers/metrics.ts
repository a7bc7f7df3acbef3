// 3.11: the figures of runs on /metrics and in a real Pushgateway. The authorities are curl, promtool, and what the gateway itself
// shows; the figures are held against sqlite3's, df's and date's own.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  type Gateway,
  startGateway,
  withoutGateway,
} from '../../src/channels/pushgateway/gateway.test-support.ts';
import { damage, database } from '../../src/layers/common/sqlite/databases.test-support.ts';
import { type Estate, estateIn, type Started, until } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { pointsIn, sh, tried } from './place.ts';

type On = Readonly<{ report: Report; estate: Estate; gateway: Gateway }>;

const text = (url: string): string => `
estate: figures
machines: [{ name: here, local: true }]
workloads: [{ name: apps }, { name: vaultwarden }]
layers:
  - { name: databases, kind: sqlite, machine: here, workload: apps, from: { folder: FOLDER/data }, to: FOLDER/copies, keep: { keep_last: 2 } }
  - { name: vaultwarden-check, kind: sqlite, machine: here, workload: vaultwarden, from: { files: [FOLDER/data/db.sqlite3] }, only_check: true }
schedules:
  - { job: databases, schedule: "02:00" }
channels: [{ name: push, kind: pushgateway, url: "${url}" }]
`;

export async function proveMetrics(report: Report): Promise<void> {
  report.section('3.11 Figures for Prometheus');
  if (withoutGateway !== false) return report.skip('3.11 the Pushgateway', withoutGateway);
  const gateway = await startGateway();
  const estate = estateIn(text(gateway.url), 'figures');
  try {
    mkdirSync(join(estate.folder, 'data'));
    for (const name of ['db.sqlite3', 'other.db']) database(join(estate.folder, 'data', name), 3000);
    await provePending({ report, estate, gateway });
    await proveAsDone({ report, estate, gateway });
    await proveScraped({ report, estate, gateway });
    await proveDegraded({ report, estate, gateway });
    await proveNotPushed({ report, estate, gateway });
  } finally {
    await gateway.stop();
    estate.close();
  }
}

/** Of the first series of that name whose labels have all that is wanted. */
export function figureOf(figures: string, name: string, ...labels: readonly string[]): number | undefined {
  const line = figures
    .split('\n')
    .find((one) => one.startsWith(`${name}{`) && labels.every((label) => one.includes(label)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

async function provePending({ report, estate }: On): Promise<void> {
  const { stdout, command } = await estate.type('metrics');
  report.row(
    '3.11 before the first run a job is pending, and what nobody knows is absent, not 0',
    command,
    'the text itself',
    (figureOf(stdout, 'holdfast_job_last_outcome', 'job="databases"', 'outcome="pending"') === 1 &&
      !/^backup_last/m.test(stdout) &&
      !/^vaultwarden/m.test(stdout)) ||
      seen(stdout),
  );
}

async function proveAsDone({ report, estate, gateway }: On): Promise<void> {
  const before = Math.floor(Date.now() / 1000);
  const ran = await estate.type('run', 'databases', '--now');
  await estate.type('run', 'vaultwarden-check', '--now');
  const shown = await gateway.shows();
  const disk = Number(sh(`df --output=pcent ${estate.folder} | tail -1 | tr -d ' %'`));
  const used = figureOf(shown, 'backup_disk_usage_percent') ?? Number.NaN;
  const at = figureOf(shown, 'backup_last_success_timestamp', 'job="databases"') ?? 0;
  report.row(
    '3.11 after a run the gateway has: its time, its outcome, the disk, the check of Vaultwarden',
    ran.command,
    "the Pushgateway's /metrics; date, df, ls of the points",
    (ran.status === 0 &&
      at >= before &&
      at <= Date.now() / 1000 + 1 &&
      figureOf(shown, 'backup_last_status', 'job="databases"') === 0 &&
      Math.abs(used - disk) <= 3 &&
      figureOf(shown, 'vaultwarden_sqlite_integrity_ok') === 1 &&
      figureOf(shown, 'holdfast_points', 'layer="databases"') ===
        pointsIn(join(estate.folder, 'copies/databases')).length) ||
      seen(
        ran,
        `at ${at}, disk ${used} of ${disk}`,
        shown
          .split('\n')
          .filter((line) => /^(backup|vault|holdfast_points)/.test(line))
          .join('\n'),
      ),
  );
  report.control(
    'a figure of a job that nobody declared',
    figureOf(shown, 'backup_last_status', 'job="nobody"') === undefined,
  );
}

async function listening(estate: Estate, port: number): Promise<Started> {
  const started = estate.start('metrics', '--listen', `127.0.0.1:${port}`);
  await until('the listener', () => /figures for Prometheus/.test(started.said.stderr));
  return started;
}

const names = (figures: string): string =>
  figures
    .split('\n')
    .filter((line) => /^[a-z]/.test(line) && !line.startsWith('holdfast_points_read'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
    .join('\n');

async function proveScraped({ report, estate }: On): Promise<void> {
  const port = await freePort();
  const scraped = async (): Promise<string> => {
    const started = await listening(estate, port);
    const { says } = tried('curl', ['-sf', `http://127.0.0.1:${port}/metrics`]);
    started.process.kill('SIGTERM');
    await started.ended;
    return says;
  };
  const [first, second] = [await scraped(), await scraped()];
  const checked = tried('promtool', ['check', 'metrics'], first);
  report.row(
    '3.11 /metrics is what Prometheus takes, and the same after a restart',
    `holdfast metrics --listen 127.0.0.1:${port}`,
    'curl; promtool check metrics',
    (checked.status === 0 && first.includes('backup_last_success_timestamp') && names(first) === names(second)) ||
      new Error(checked.says.slice(0, 600)),
  );
  report.control(
    'a text that promtool does not take',
    tried('promtool', ['check', 'metrics'], 'a{b="c} 1\n').status !== 0,
  );
  const open = await estate.type('metrics', '--listen', '0.0.0.0:9467');
  report.row(
    '3.11 and is given to nobody elsewhere',
    open.command,
    'its exit code; ss',
    (open.status === 64 && !tried('ss', ['-ltn']).says.includes('0.0.0.0:9467')) || seen(open),
  );
}

async function proveDegraded({ report, estate, gateway }: On): Promise<void> {
  const success = figureOf(await gateway.shows(), 'backup_last_success_timestamp', 'job="databases"');
  damage(join(estate.folder, 'data', 'other.db'));
  const ran = await estate.type('run', 'databases', '--now');
  const shown = await gateway.shows();
  report.row(
    '3.11 a degraded run is no success: its time stands still, the status is 1',
    ran.command,
    "the Pushgateway's /metrics",
    (ran.status === 3 &&
      figureOf(shown, 'backup_last_success_timestamp', 'job="databases"') === success &&
      figureOf(shown, 'backup_last_status', 'job="databases"') === 1) ||
      seen(ran),
  );
  const points = await estate.type('points');
  report.row(
    '3.11 points stand against what was expected',
    points.command,
    'ls of the points',
    (/databases: 1 expected, [01] done/.test(points.stdout) &&
      points.stdout.split('\n').filter((line) => / sealed /.test(line)).length ===
        pointsIn(join(estate.folder, 'copies/databases')).length) ||
      seen(points),
  );
  rmSync(join(estate.folder, 'data', 'other.db'));
  await estate.type('run', 'databases', '--now');
  const after = await gateway.shows();
  report.control(
    'a success that never moves',
    (figureOf(after, 'backup_last_success_timestamp', 'job="databases"') ?? 0) > (success ?? 0) &&
      existsSync(join(estate.folder, 'copies')),
  );
}

async function proveNotPushed({ report, estate, gateway }: On): Promise<void> {
  for (const job of ['databases', 'vaultwarden-check', 'holdfast'])
    await fetch(`${gateway.url}/metrics/job/${job}/estate/figures`, { method: 'DELETE' });
  await gateway.post('/metrics/job/old-script', '# TYPE backup_last_status counter\nbackup_last_status 7\n');
  const refused = await estate.type('run', 'vaultwarden-check', '--now');
  const pushed = await estate.type('metrics', '--push');
  report.row(
    '3.11 a rejected push is an error, said with its reason; the run itself is as good as it was',
    `${refused.command}; ${pushed.command}`,
    "the gateway's 400; its /metrics has nothing of ours",
    (refused.status === 0 &&
      /figures for push: failed/.test(refused.stderr) &&
      /400/.test(refused.stderr) &&
      pushed.status === 1 &&
      figureOf(await gateway.shows(), 'holdfast_job_last_outcome') === undefined) ||
      seen(refused, pushed),
  );
  await fetch(`${gateway.url}/metrics/job/old-script`, { method: 'DELETE' });
  const good = await estate.type('metrics', '--push');
  report.control(
    'a push that fails for ever',
    good.status === 0 && figureOf(await gateway.shows(), 'backup_last_status', 'job="databases"') === 0,
  );
}
