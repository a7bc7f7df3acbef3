// Figures of real runs, typed as an operator types them, in a real Pushgateway and a real Prometheus' eyes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  freePort,
  type Gateway,
  startGateway,
  withoutGateway,
} from '../../src/channels/pushgateway/gateway.test-support.ts';
import { canMount, type Estate, estateIn, imageOf, photosEstate, treeIn, until } from './estate.test-support.ts';

const needs = canMount() ? withoutGateway : 'it needs root and loop devices';

const seriesOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('holdfast_points_read'));

describe('the figures of a run', { skip: needs }, () => {
  let gateway: Gateway;
  let estate: Estate;
  const image = () => join(estate.folder, 'photos.img');

  before(async () => {
    gateway = await startGateway();
    const channels = `channels: [{ name: push, kind: pushgateway, url: "${gateway.url}" }]\n`;
    estate = estateIn(`${photosEstate('figures')}${channels}`, 'figures');
    imageOf(image(), treeIn(join(estate.folder, 'tree'), { 'a.jpg': 'a' }), 8);
  });
  after(async () => {
    await gateway.stop();
    estate.close();
  });

  const shown = async (name: string): Promise<number | undefined> => {
    const line = (await gateway.shows()).split('\n').find((one) => one.startsWith(`${name}{`));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };

  it('are pending and no zeros before the first run', async () => {
    const { stdout, status } = await estate.type('metrics');
    assert.equal(status, 0);
    assert.match(stdout, /^holdfast_job_last_outcome\{job="photos-image",outcome="pending"\} 1$/m);
    assert.doesNotMatch(stdout, /^backup_last/m);
  });

  it('are in the Pushgateway when the command ends', async () => {
    const { status, stderr } = await estate.type('run', 'photos-image');
    assert.equal(status, 0, stderr);
    assert.equal(await shown('backup_last_status'), 0);
    const [success, run] = [await shown('backup_last_success_timestamp'), await shown('backup_last_run_timestamp')];
    assert.ok(success !== undefined && success === run && Math.abs(Date.now() / 1000 - success) < 120);
    assert.equal(await shown('holdfast_points'), 1);
  });

  it('say a failure, and leave the last success where it was (reality 1.5c)', async () => {
    const success = await shown('backup_last_success_timestamp');
    rmSync(image());
    assert.equal((await estate.type('run', 'photos-image')).status, 1);
    assert.equal(await shown('backup_last_status'), 2);
    assert.equal(await shown('backup_last_success_timestamp'), success);
    assert.ok(Number(await shown('backup_last_run_timestamp')) > Number(success));
  });

  it('that do not arrive do not make the backup fail: it is said, journalled and counted, and the next push makes it good (reality 2.5, 2.6, 6.25)', async () => {
    imageOf(image(), join(estate.folder, 'tree'), 8);
    await gateway.stop();
    const { status, stderr } = await estate.type('run', 'photos-image');
    assert.equal(status, 0, 'the backup is there');
    assert.match(stderr, /figures for push: failed \(figures-not-pushed\)/);
    const [newest] =
      estate.journal((runs, entriesOf) => runs.map((run) => ({ run, entries: entriesOf(run.id) }))) ?? [];
    assert.equal(newest?.run.state, 'done');
    assert.equal(newest?.entries.at(-1)?.path, 'figures for push');
    assert.match((await estate.type('log')).stdout, /figures for push: failed/);
    assert.match((await estate.type('metrics')).stdout, /^holdfast_push_failures_total\{channel="push"\} 1$/m);
    assert.equal((await estate.type('metrics', '--push')).status, 1, 'still nobody there');

    gateway = await startGateway(gateway.port);
    const pushed = await estate.type('metrics', '--push');
    assert.equal(pushed.status, 0, pushed.stdout);
    assert.equal(await shown('backup_last_status'), 0, 'it had lost everything, and has everything again');
    assert.equal(await shown('holdfast_push_failures_total'), 2);
  });

  it('that a gateway refuses do not make the backup fail either', async () => {
    await fetch(`${gateway.url}/metrics/job/photos-image/estate/figures`, { method: 'DELETE' });
    await fetch(`${gateway.url}/metrics/job/holdfast/estate/figures`, { method: 'DELETE' });
    const other = '# TYPE backup_last_status counter\nbackup_last_status 7\n';
    assert.equal((await gateway.post('/metrics/job/old-script', other)).status, 200);
    const { status, stderr } = await estate.type('run', 'photos-image');
    assert.equal(status, 0);
    assert.match(stderr, /refused job="photos-image" with 400/);
  });

  it('are the same from /metrics before and after a restart, and what promtool reads (reality 2.7, 6.25)', async () => {
    const port = await freePort();
    const scraped = async (): Promise<string> => {
      const started = estate.start('metrics', '--listen', `127.0.0.1:${port}`);
      await until('the listener', () => /figures for Prometheus/.test(started.said.stderr));
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      started.process.kill('SIGTERM');
      assert.equal(await started.ended, 0, started.output());
      return text;
    };
    const [first, second] = [await scraped(), await scraped()];
    assert.ok(seriesOf(first).some((line) => line.startsWith('holdfast_points{layer="photos-image"}')));
    assert.deepEqual(seriesOf(second).map(nameOf), seriesOf(first).map(nameOf));
    const said = spawnSync('promtool', ['check', 'metrics'], { input: first, encoding: 'utf8' });
    if (said.error === undefined) assert.equal(said.status, 0, said.stderr);
  });

  it('are given to nobody elsewhere', async () => {
    const { status, stderr } = await estate.type('metrics', '--listen', '0.0.0.0:9467');
    assert.equal(status, 64);
    assert.match(stderr, /listen-address-refused/);
  });

  it('stand behind `points`, which says what was expected, what was done and how old that is (reality 1.2w)', async () => {
    const { stdout } = await estate.type('points');
    assert.match(stdout, /photos-image: 1 expected, 1 done \(run \S+, done, ended .* ago; last whole .* ago\)/);
    rmSync(image());
    await estate.type('run', 'photos-image');
    const failed = (await estate.type('points', 'photos')).stdout;
    assert.match(failed, /photos-image: 1 expected, 0 done; missing: open .*photos\.img/);
    assert.equal((await estate.type('points', 'nobody')).status, 64);
  });
});

const nameOf = (line: string): string => line.slice(0, line.lastIndexOf(' '));
