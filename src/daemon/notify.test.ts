// What systemd hears, on a real socket of its kind. Node cannot listen on one; perl, which every Proxmox host has, can.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { localMachine } from '../machines/local.ts';
import { systemClock } from '../values/instant.ts';
import { notifier } from './notify.ts';

const machine = localMachine({ name: 'here', clock: systemClock });
const listens = `use IO::Socket::UNIX; use Socket; $| = 1;
my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die; print "listening\\n";
while (defined recv($s, my $m, 4096, 0)) { print "$m\\n" }`;
const has = ['systemd-notify', 'perl'].every((tool) => spawnSync(tool, ['--version']).status === 0);

describe('systemd', { skip: has ? false : 'it needs systemd-notify and perl', timeout: 60_000 }, () => {
  it('hears that the daemon is ready, that it lives, and that it stops', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-notify-'));
    const socket = join(folder, 'socket');
    const listener = spawn('perl', ['-e', listens, socket]);
    let heard = '';
    listener.stdout.on('data', (chunk) => (heard += chunk));
    try {
      while (!heard.includes('listening')) await once(listener.stdout, 'data');
      assert.ok(existsSync(socket));
      const said: string[] = [];
      const notify = notifier(machine, socket, (line) => said.push(line));
      await notify('READY=1', 'STATUS=watching');
      await notify('WATCHDOG=1');
      await notify('STOPPING=1');
      while (!heard.includes('STOPPING')) await once(listener.stdout, 'data');
      assert.match(heard, /READY=1\nSTATUS=watching\n/);
      assert.match(heard, /WATCHDOG=1\n[\s\S]*STOPPING=1/);
      assert.deepEqual(said, []);
    } finally {
      listener.kill();
      rmSync(folder, { recursive: true });
    }
  });

  it('is told nothing where nothing listens, and what cannot be told is said, not fatal', async () => {
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    await notifier(machine, undefined, say)('READY=1');
    assert.equal(said.length, 0);
    await notifier(machine, '/nonexistent/socket', say)('READY=1');
    assert.match(said.join(), /systemd could not be told READY=1/);
  });
});
