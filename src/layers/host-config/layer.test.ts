// The configuration of a host taken, kept and brought back: with every item failing alone, and with its secrets staying secret.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RestorePoint } from '../../model/restore-point.ts';
import { withEncrypted } from '../common/protection.test-support.ts';
import { differences, fault, sh } from '../common/trees.test-support.ts';
import { type Host, hostWith, unlessRoot } from './host.test-support.ts';
import { planProtect } from './protect.ts';
import { hostConfigEntry } from './schema.ts';

/** A PVE host with everything that an operator misses on the morning after its disk has died. */
function pveHost(host: Host): void {
  const { put, root } = host;
  put('/etc/pve/storage.cfg', 'dir: local\n\tpath /var/lib/vz\n');
  put('/etc/pve/priv/storage/pbs.enc', '{"kdf":null,"data":"c2VjcmV0"}', 0o600);
  put('/etc/pve/nodes/hikurangi/lrm_status', 'changes every ten seconds');
  put('/etc/pve/.version', 'virtual');
  put('/etc/pve/new\nnode/lrm_status', 'below a name with a line end');
  put('/etc/network/interfaces', 'auto vmbr0\n');
  put('/etc/fstab', '/dev/sda1 / ext4 defaults 0 1\n');
  put('/etc/exports', '/srv/nfs 10.0.0.0/8(rw)\n');
  put('/etc/systemd/system/daily-backup.timer', '[Timer]\nOnCalendar=05:00\n');
  put('/own/bin/lvm-snapshot.sh', '#!/bin/sh\necho own\n', 0o750);
  mkdirSync(join(root, 'var/lib/pve-cluster'));
  sh(
    `sqlite3 var/lib/pve-cluster/config.db 'PRAGMA journal_mode=WAL; CREATE TABLE tree(data); INSERT INTO tree VALUES(42)' >/dev/null
     touch -d 2002-03-04T05:06:07Z etc/pve etc/pve/nodes/hikurangi etc/pve/new*
     chown 33:33 etc/pve/storage.cfg; setfacl -m u:1234:r etc/fstab; ln -s /lib/x.service etc/systemd/system/x.service
     touch "etc/network/new
line" "etc/network/-rf"; touch -d 2001-02-03T04:05:06Z etc/network/interfaces`,
    root,
  );
  writeFileSync(Buffer.concat([Buffer.from(`${root}/etc/network/`), Buffer.of(0xff, 0xfe)]), 'no UTF-8');
}

