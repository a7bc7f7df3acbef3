// The same over a real ssh connection: sshd on loopback, whose root has tcsh for a shell and the firewall's files for a machine,
// without /proc, as FreeBSD is.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { localMachine } from '../../machines/local.ts';
import { type SshMachine, sshMachine } from '../../machines/ssh.ts';
import { cannotServe, type Sshd, startSshd } from '../../machines/sshd.test-support.ts';
import { systemClock } from '../../values/instant.ts';
import { codesOf } from '../common/driver.test-support.ts';
import { differences } from '../common/trees.test-support.ts';
import { type Firewall, firewallWith, unlessRoot } from './firewall.test-support.ts';

describe('a firewall over ssh', { skip: unlessRoot || cannotServe() }, () => {
  let edge: Firewall;
  let sshd: Sshd;
  let machine: SshMachine;
  before(async () => {
    edge = firewallWith({}, () => machine);
    const shell = join(edge.root, 'login-shell');
    const path = 'PATH=/programs:/usr/sbin:/usr/bin';
    writeFileSync(shell, `#!/bin/sh\nexec chroot ${edge.root} env -i ${path} /usr/bin/tcsh "$@"\n`);
    chmodSync(shell, 0o755);
    sshd = await startSshd({ accounts: [`root:*:0:0::/root:${shell}`] });
    const world = `pfsense${process.pid}`;
    const local = localMachine({ name: 'local', clock: systemClock });
    const address = { host: '127.0.0.1', port: sshd.port, user: 'root', hostKey: sshd.hostKey };
    machine = sshMachine({ name: 'firewall', clock: systemClock, world, local, address, key: async () => sshd.key });
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
    await sshd.stop();
    edge.close();
  });

  it('gives config.xml and an archive, which come back as they were', async () => {
    assert.deepEqual((await edge.protect('run1')).degraded, []);
    const [config, archive] = [await edge.points('config'), await edge.points('archive')].map(([first]) => first);
    assert.ok(config !== undefined && archive !== undefined);
    assert.equal(
      readFileSync(join(config.folder, 'config.xml'), 'utf8'),
      readFileSync(join(edge.root, 'cf/conf/config.xml'), 'utf8'),
    );
    await edge.restore('back1', archive);
    assert.equal(differences(join(edge.root, 'var/db'), join(edge.back, 'var/db')), '');
    rmSync(edge.back, { recursive: true });
  });

  it('whose sessions are cut while the archive comes gives none, and its last points stay (reality 1.2t)', async () => {
    edge.at('2026-01-14T05:00:00.000Z');
    let cut = 0;
    const at = (moment: string) => {
      if (cut > 0 || !moment.includes('receiving')) return;
      cut += 1;
      for (const pid of sshd.sessions()) process.kill(pid, 'SIGKILL');
    };
    // Enough of it that it is still on its way when the first piece has come.
    edge.put('/var/db/large', Buffer.from(Array.from({ length: 4_000_000 }, () => Math.floor(Math.random() * 256))));
    const [code] = codesOf(await edge.protect('run2', {}, { at }));
    assert.ok(code !== undefined, 'the archive did not come');
    assert.equal(cut, 1);
    assert.deepEqual(
      (await edge.points('archive')).map(({ manifest }) => manifest.run),
      ['run1'],
    );
  });
});
