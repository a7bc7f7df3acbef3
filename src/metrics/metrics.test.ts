import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { JobHistory, RunTally } from '../model/job-history.ts';
import type { Outcome } from '../model/run.ts';
import { milliseconds } from '../values/duration.ts';
import { instantAt } from '../values/instant.ts';
import type { Known } from './known.ts';
import { metricsOf, mostSamples } from './metrics.ts';
import { pushGroups } from './push-groups.ts';
import { metricsText } from './text.ts';

const at = (second: number) => instantAt(second * 1000);
const empty: RunTally = {
  ...{ expected: 0, done: 0, missing: [], excluded: [], items: [], bytes: undefined, pools: [], databases: [] },
};
const pending = (name: string, kind = 'files'): JobHistory => ({
  ...{ name, kind, workload: name, nextRun: undefined, running: undefined, last: undefined },
  ...{ lastSuccess: undefined, lastDegraded: undefined, figures: undefined },
});
const ended = (outcome: Outcome, second: number, tally: Partial<RunTally> = {}): NonNullable<JobHistory['last']> => ({
  ...{ run: 'r', outcome, startedAt: at(second - 60), endedAt: at(second), took: milliseconds(60_000) },
  ...{ summary: undefined, tally: { ...empty, ...tally } },
});
const known = (jobs: readonly JobHistory[], more: Partial<Known> = {}): Known => ({
  ...{ version: '0.1.0', jobs, points: [], disks: [], pushes: {}, ...more },
});

const textOf = async (from: Known): Promise<string> => (await metricsText(metricsOf(from), 'prometheus')).text;
const lines = async (from: Known, name: string): Promise<readonly string[]> =>
  (await textOf(from)).split('\n').filter((line) => new RegExp(`^${name}[ {]`).test(line));

const pools = [{ machine: 'pve', volumeGroup: 'pve', pool: 'data', dataPercent: 88.5, metadataPercent: 12.25 }];
const everything = known(
  [
    {
      ...pending('volumes', 'lvm-thin'),
      ...{ last: ended('degraded', 7200, { expected: 77, done: 76, pools }), lastSuccess: at(3600) },
      ...{ lastDegraded: at(7200), figures: { pools, databases: [], at: at(7200) }, nextRun: at(90_000) },
    },
    { ...pending('photos'), last: ended('done', 5000, { expected: 1, done: 1, bytes: 10 }), lastSuccess: at(5000) },
    {
      ...pending('vaultwarden-check', 'sqlite'),
      ...{ last: ended('done', 8000), lastSuccess: at(8000) },
      figures: {
        pools: [],
        databases: [{ name: '/data/db.sqlite3', workload: 'vaultwarden', ok: true }],
        at: at(8000),
      },
    },
  ],
  {
    points: [
      { layer: 'volumes', kind: 'lvm-thin', points: 231, newest: at(7200), remarks: 2, at: at(9000) },
      { layer: 'photos', kind: 'files', points: 4, newest: at(5000), remarks: 0, at: at(9000) },
    ],
    disks: [{ machine: 'pve', folder: '/mnt/backup/photos', free: 15, total: 100, at: at(9000) }],
    pushes: { push: { failures: 3, failedAt: at(1), says: 'refused', arrivedAt: at(2) } },
  },
);

describe("the figures under S3's names", () => {
  it('are all there once their layers have run, but for offsite, which has no layer yet (reality 1.2w)', async () => {
    const text = await textOf(everything);
    for (const line of [
      'backup_last_success_timestamp{job="photos"} 5000',
      'backup_last_success_timestamp{job="volumes"} 3600',
      'lvm_snapshot_last_success_timestamp{job="volumes"} 3600',
      'lvm_snapshot_count{job="volumes"} 231',
      'lvm_thin_pool_free_percent{job="volumes",volume_group="pve",pool="data"} 11.5',
      'backup_weekly_last_success_timestamp 5000',
      'backup_disk_usage_percent{machine="pve",folder="/mnt/backup/photos"} 85',
      'vaultwarden_sqlite_integrity_ok{job="vaultwarden-check",status="ok"} 1',
    ])
      assert.ok(text.includes(`\n${line}\n`), `${line}\n${text}`);
    assert.doesNotMatch(text, /offsite_backup_sync/, 'nobody knows it, so nobody says it');
  });

  it('do not call 76 of 77 a success, and say it is no total failure', async () => {
    const text = await textOf(everything);
    for (const line of [
      'backup_last_run_timestamp{job="volumes"} 7200',
      'backup_last_status{job="volumes"} 1',
      'backup_last_status{job="photos"} 0',
      'holdfast_job_items_expected{job="volumes"} 77',
      'holdfast_job_items_done{job="volumes"} 76',
      'holdfast_job_last_degraded_timestamp_seconds{job="volumes"} 7200',
      'holdfast_job_last_outcome{job="volumes",outcome="degraded"} 1',
      'holdfast_job_last_outcome{job="volumes",outcome="done"} 0',
      'holdfast_job_last_outcome{job="volumes",outcome="failed"} 0',
    ])
      assert.ok(text.includes(`\n${line}\n`), line);
  });

  it('do not make the copies on the backup disk younger than the oldest of them', async () => {
    const { jobs } = everything;
    assert.deepEqual(await lines(everything, 'backup_weekly_last_success_timestamp'), [
      'backup_weekly_last_success_timestamp 5000',
    ]);
    const never = known([...jobs, pending('firewall', 'pfsense')]);
    assert.deepEqual(await lines(never, 'backup_weekly_last_success_timestamp'), [], 'one of them was never whole');
  });

  it('say 0 of a Vaultwarden database that is damaged or could not be opened: never nothing (reality 1.8b)', async () => {
    const [, , check] = everything.jobs;
    assert.ok(check !== undefined);
    const damaged = { name: '/data/db.sqlite3', workload: 'vaultwarden', ok: false, says: 'file is not a database' };
    const figures = { pools: [], databases: [damaged], at: at(9000) };
    assert.deepEqual(await lines(known([{ ...check, figures }]), 'vaultwarden_sqlite_integrity_ok'), [
      'vaultwarden_sqlite_integrity_ok{job="vaultwarden-check",status="ok"} 0',
    ]);
  });

  it('say it of each layer of the kind vaultwarden, whatever it is called, and of no other database', async () => {
    const database = { name: '/data/db.sqlite3', workload: 'passwords', ok: false };
    const figures = { pools: [], databases: [database], at: at(9000) };
    const named = (kind: string) => known([{ ...pending('passwords', kind), last: ended('failed', 9000), figures }]);
    assert.deepEqual(await lines(named('vaultwarden'), 'vaultwarden_sqlite_integrity_ok'), [
      'vaultwarden_sqlite_integrity_ok{job="passwords",status="ok"} 0',
    ]);
    assert.deepEqual(await lines(named('sqlite'), 'vaultwarden_sqlite_integrity_ok'), [], 'control');
  });
});

