// The host of the lab as one at a prompt meets it: its commands are started as programs, with its folder of commands and nothing else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { claims } from './claims.ts';
import { lvOf } from './cluster.ts';
import { startHost } from './host.ts';

const [vaultwarden] = claims;
const lv = lvOf(vaultwarden?.uuid ?? '');
const device = `/dev/pve/${lv}`;

describe('the host of the lab', {
  skip: ['/sbin', '/usr/sbin'].some((one) => existsSync(`${one}/mke2fs`)) ? false : 'needs e2fsprogs',
}, () => {
  let dir = '';
  let host: Awaited<ReturnType<typeof startHost>>;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'holdfast-lab-test-'));
    host = await startHost(dir);
  });
  after(async () => {
    await host?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  type Said = Readonly<{ exitCode: number | null; stdout: string; stderr: string }>;
  /** Nothing of this process runs while spawnSync waits, so another thread asks. */
  const ask = async (...argv: readonly string[]): Promise<Said> => {
    const script = `const { parentPort, workerData } = require('node:worker_threads');
      const { status, stdout, stderr } = require('node:child_process').spawnSync(workerData.argv[0], workerData.argv.slice(1), {
        encoding: 'utf8', env: { PATH: workerData.bin } });
      parentPort.postMessage({ exitCode: status, stdout, stderr });`;
    const [name = '', ...rest] = argv;
    const worker = new Worker(script, {
      eval: true,
      workerData: { argv: [join(host.bin, name), ...rest], bin: host.bin },
    });
    return new Promise((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
    });
  };
  const must = async (...argv: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await ask(...argv);
    assert.equal(exitCode, 0, `${argv.join(' ')}: ${stderr}`);
    return stdout;
  };

  it('shows the volumes of the cluster, in use where a pod runs on them', async () => {
    const rows = (await must('lvs', '--noheadings', '-o', 'lv_name,lv_attr', '-S', 'lv_name=~^vm-')).trim().split('\n');
    assert.equal(rows.length, claims.length);
    const free = rows.filter((row) => !/ Vwi-ao/.test(row));
    assert.deepEqual(free.length, claims.filter(({ released }) => released).length);
  });

  it('has real file systems in them, that their own programs read and find sound', async () => {
    assert.equal(await must('debugfs', '-R', 'cat /logins.csv', device), vaultwarden?.files['logins.csv']);
    assert.equal(
      (await must('blkid', '--probe', '--output', 'value', '--match-tag', 'TYPE', '--', device)).trim(),
      'ext4',
    );
    await must('lvcreate', '-s', '-kn', '-n', 'look', `pve/${lv}`);
    await must('e2fsck', '-f', '-n', '/dev/pve/look');
    await must('lvremove', '-f', 'pve/look');
    const gone = await ask('e2fsck', '-f', '-n', '/dev/pve/look');
    assert.notEqual(gone.exitCode, 0, 'a volume that is not there is never one of this machine');
    assert.doesNotMatch(gone.stderr, / \/dev\/pve/);
  });

  it('has the commands of its folder and no other: none of them can reach a disk of this machine', async () => {
    const names = readdirSync(host.bin);
    for (const own of ['lvs', 'lvcreate', 'lvremove', 'dmsetup', 'kubectl']) assert.ok(names.includes(own));
    for (const foreign of ['mount', 'cryptsetup', 'vgs', 'dd']) assert.ok(!names.includes(foreign), foreign);
    const { exitCode } = await ask('sh', '-c', 'vgs');
    assert.equal(exitCode, 127);
    assert.equal(statSync(join(dir, 'host')).mode & 0o077, 0, 'what it holds is for its owner alone');
  });

  it('lets go of a volume when its workload is scaled down, and takes it again', async () => {
    const attributes = async () => (await must('lvs', '--noheadings', '-o', 'lv_attr', `pve/${lv}`)).trim();
    const scale = (to: number, from: number) =>
      must(
        'kubectl',
        'scale',
        'deployment/vaultwarden',
        '-n',
        'vaultwarden',
        `--replicas=${to}`,
        `--current-replicas=${from}`,
      );
    await scale(0, 1);
    assert.equal(await attributes(), 'Vwi-a-tz--');
    await scale(1, 0);
    assert.equal(await attributes(), 'Vwi-aotz--');
  });

  it('has each fault until it is undone, and is as it was then', async () => {
    const snapshot = async () => {
      const { exitCode, stderr } = await ask('lvcreate', '-s', '-n', 'hf_probe', `pve/${lv}`);
      if (exitCode === 0) await must('lvremove', '-f', 'pve/hf_probe');
      return stderr;
    };
    const met: Readonly<Record<string, () => Promise<boolean>>> = {
      'bad-volume': async () => /Input\/output error/.test(await snapshot()),
      'pool-full': async () => /93\.0/.test(await must('lvs', '-o', 'data_percent', 'pve/data')),
      'cluster-down': async () =>
        /connection .* refused|was refused/.test((await ask('kubectl', 'get', 'pv', '-o', 'json')).stderr),
      'pods-not-ready': async () => {
        await must('kubectl', 'scale', 'deployment/vaultwarden', '-n', 'vaultwarden', '--replicas=0');
        await must('kubectl', 'scale', 'deployment/vaultwarden', '-n', 'vaultwarden', '--replicas=1');
        const found = JSON.parse(
          await must('kubectl', 'get', 'deployment', 'vaultwarden', '-n', 'vaultwarden', '-o', 'json'),
        );
        return (found.status.readyReplicas ?? 0) === 0;
      },
    };
    for (const [name, isMet] of Object.entries(met)) {
      assert.equal(await isMet(), false, `${name} before`);
      const undo = host.bringAbout(name as Parameters<typeof host.bringAbout>[0], undefined);
      assert.equal(await isMet(), true, name);
      undo();
      assert.equal(await isMet(), false, `${name} after`);
    }
    assert.throws(() => host.bringAbout('bad-volume', 'no/such'), /there is no claim 'no\/such'/);
    assert.throws(() => host.bringAbout('pool-full', 'nonsense'), /'data' and 'metadata'/);
  });

  it('says that it is gone when the lab has ended, and another start begins anew', async () => {
    await must('lvcreate', '-s', '-n', 'left', `pve/${lv}`);
    await host.close();
    const said = spawnSync(join(host.bin, 'lvs'), { encoding: 'utf8' });
    assert.deepEqual([said.status, said.stderr], [69, 'lvs: the lab is not running\n']);
    host = await startHost(dir);
    assert.doesNotMatch(await must('lvs', '-o', 'lv_name'), /left/);
  });
});
