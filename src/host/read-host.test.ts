import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Fault } from '../fault.ts';
import { localMachine } from '../machines/local.ts';
import type { HostFacts } from '../model/host.ts';
import { fixtureHost, noon, steppedClock } from './fixture.test-support.ts';
import { readHost } from './read-host.ts';
import type { HostMachine } from './reader.ts';

const missing = (facts: HostFacts) => facts.unread.map(({ source, fault }) => `${source}: ${fault.code}`).sort();
describe('doctor reads a PVE host', () => {
  it('whole: guests of all nodes, storages, jobs and folders, each with its source and time', async (t) => {
    const host = await fixtureHost(t, 'pve-faulty');
    const facts = await host.read();
    assert.deepEqual(facts.unread, []);
    assert.equal(facts.node, 'ruapehu');
    assert.equal(facts.pbs, undefined);
    assert.equal(facts.pve?.version, '9.1.4');
    assert.deepEqual(
      facts.pve.guests?.map(({ vmid, kind, node, running }) => [vmid, kind, node, running]),
      [
        [100, 'vm', 'ruapehu', true],
        [101, 'vm', 'ruapehu', true],
        [105, 'vm', 'ruapehu', true],
        [106, 'vm', 'ruapehu', false],
        [120, 'vm', 'hikurangi', true],
        [200, 'ct', 'ruapehu', true],
      ],
    );
    assert.deepEqual(
      facts.pve.jobs?.map(({ id, takes }) => [id, takes]),
      [
        ['nightly', [100, 101, 106, 120, 200]],
        ['by-hand', [105]],
        ['fleeced', [106]],
        ['to-usb', [100, 106]],
      ],
    );
    assert.deepEqual(
      facts.pve.folders.map(({ path, mountPoint, free }) => [path, mountPoint, free]),
      [
        ['/mnt/usb-backup', '/', 20 * 1024 ** 3],
        ['/var/tmp', '/', 20 * 1024 ** 3],
      ],
    );
    const shop = facts.pve.guests?.[0];
    assert.equal(shop?.source, '/etc/pve/nodes/ruapehu/qemu-server/100.conf');
    assert.equal(shop?.at, noon);
    assert.deepEqual(
      shop?.disks.map(({ key }) => key),
      ['scsi0', 'scsi1'],
      'a disk of a snapshot is no disk',
    );
  });

  it('without changing anything on it', async (t) => {
    for (const name of ['pve-faulty', 'pve-clean', 'pbs']) {
      const host = await fixtureHost(t, name);
      const before = await host.digest();
      await host.read();
      assert.equal(await host.digest(), before, name);
      const calls = await host.calls();
      assert.ok(calls.length > 2, `${name}: the calls were noted at all`);
      const reads =
        /^(pvesh get|proxmox-backup-debug api get|proxmox-backup-manager versions|ip -json (address|neighbour)|getent ahosts|df) /;
      assert.deepEqual(
        calls.filter((call) => !reads.test(`${call} `)),
        [],
      );
    }
  });

  it('so that a program that writes would be noticed (control)', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    const before = await host.digest();
    await promisify(execFile)(join(host.root, 'usr/bin/pvesh'), ['set', '/cluster/backup/nightly', '--enabled', '0']);
    assert.notEqual(await host.digest(), before);
  });

  it('and takes the defaults of vzdump.conf where a job says nothing, and only there', async (t) => {
    const host = await fixtureHost(t, 'pve-faulty');
    await host.put(
      'etc/vzdump.conf',
      'mode: suspend\ntmpdir: /mnt/usb-backup\nstorage: usb\nprune-backups: keep-last=2\nremove: 0\n',
    );
    await host.put(
      'etc/pve/jobs.cfg',
      'vzdump: bare\n\tall 1\n\nvzdump: own\n\tall 1\n\tmode stop\n\tstorage pbs-pihanga\n\tremove 1\n',
    );
    const [bare, own] = (await host.read()).pve?.jobs ?? [];
    assert.deepEqual(
      [bare?.mode, bare?.storage, bare?.tmpdir, bare?.removes],
      ['suspend', 'usb', '/mnt/usb-backup', false],
    );
    assert.deepEqual([own?.mode, own?.storage, own?.removes], ['stop', 'pbs-pihanga', true]);
    assert.equal(bare?.retention, undefined, 'its own; the default is counted after that of the storage');
    await host.put('etc/pve/jobs.cfg', 'vzdump: folder\n\tall 1\n\tdumpdir /mnt/other\n');
    const [folder] = (await host.read()).pve?.jobs ?? [];
    assert.deepEqual([folder?.storage, folder?.dumpdir], [undefined, '/mnt/other'], 'its own folder is its target');
  });

  it('and knows the guests of a pool from PVE, and says so when it does not', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    await host.put('etc/pve/jobs.cfg', 'vzdump: by-pool\n\tpool core\n\tstorage pbs-out\n');
    await host.put(
      'answers/pvesh/cluster-resources',
      '[{"vmid":110,"pool":"core","status":"running"},{"vmid":210,"pool":"core/inner","status":"running"}]',
    );
    assert.deepEqual((await host.read()).pve?.jobs?.[0]?.takes, [110], 'a nested pool is another pool');
    await host.put('answers/pvesh/cluster-resources.fails', 'cannot do it');
    const facts = await host.read();
    assert.equal(facts.pve?.jobs?.[0]?.takes, undefined);
    assert.match(facts.unread[0]?.fault.says ?? '', /cannot do it/);
  });

  it('and adds the storage `local` that PVE has even where the file does not say so', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    await host.put('etc/pve/storage.cfg', 'pbs: pbs-out\n\tserver 10.10.0.151\n\tdatastore d\n');
    const local = (await host.read()).pve?.storages?.find(({ name }) => name === 'local');
    assert.equal(local?.path, '/var/lib/vz');
  });

  it('whose guests have hostile names and odd lines, and says which lines those are', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    await host.put(
      'etc/pve/nodes/hikurangi/qemu-server/666.conf',
      'name: \u001b]0;owned\u0007$(reboot)\n!!\nscsi0: x:y,size=1G\n',
    );
    await host.put('etc/pve/nodes/hikurangi/qemu-server/notes.txt', 'no guest');
    await host.put('etc/pve/nodes/hikurangi/qemu-server/99.conf', 'name: no id a guest can have');
    const facts = await host.read();
    assert.deepEqual(
      facts.pve?.guests?.map(({ vmid }) => vmid),
      [110, 210, 666],
    );
    assert.deepEqual(missing(facts), ['/etc/pve/nodes/hikurangi/qemu-server/666.conf: host-lines-not-understood']);
    assert.match(facts.unread[0]?.fault.says ?? '', /line 2 /);
  });
});