describe('before the first run of a job', () => {
  it('it is pending, with its due time, and no figure is 0 that nobody measured (reality L11, 6.24)', async () => {
    const first = known([{ ...pending('photos'), nextRun: at(90_000) }]);
    const text = await textOf(first);
    assert.match(text, /^holdfast_job_last_outcome\{job="photos",outcome="pending"\} 1$/m);
    assert.match(text, /^holdfast_job_next_run_timestamp_seconds\{job="photos"\} 90000$/m);
    assert.doesNotMatch(text, /^(backup|lvm|holdfast_job_last_(run|success|degraded)|holdfast_job_items)[a-z_]*\{/m);
    const ran = known([{ ...pending('photos'), last: ended('failed', 5) }]);
    assert.match(await textOf(ran), /^holdfast_job_last_outcome\{job="photos",outcome="pending"\} 0$/m);
    assert.doesNotMatch(await textOf(ran), /last_success_timestamp/, 'a failure makes no success up');
  });
});

const promtool = spawnSync('promtool', ['--version']).error === undefined ? false : 'promtool is not installed';
const lint = (text: string) => spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });

describe('the text for Prometheus', () => {
  it("is taken by promtool, which only objects to the one name that is S3's own (reality 2.36)", {
    skip: promtool,
  }, async () => {
    const said = lint(await textOf(everything));
    assert.equal(
      said.stderr.trim(),
      'lvm_snapshot_count non-histogram and non-summary metrics should not have "_count" suffix',
    );
    assert.notEqual(lint('1bad{ 7\n').status, 0, 'control: promtool reads what it is given');
  });

  it('is OpenMetrics for who asks for it', async () => {
    const { text, contentType } = await metricsText(metricsOf(everything), 'openmetrics');
    assert.match(contentType, /^application\/openmetrics-text; version=1\.0\.0/);
    assert.match(text, /\n# EOF\n$/);
    assert.match(text, /^# TYPE holdfast_push_failures counter$/m);
    assert.match(text, /^holdfast_push_failures_total\{channel="push"\} 3$/m);
  });

  it('stays whole whatever a name holds (reality 2.5)', { skip: promtool }, async () => {
    const name = 'a"b\\c\nd} 1\nfake_metric 7\u001b[31m\u202e';
    const text = await textOf(known([{ ...pending(name), last: ended('done', 5), lastSuccess: at(5) }]));
    assert.doesNotMatch(text, /^fake_metric/m);
    assert.ok(!text.includes('\u001b') && !text.includes('\u202e'));
    assert.equal(lint(text).status, 0, lint(text).stderr);
  });

  it('does not grow without end with the estate, and says what it left out', async () => {
    const many = Array.from({ length: mostSamples + 5 }, (_, index) => ({
      ...{ ...pending(`job-${index}`), last: ended('done', 5), lastSuccess: at(5) },
    }));
    const text = await textOf(known(many));
    assert.equal((text.match(/^backup_last_success_timestamp\{/gm) ?? []).length, mostSamples);
    assert.match(text, /^holdfast_series_left_out\{family="backup_last_success_timestamp"\} 5$/m);
    assert.doesNotMatch(await textOf(everything), /series_left_out/, 'control: nothing was left out there');
  });

  it('carries no label that a guest or a cluster could have made up', () => {
    const allowed = [
      'job',
      'outcome',
      'status',
      'volume_group',
      'pool',
      'part',
      'machine',
      'folder',
      'layer',
      'channel',
      'version',
    ];
    const labels = metricsOf(everything).flatMap(({ samples }) => samples.flatMap((one) => Object.keys(one.labels)));
    assert.deepEqual(
      [...new Set(labels)].filter((label) => !allowed.includes(label)),
      [],
    );
  });
});

describe('what is pushed', () => {
  it('is a group for each job, with all three times, and one for what is of no job (reality 1.5d, L10)', async () => {
    const groups = await pushGroups('home', metricsOf(everything));
    assert.deepEqual(groups.map(({ labels }) => `${labels.job}/${labels['estate']}`).sort(), [
      'holdfast/home',
      'photos/home',
      'vaultwarden-check/home',
      'volumes/home',
    ]);
    const volumes = groups.find(({ labels }) => labels.job === 'volumes');
    for (const line of ['backup_last_run_timestamp 7200', 'backup_last_status 1', 'backup_last_success_timestamp 3600'])
      assert.ok(volumes?.text.includes(`\n${line}\n`), line);
    assert.ok(!volumes?.text.includes('job='), 'the gateway adds the job, and refuses a second one');
  });
});
