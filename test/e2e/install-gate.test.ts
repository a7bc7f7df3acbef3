// A gate as an operator installs it, uses it, and takes it away; with the real LVM behind it, which has no volume group here.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { listVolumes } from '../../src/layers/common/lvm/list.ts';
import { type Sshd, startSshd } from '../../src/machines/sshd.test-support.ts';
import { machinesOf } from '../../src/machines-of-estate.ts';
import { systemClock } from '../../src/values/instant.ts';
import { Secret } from '../../src/values/secret.ts';
import type { SecretReference } from '../../src/values/secret-reference.ts';
import { type Estate, estateIn } from './estate.test-support.ts';
import { cannotGate, takeAway, user } from './gate.test-support.ts';

const text = (port: number, hostKey: string): string => `
estate: gated
workloads: [{ name: claims }]
machines:
  - name: pve1
    ssh:
      host: 127.0.0.1
      port: ${port}
      host_key: ${hostKey.split(' ').slice(0, 2).join(' ')}
      key: { file: FOLDER/admin }
      gate:
        user: ${user}
        observe: { file: FOLDER/observe }
        snap: { file: FOLDER/snap }
        copy: { file: FOLDER/copy }
        from: [127.0.0.1]
        volume_groups: [holdfast-test-none]
layers:
  - { name: photos, kind: disk-image, machine: pve1, workload: claims, image: /srv/photos.img, to: /srv/copies, keep: { keep_last: 2 } }
`;

describe('install-gate', { skip: cannotGate() }, () => {
  let sshd: Sshd;
  let estate: Estate;
  const made = [`/usr/local/lib/${user}/gate`, `/etc/sudoers.d/${user}`, `/var/lib/${user}-gate/.ssh/authorized_keys`];
  const there = () => made.filter((path) => existsSync(path));

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-gated-'));
    for (const name of ['admin', 'observe', 'snap', 'copy'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
    const keys = `AuthorizedKeysFile %h/.ssh/authorized_keys ${join(folder, 'admin.pub')}`;
    sshd = await startSshd({ config: [keys] });
    estate = estateIn(text(sshd.port, sshd.hostKey), 'gated', folder);
  });
  after(async () => {
    await sshd.stop();
    estate.close();
    takeAway();
  });

  it('shows everything before it does anything, and does nothing unless it is agreed to', async () => {
    const shown = await estate.type('install-gate', 'pve1', '--here', '--dry-run');
    assert.equal(shown.status, 0, shown.stderr);
    for (const path of made) assert.match(shown.stdout, new RegExp(`make the file ${path}`));
    assert.match(shown.stdout, /make the account .*without a password/);
    const silent = await estate.type('install-gate', 'pve1', '--here');
    assert.equal(silent.status, 64);
    assert.deepEqual(there(), []);
  });

  it("is made over an admin's key as well, found there again, and taken away", async () => {
    const shown = await estate.type('install-gate', 'pve1', '--dry-run');
    assert.equal(shown.status, 0, shown.stderr);
    assert.deepEqual(there(), []);
    const done = await estate.type('install-gate', 'pve1', '--yes');
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(there(), made);
    assert.match(sshd.log(), /Accepted publickey for root/);
    assert.match((await estate.type('install-gate', 'pve1', '--yes')).stdout, /Nothing was done/);
    const removed = await estate.type('install-gate', 'pve1', '--remove', '--yes');
    assert.equal(removed.status, 0, removed.stderr);
    assert.deepEqual(there(), []);
  });

  it('makes it on a yes, and a second time finds nothing to do', async () => {
    const { status, stderr } = await estate.type('install-gate', 'pve1', '--here', '--yes');
    assert.equal(status, 0, stderr);
    assert.deepEqual(there(), made);
    const again = await estate.type('install-gate', 'pve1', '--here', '--yes');
    assert.match(again.stdout, /Nothing was done/);
    assert.equal(execFileSync('visudo', ['-c', '-f', made[1] ?? ''], { encoding: 'utf8' }).includes('OK'), true);
    const keys = readFileSync(made[2] ?? '', 'utf8')
      .trim()
      .split('\n');
    assert.equal(keys.length, 3);
    for (const line of keys)
      assert.match(line, /^restrict,from="127\.0\.0\.1",command="\S+\/gate (observe|snap|copy)" ssh-ed25519 /);
  });

  it('is the only way from then on: LVM there is asked as root, with a key that can do no more', async () => {
    rmSync(join(estate.folder, 'admin'));
    writeFileSync(estate.file, readFileSync(estate.file, 'utf8').replace(/ +key: .*\n/, ''));
    const secret = async (reference: SecretReference, audience: string) =>
      new Secret('key', readFileSync('file' in reference ? reference.file : '', 'utf8'), audience);
    const [host, port] = [sshd.hostKey.split(' ').slice(0, 2).join(' '), sshd.port];
    const key = (name: string) => ({ file: join(estate.folder, name) });
    const gate = {
      ...{ user, observe: key('observe'), snap: key('snap'), copy: key('copy'), from: ['127.0.0.1'] },
      volume_groups: ['holdfast-test-none'],
    };
    const ssh = { host: '127.0.0.1', port, user: 'root', host_key: host, gate };
    const connections = { machines: [{ name: 'pve1', ssh }], kubernetes: [] };
    await using machines = machinesOf({ clock: systemClock, run: undefined, connections, secret });
    const machine = machines.machine('pve1');
    await assert.rejects(
      listVolumes(machine, 'holdfast-test-none'),
      { code: 'volume-group-missing' },
      'by the real lvs',
    );
    await assert.rejects(listVolumes(machine, 'other'), { code: 'gate-refused' });
    assert.ok(
      Buffer.from((await machine.files.read('/proc/meminfo', 100_000)) ?? '')
        .toString()
        .includes('MemAvailable'),
    );
    assert.ok((await machine.files.space('/')).total > 0);
    assert.match(
      (await estate.type('run', 'photos')).stderr,
      /gate-refused/,
      'a layer that needs more is refused by name',
    );
    assert.doesNotMatch(readFileSync(made[1] ?? '', 'utf8'), /\*\s*$|ALL$|NOPASSWD: ALL/m);
  });

  it('leads back what it has done when a part of it fails', async () => {
    assert.equal((await estate.type('install-gate', 'pve1', '--here', '--remove', '--yes')).status, 0);
    assert.deepEqual(there(), []);
    assert.notEqual(spawnSync('getent', ['passwd', user]).status, 0);
    // Somebody else has a file in the way of the last thing that is made.
    const home = `/var/lib/${user}-gate`;
    execFileSync('sh', [
      '-c',
      'mkdir -p "$0/.ssh" && touch "$0/.ssh/authorized_keys" && chattr +i "$0/.ssh/authorized_keys" 2>/dev/null || true',
      home,
    ]);
    const immutable = spawnSync('sh', ['-c', 'echo x >> "$0"', `${home}/.ssh/authorized_keys`]).status !== 0;
    if (immutable) {
      const failed = await estate.type('install-gate', 'pve1', '--here', '--yes');
      assert.notEqual(failed.status, 0);
      assert.deepEqual(there(), [made[2]], 'only what was there before');
      assert.notEqual(spawnSync('getent', ['passwd', user]).status, 0);
      execFileSync('chattr', ['-i', `${home}/.ssh/authorized_keys`]);
    }
    rmSync(home, { recursive: true, force: true });
  });
});