const only = async (host: Host): Promise<RestorePoint> => {
  const points = await host.points();
  const newest = points.at(-1);
  assert.ok(newest !== undefined, 'there is a point');
  return newest;
};
const newIdentity = () => execFileSync('age-keygen', { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
const recipientIn = (keys: string) => /public key: (\S+)/.exec(keys)?.[1] ?? '';
const staged = (host: Host): readonly string[] => readdirSync(join(host.root, 'run'));

describe('the configuration of a host', { skip: unlessRoot }, () => {
  let host: Host;
  before(() => {
    host = hostWith({ roles: ['pve'] });
    pveHost(host);
  });
  after(() => host.close());

  it('comes back as it was: contents, owners, modes, ACLs, links and names of any bytes (reality L13)', async () => {
    const { degraded } = await host.protect('run1');
    assert.deepEqual(degraded, []);
    await host.restore('back1', await only(host));
    const files = join(host.back, 'files');
    for (const folder of ['etc/network', 'etc/systemd/system', 'etc/pve'])
      assert.equal(
        differences(join(host.root, folder), join(files, folder), '.version', 'lrm_status'),
        '',
        `${folder} differs`,
      );
    assert.equal(differences(join(host.root, 'own/bin'), join(files, 'usr/local/bin')), '');
    assert.match(sh('getfacl -n fstab', join(files, 'etc')), /user:1234:r/);
    assert.equal(existsSync(join(files, 'etc/pve/.version')), false, 'what changes by itself is no configuration');
    assert.equal(readFileSync(join(host.back, 'said/packages.txt'), 'utf8'), 'pve-manager install\n');
  });

  it('has the units, timers, scripts and exports that a host is lost without (reality 1.2v)', () => {
    const files = join(host.back, 'files');
    for (const [path, content] of [
      ['etc/systemd/system/daily-backup.timer', '[Timer]\nOnCalendar=05:00\n'],
      ['usr/local/bin/lvm-snapshot.sh', '#!/bin/sh\necho own\n'],
      ['etc/exports', '/srv/nfs 10.0.0.0/8(rw)\n'],
    ] as const)
      assert.equal(readFileSync(join(files, path), 'utf8'), content, path);
    assert.equal(existsSync(join(files, 'etc/shadow')), false, 'control: not everything is there');
  });

  it('has a copy of the database behind /etc/pve that SQLite made, rows of its WAL included', () => {
    const copy = join(host.back, 'files/var/lib/pve-cluster/config.db');
    assert.equal(execFileSync('sqlite3', [copy, 'SELECT data FROM tree']).toString(), '42\n');
    assert.equal(existsSync(`${copy}-wal`), false);
  });

  it('leaves nothing behind on the host, and its points are for their owner alone', () => {
    assert.deepEqual(staged(host), []);
    const layer = join(host.copies, 'config');
    assert.equal(statSync(layer).mode & 0o777, 0o700);
    for (const name of readdirSync(layer, { recursive: true }).map(String))
      assert.equal(statSync(join(layer, name)).mode & 0o077, 0, name);
  });

  it('says what changed since the last point, in the log of the run (reality 1.2u)', async () => {
    assert.match((await host.protect('run2')).log.join('\n'), /nothing changed since .*run1/);
    host.put('/etc/pve/storage.cfg', 'dir: local\n\tpath /elsewhere\n');
    host.put('/etc/pve/new.cfg', '');
    rmSync(join(host.root, 'etc/network/interfaces'));
    const { log, results } = await host.protect('run3');
    const says = log.join('\n');
    assert.match(says, /since .*run2: \d+ entr(y|ies) changed, 1 new, 1 gone/);
    assert.match(says, /changed files\/etc\/pve\/storage\.cfg/);
    assert.match(says, /new files\/etc\/pve\/new\.cfg/);
    assert.match(says, /gone files\/etc\/network\/interfaces/);
    const { changes } = results['gather>copy'] as { changes: object };
    assert.deepEqual({ ...changes, since: '' }, { since: '', added: 1, changed: 1, gone: 1 });
  });

  it('has in an older point the owner and the mode of then, when they change at the source (reality L16)', async () => {
    const own = hostWith({ roles: ['pve'] });
    try {
      pveHost(own);
      await own.protect('then');
      const point = await only(own);
      sh('chown 1234:1234 etc/fstab; chmod 0600 etc/fstab', own.root);
      await own.protect('now');
      await own.restore('back', point);
      const { uid, mode } = statSync(join(own.back, 'files/etc/fstab'));
      assert.deepEqual([uid, mode & 0o700], [0, 0o600]);
      assert.notEqual(mode & 0o044, 0, 'others could read it then');
      assert.equal(statSync(join(own.root, 'etc/fstab')).uid, 1234, 'control: it did change');
    } finally {
      own.close();
    }
  });

  it('keeps as many points as `keep` says (reality 1.2u)', async () => {
    assert.deepEqual(
      (await host.points()).map(({ manifest }) => manifest.run),
      ['run2', 'run3'],
    );
  });

  it('is taken without what cannot be read, which is said; and then no older point goes', async () => {
    host.program('apt-mark', 'echo broken >&2; exit 1');
    const { degraded, notes } = await host.protect('run4');
    assert.match(degraded.join('\n'), /^packages: host: apt-mark: broken/);
    assert.match(
      notes.map(({ says }) => says).join('\n'),
      /no older point is removed, because this one lacks packages/,
    );
    assert.equal((await host.points()).length, 3);
    const { items } = (await only(host)).manifest.details as { items: { name: string; fate: string }[] };
    assert.equal(items.find(({ name }) => name === 'packages')?.fate, 'failed');
    assert.equal(items.find(({ name }) => name === 'pve')?.fate, 'taken');
    host.program('apt-mark', 'echo pve-manager');
    await host.protect('run5');
    assert.equal((await host.points()).length, 2, 'the next whole one lets them go (control)');
  });

  it('is degraded where a host of its roles must have what it has not', async () => {
    const { degraded } = await host.protect('run6', {}, { roles: ['pve', 'pbs'] });
    assert.deepEqual(degraded, ['pbs: not there, and a host of these roles has it']);
  });

  it('of another installation pushes out no point of the one before', async () => {
    host.put('/etc/machine-id', 'ffffffffffffffffffffffffffffffff\n');
    const before = (await host.points()).length;
    const { notes } = await host.protect('run7');
    assert.equal((await host.points()).length, before + 1);
    assert.match(notes.map(({ says }) => says).join('\n'), /another installation/);
  });
});

describe('what lies below the file systems', { skip: unlessRoot }, () => {
  let host: Host;
  before(async () => {
    host = hostWith({ luks: ['/luks.img'], roles: [] });
    const { root, program } = host;
    sh(
      `truncate -s 32M luks.img disk.img
       printf secret | cryptsetup luksFormat --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 luks.img -
       echo 'label: gpt
,10M' | sfdisk -q disk.img`,
      root,
    );
    program('lsblk', `echo '{"blockdevices":[{"path":"/disk.img","type":"disk"},{"path":"/luks.img","type":"disk"}]}'`);
    program('vgs', 'echo "  pve"');
    program('vgcfgbackup', '[ "$1" = --file ] && echo "metadata of $3" > "$2"');
    assert.deepEqual((await host.protect('run1')).degraded, []);
    await host.restore('back1', await only(host));
  });
  after(() => host.close());

  it('is a LUKS header that opens the data again, when the first sectors of the disk are gone (reality 1.2v, L15)', () => {
    const [header = ''] = readdirSync(join(host.back, 'luks'));
    const lost = join(host.root, 'luks.img');
    sh(`dd if=/dev/zero of=luks.img bs=1M count=8 conv=notrunc status=none`, host.root);
    const opens = () => sh(`printf secret | cryptsetup open --test-passphrase --key-file - ${lost}`, host.root);
    assert.throws(opens, 'it is lost (control)');
    sh(
      `cryptsetup luksHeaderRestore --batch-mode ${lost} --header-backup-file ${join(host.back, 'luks', header)}`,
      host.root,
    );
    opens();
  });

  it('is the partition table of each disk that has one, and the metadata of each volume group (reality 1.2v)', () => {
    assert.deepEqual(readdirSync(join(host.back, 'partitions')), ['_2f_disk.img.sfdisk']);
    assert.match(
      readFileSync(join(host.back, 'partitions/_2f_disk.img.sfdisk'), 'utf8'),
      /label: gpt[\s\S]*size= *20480/,
    );
    assert.equal(readFileSync(join(host.back, 'lvm/pve.vg'), 'utf8'), 'metadata of pve\n');
  });

  it('is said to be missing where a declared LUKS device has none', async () => {
    writeFileSync(join(host.root, 'plain.img'), 'nothing');
    const { degraded } = await host.protect('run2', {}, { luks: ['/luks.img', '/plain.img'] });
    assert.match(degraded.join('\n'), /luks-headers: .*\/plain\.img/);
  });
});

describe('points that are encrypted to a recipient', { skip: unlessRoot }, () => {
  let host: Host;
  let identity: string;
  before(async () => {
    const keys = newIdentity();
    host = hostWith({ roles: ['pve'], encrypt_to: [recipientIn(keys)] });
    identity = join(host.root, 'tmp', 'identity');
    writeFileSync(identity, keys.split('\n').find((line) => line.startsWith('AGE-SECRET-KEY')) ?? '');
    pveHost(host);
    await host.protect('run1');
  });
  after(() => host.close());

  it('hold nothing that can be read, file names included', async () => {
    const { folder, manifest } = await only(host);
    assert.deepEqual(
      manifest.parts.map(({ name }) => name),
      ['contents.tar.age', 'listing.ndjson.age'],
    );
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name)).toString('latin1');
      for (const secret of ['c2VjcmV0', 'pbs.enc', 'vmbr0']) assert.ok(!text.includes(secret), `${secret} in ${name}`);
    }
  });

  it('come back with the identity, and with no other', async () => {
    const point = await only(host);
    await assert.rejects(host.restore('back1', point), fault('identity-missing'));
    const other = join(host.root, 'tmp', 'other');
    writeFileSync(
      other,
      execFileSync('age-keygen', { stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim()
        .split('\n')
        .at(-1) ?? '',
    );
    await assert.rejects(host.restore('back2', point, { identity: { file: other } }), fault('identity-wrong'));
    assert.equal(existsSync(host.back), false, 'nothing of it is left');
    await host.restore('back3', point, { identity: { file: identity } });
    assert.equal(
      readFileSync(join(host.back, 'files/etc/pve/priv/storage/pbs.enc'), 'utf8'),
      '{"kdf":null,"data":"c2VjcmV0"}',
    );
    rmSync(host.back, { recursive: true });
  });

  it('are not believed where a byte of them was changed, or their end is missing', async () => {
    const point = await only(host);
    const part = join(point.folder, 'contents.tar.age');
    const whole = readFileSync(part);
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(whole.length - 100) ^ 1, whole.length - 100);
    writeFileSync(part, flipped);
    await assert.rejects(host.restore('back4', point, { identity: { file: identity } }), fault('point-damaged'));
    writeFileSync(part, whole.subarray(0, -70_000));
    await assert.rejects(host.restore('back5', point, { identity: { file: identity } }), fault('point-damaged'));
    assert.equal(existsSync(host.back), false);
    writeFileSync(part, whole);
  });
});

