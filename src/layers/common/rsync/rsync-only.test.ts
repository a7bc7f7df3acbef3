// A NAS of which only a folder is served: what the keys for it can do, and what a thief who has them cannot.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { localMachine } from '../../../machines/local.ts';
import { type Nas, startNas } from '../../../machines/rsync-only.test-support.ts';
import { cannotServe } from '../../../machines/sshd.test-support.ts';
import { systemClock } from '../../../values/instant.ts';
import { differences, everything, fault } from '../trees.test-support.ts';
import { type Rsync, rsyncBetween } from './between.ts';

const unless = cannotServe() || (!existsSync('/usr/bin/rrsync') && 'rrsync is not installed');

describe('a machine that serves rsync only', { skip: unless }, () => {
  let nas: Nas;
  let folder: string;
  const at = (name: string) => join(folder, name);
  const on = (name: string) => join(nas.root, name);
  const near = localMachine({ name: 'here', clock: systemClock });
  const base = {
    ...{ near, signal: new AbortController().signal, progress: () => {}, what: 'sending' },
    options: ['-aHAXS', '--numeric-ids', '--modify-window=-1', '-M--fake-super'],
  };
  const send = (from: string, to: string, more: Partial<Rsync> = {}) =>
    rsyncBetween({
      ...base,
      far: nas.machine('nas'),
      direction: 'push',
      from: `${at(from)}/`,
      to: `${on(to)}/`,
      ...more,
    });
  before(async () => {
    nas = await startNas();
    folder = mkdtempSync(join(tmpdir(), 'holdfast-near-'));
    mkdirSync(at('source'));
    everything(at('source'));
    // rrsync makes no devices and fifos.
    for (const name of ['device', 'pipe']) rmSync(join(at('source'), name));
    execFileSync('touch', ['-d', '2003-03-03T03:03:03Z', at('source')]);
  });
  after(async () => {
    await nas.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes a tree of root and gives it back with all that it has, though nobody there is root', async () => {
    const sent = await send('source', 'one');
    assert.equal(sent.exitCode, 0, sent.words);
    assert.equal(statSync(on('one/folder')).uid, 4711);
    const far = nas.machine('nas');
    const got = await rsyncBetween({ ...base, far, direction: 'pull', from: `${on('one')}/`, to: `${at('back')}/` });
    assert.equal(got.exitCode, 0, got.words);
    assert.equal(differences(at('source'), at('back')), '');
  });

  it('links to what lies there, by a path that it knows', async () => {
    const sent = await send('source', 'two', { linkDest: [on('one')] });
    assert.equal(sent.exitCode, 0, sent.words);
    assert.equal(statSync(on('two/holes')).ino, statSync(on('one/holes')).ino);
    assert.equal((await send('source', 'three')).exitCode, 0);
    assert.notEqual(statSync(on('three/holes')).ino, statSync(on('one/holes')).ino, 'control');
  });

  it('lets nobody who adds overwrite, delete or read (reality L21)', async () => {
    const before = readFileSync(on('one/one'), 'utf8');
    mkdirSync(at('other'));
    writeFileSync(join(at('other'), 'one'), 'written by a thief');
    writeFileSync(join(at('other'), 'added'), 'added');
    assert.equal((await send('other', 'one')).exitCode, 0);
    assert.equal(readFileSync(on('one/one'), 'utf8'), before);
    assert.equal(readFileSync(on('one/added'), 'utf8'), 'added', 'control: the key does write');
    const deleting = await send('other', 'one', { options: [...base.options, '--delete'] });
    assert.notEqual(deleting.exitCode, 0);
    assert.match(deleting.words, /delete has been disabled|disabled on this server/);
    assert.ok(existsSync(on('one/folder/two')));
    const thief = { ...nas, machine: nas.machine('nas', { reads: false }) };
    const names = readdirSync(nas.root);
    const ssh = (key: string, command: string) =>
      spawnSync(
        'ssh',
        [
          ...[
            '-F',
            'none',
            '-o',
            'StrictHostKeyChecking=no',
            '-o',
            'UserKnownHostsFile=/dev/null',
            '-o',
            'BatchMode=yes',
          ],
          ...['-o', 'IdentitiesOnly=yes', '-i', key, '-p', String(thief.sshd.port), 'holdfast@127.0.0.1', command],
        ],
        { encoding: 'utf8', input: '' },
      );
    for (const [key, command] of [
      [nas.keyFile('append'), 'id'],
      [nas.keyFile('append'), `cat ${on('one/one')}`],
      [nas.keyFile('append'), 'rsync --server --sender -r . /one'],
      [nas.keyFile('append'), `rm -r ${on('one')}`],
      [nas.keyFile('append'), 'rsync --server --daemon .'],
      [nas.keyFile('read'), 'rsync --server -r . /one'],
      [nas.keyFile('read'), 'id'],
    ] as const) {
      const { status, stdout } = ssh(key, command);
      assert.notEqual(status, 0, command);
      assert.equal(stdout, '', command);
    }
    assert.deepEqual(readdirSync(nas.root), names);
  });

  it('is asked for nothing outside of what it serves, and for no command', async () => {
    const far = nas.machine('nas');
    const push = { ...base, far, direction: 'push', from: `${at('other')}/` } as const;
    for (const to of ['/etc/', `${nas.root}/../x/`, `${nas.root}x/`, `${nas.root}/a b/`])
      await assert.rejects(rsyncBetween({ ...push, to }), fault('machine-serves-rsync-only'), to);
    await assert.rejects(far.run(['id']), fault('machine-serves-rsync-only'));
    await assert.rejects(far.files.list(nas.root), fault('machine-serves-rsync-only'));
  });

  it('that cannot be reached is a fault of the machine', async () => {
    const gone = await startNas();
    const far = gone.machine('gone');
    await gone.sshd.stop();
    const push = rsyncBetween({ ...base, far, direction: 'push', from: `${at('other')}/`, to: `${gone.root}/x/` });
    await assert.rejects(push, fault('machine-unreachable'));
    await gone.stop();
  });
});