describe('doctor keeps going', () => {
  it('past anything that cannot be read, and says each', async (t) => {
    const host = await fixtureHost(t, 'pve-faulty');
    await host.put('etc/pve/jobs.cfg', 'x'.repeat(2 * 1024 * 1024));
    await host.put('usr/bin/pvesh', undefined);
    await host.put('answers/ip/address.fails', 'no such device');
    await host.put('proc/self/mountinfo', undefined);
    const facts = await host.read();
    assert.equal(facts.pve?.jobs, undefined);
    assert.equal(facts.pve?.guests?.length, 6);
    assert.deepEqual(missing(facts), [
      '/etc/pve/jobs.cfg: file-too-large',
      '/proc/self/mountinfo: host-file-odd',
      '/usr/bin/ip -json address: host-command-failed',
      '/usr/bin/pvesh get /cluster/resources --type vm --output-format json: host-program-missing',
      '/usr/bin/pvesh get /nodes/ruapehu/storage --output-format json: host-program-missing',
      '/usr/bin/pvesh get /version --output-format json: host-program-missing',
    ]);
  });

  it('when the cluster file system is not mounted: nothing is known of jobs, which is not the same as none', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    await host.put('etc/pve', undefined);
    const facts = await host.read();
    assert.equal(facts.pve?.guests, undefined);
    assert.equal(facts.pve?.jobs, undefined);
    assert.equal(facts.pve?.storages, undefined);
    assert.ok(missing(facts).includes('/etc/pve/nodes: host-cluster-files-missing'));
  });

  it('when a program hangs: it is killed at its deadline, and all is over within a minute', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    await host.put('answers/pvesh/version.hangs', '');
    const clock = steppedClock();
    const reading = host.read(clock);
    let done = false;
    void reading.finally(() => {
      done = true;
    });
    while (!(await host.calls()).some((call) => call.includes('/version'))) await setImmediate();
    while (!done) {
      clock.step(250);
      await setImmediate();
    }
    const facts = await reading;
    assert.ok(clock.monotonic() < 60_000, `${clock.monotonic()} ms by its own clock`);
    assert.equal(facts.pve?.version, undefined);
    assert.match(missing(facts).join('\n'), /pvesh get \/version/);
  });

  it('but refuses where neither PVE nor PBS is installed, and says what to do', async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'bare-'));
    t.after(() => rm(root, { recursive: true }));
    const clock = steppedClock();
    await assert.rejects(readHost(localMachine({ name: 'here', clock }), { root, clock }), (error) => {
      assert.ok(error instanceof Fault);
      assert.deepEqual([error.code, error.exit], ['no-proxmox-here', 'failed']);
      assert.match(error.remedy, /--estate/);
      return true;
    });
  });

  it('when a file hangs: it is given up, and the rest is read', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    const clock = steppedClock();
    const machine = localMachine({ name: 'here', clock });
    let hanging = false;
    const read = (path: string, limit: number) => {
      if (!path.endsWith('/jobs.cfg')) return machine.files.read(path, limit);
      hanging = true;
      return new Promise<never>(() => {});
    };
    const reading = readHost({ ...machine, files: { ...machine.files, read } }, { root: host.root, clock });
    while (!hanging) await setImmediate();
    clock.step(21_000);
    const facts = await reading;
    assert.deepEqual(missing(facts), ['/etc/pve/jobs.cfg: host-too-slow']);
    assert.equal(facts.pve?.jobs, undefined);
    assert.equal(facts.pve?.guests?.length, 2);
  });

  it('when the cluster file system hangs: a child finds out, and no thread of this process is left waiting there', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    const clock = steppedClock();
    const machine = localMachine({ name: 'here', clock });
    const dead = join(host.root, 'etc/pve');
    const touched: string[] = [];
    const touch = (path: string): string => {
      if (path.startsWith(dead)) touched.push(path);
      return path;
    };
    let hanging = false;
    const hung: HostMachine = {
      stream: (argv, options) => {
        if (!argv.some((word) => word.startsWith(dead))) return machine.stream(argv, options);
        hanging = true;
        return { stdout: machine.stream(['/usr/bin/true']).stdout, ended: new Promise<never>(() => {}) };
      },
      files: {
        ...machine.files,
        info: (path) => machine.files.info(touch(path)),
        read: (path, limit) => machine.files.read(touch(path), limit),
        list: (folder) => machine.files.list(touch(folder)),
      },
    };
    const reading = readHost(hung, { root: host.root, clock }).finally(() => {
      hanging = true;
    });
    while (!hanging) await setImmediate();
    clock.step(21_000);
    const facts = await reading;
    assert.deepEqual(touched, []);
    assert.ok(missing(facts).includes('/etc/pve/storage.cfg: host-too-slow'), missing(facts).join('\n'));
    assert.deepEqual([facts.pve?.guests, facts.pve?.jobs, facts.pve?.storages], [undefined, undefined, undefined]);
    assert.ok(clock.monotonic() < 60_000);
  });

  it('and stops at once when it is interrupted', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    await host.put('answers/pvesh/version.hangs', '');
    const clock = steppedClock();
    const stop = new AbortController();
    const reading = readHost(localMachine({ name: 'here', clock }), { root: host.root, clock, signal: stop.signal });
    while (!(await host.calls()).some((call) => call.includes('/version'))) await setImmediate();
    stop.abort(new Error('interrupted'));
    await assert.rejects(reading, /interrupted/);
  });
});