describe('a copy of a host', { skip: unlessRoot }, () => {
  let host: Host;
  before(() => {
    host = hostWith();
    pveHost(host);
  });
  after(() => host.close());

  it('is refused by a destination that others may look into', async () => {
    mkdirSync(join(host.copies, 'config'), { recursive: true });
    chmodSync(join(host.copies, 'config'), 0o750);
    await assert.rejects(host.protect('run1'), fault('destination-not-private'));
    assert.deepEqual(staged(host), []);
    chmodSync(join(host.copies, 'config'), 0o700);
    await host.protect('run2');
  });

  it('of an encrypted disk lies on no disk in the clear, unless it is encrypted or the estate says what protects it (reality L14)', async () => {
    const safe = hostWith({}, (machine) => withEncrypted(machine, '/etc'));
    try {
      pveHost(safe);
      await assert.rejects(safe.protect('run1'), fault('copy-less-protected'));
      assert.deepEqual([await safe.points(), staged(safe)], [[], []]);
      const encrypt_to = [recipientIn(newIdentity())];
      const gatheredInTheClear = safe.protect('run2', {}, { encrypt_to, staging: '/tmp' });
      await assert.rejects(gatheredInTheClear, fault('copy-less-protected'));
      await safe.protect('run3', {}, { encrypt_to });
      await safe.protect('run4', {}, { protected: { reason: 'the disk lies in a safe' } });
      assert.equal((await safe.points()).length, 2);
    } finally {
      safe.close();
    }
  });

  it('says beforehand that it lies there as it is, unless it is encrypted', () => {
    const notes = (more: object) => planProtect({ ...host.entry, ...more }, { timeZone: 'UTC' }).notes;
    assert.match(notes({})[0]?.says ?? '', /keys and passwords as they are/);
    assert.deepEqual(notes({ encrypt_to: ['age1'] }), []);
  });

  it('is not made of a host of which nothing can be read', async () => {
    const before = (await host.points()).length;
    for (const name of ['etc/pve', 'etc/network', 'etc/systemd', 'etc/fstab', 'etc/exports'])
      rmSync(join(host.root, name), { recursive: true });
    rmSync(join(host.root, 'var/lib/pve-cluster'), { recursive: true });
    for (const name of ['bin', 'sbin']) rmSync(join(host.root, 'own', name), { recursive: true });
    for (const name of ['dpkg', 'apt-mark']) host.program(name, 'exit 1');
    await assert.rejects(host.protect('run3'), fault('host-config-empty'));
    assert.equal((await host.points()).length, before);
  });
});

describe("Holdfast's own", { skip: unlessRoot }, () => {
  const key = `age1${'q'.repeat(58)}`;
  const given = { name: 'c', kind: 'host-config', machine: 'm', workload: 'w', to: '/c', keep: { keep_last: 1 } };

  it('signing key goes only into copies that are encrypted', () => {
    const holdfast = { signing_key: '/etc/holdfast/sign.key' };
    assert.equal(hostConfigEntry.safeParse({ ...given, holdfast }).success, false);
    assert.equal(hostConfigEntry.safeParse({ ...given, holdfast, encrypt_to: [key] }).success, true);
  });

  it('journal is copied while it is written to, with the estate and the guard; runs and locks stay (reality 2.44)', async () => {
    const host = hostWith({ roles: ['holdfast'] });
    try {
      host.put('/etc/holdfast/estate.yaml', 'estate: homelab\n');
      host.put('/etc/holdfast/guard.yaml', 'commands: []\n');
      host.put('/etc/systemd/system/holdfast.service', '[Service]\n');
      host.put('/var/lib/holdfast/homelab/runs/r1/log', 'a log');
      host.put('/var/lib/holdfast/homelab/secret-digest.key', 'k', 0o600);
      const journal = join(host.root, 'var/lib/holdfast/homelab/journal.db');
      const { DatabaseSync } = await import('node:sqlite');
      const writer = new DatabaseSync(journal);
      writer.exec('PRAGMA journal_mode=WAL; CREATE TABLE entries(n); INSERT INTO entries VALUES(1)');
      chmodSync(journal, 0o600);
      writer.exec('BEGIN; INSERT INTO entries VALUES(2)');
      assert.deepEqual((await host.protect('run1')).degraded, []);
      writer.exec('COMMIT');
      writer.close();
      await host.restore('back1', await only(host));
      const state = join(host.back, 'files/var/lib/holdfast/homelab');
      assert.deepEqual(readdirSync(state).sort(), ['journal.db', 'secret-digest.key']);
      assert.equal(execFileSync('sqlite3', [join(state, 'journal.db'), 'SELECT n FROM entries']).toString(), '1\n');
      assert.equal(statSync(join(state, 'journal.db')).mode & 0o777, 0o600);
      assert.equal(readFileSync(join(host.back, 'files/etc/holdfast/guard.yaml'), 'utf8'), 'commands: []\n');
    } finally {
      host.close();
    }
  });
});
