// The machines of an estate, over real connections.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { begun } from './machines/contract.test-support.ts';
import { processesWith } from './machines/processes.test-support.ts';
import { cannotServe, type Sshd, startSshd } from './machines/sshd.test-support.ts';
import { type Machines, machinesOf } from './machines-of-estate.ts';
import type { MachineEntry } from './model/estate.ts';
import { systemClock } from './values/instant.ts';
import { Secret } from './values/secret.ts';

const sshTo = (
  { port, hostKey }: Pick<Sshd, 'port' | 'hostKey'>,
  jump?: string,
): Extract<MachineEntry, { ssh: unknown }>['ssh'] => ({
  ...{ host: '127.0.0.1', port, user: 'root', key: { env: 'KEY' }, host_key: hostKey, jump },
});

function machinesIn(sshd: Sshd, machines: readonly MachineEntry[], run = `run-${process.pid}`): Machines {
  return machinesOf({
    ...{ clock: systemClock, run, connections: { machines, kubernetes: [] } },
    secret: async (_, audience) => new Secret('key', sshd.key, audience),
  });
}

describe('a machine whose commands lie elsewhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-commands-'));
  after(() => rmSync(folder, { recursive: true }));
  const machines = machinesOf({
    ...{ clock: systemClock, run: undefined },
    connections: {
      machines: [
        { name: 'nixos', local: true, commands_in: [folder] },
        { name: 'here', local: true },
      ],
      kubernetes: [],
    },
    secret: () => Promise.reject(new Error('no secret is asked for')),
  });

  it('has those of its own folders and no others, for what they start in turn, too', async () => {
    const nixos = machines.machine('nixos');
    await assert.rejects(nixos.run(['sh', '-c', 'true']), { code: 'command-missing' });
    symlinkSync('/bin/sh', join(folder, 'sh'));
    writeFileSync(join(folder, 'lvs'), '#!/bin/sh\necho of its own\n', { mode: 0o755 });
    assert.equal((await nixos.run(['lvs'])).stdout, 'of its own\n');
    assert.equal((await nixos.run(['sh', '-c', 'lvs; cat /dev/null || echo no cat'])).stdout, 'of its own\nno cat\n');
  });

  it('leaves the other machines their own', async () => {
    assert.equal((await machines.machine('here').run(['sh', '-c', 'cat /dev/null && echo cat'])).stdout, 'cat\n');
  });
});

describe('the machines of an estate', { skip: cannotServe() }, () => {
  it('are made when they are first used, each once, and end with the run', async () => {
    const sshd = await startSshd();
    try {
      const machines = machinesIn(sshd, [
        { name: 'here', local: true },
        { name: 'pve1', ssh: sshTo(sshd) },
      ]);
      const machine = machines.machine('pve1');
      assert.equal(machines.machine('pve1'), machine);
      assert.deepEqual(sshd.sessions(), []);
      assert.equal((await machines.machine('here').run(['echo', 'here'])).stdout, 'here\n');
      assert.deepEqual(sshd.sessions(), []);
      assert.equal((await machine.run(['echo', 'there'])).stdout, 'there\n');
      assert.equal((sshd.log().match(/Accepted publickey/g) ?? []).length, 1);
      await machines[Symbol.asyncDispose]();
      await sshd.left();
      assert.throws(() => machines.machine('pve9'), { code: 'machine-unknown' });
    } finally {
      await sshd.stop();
    }
  });

  it('are all cleared of what a dead run left there; one that is not reached is said', async () => {
    const sshd = await startSshd();
    const dead = `run-dead-${process.pid}`;
    const seconds = `4716.1${process.pid}`;
    const left = spawn('sleep', [seconds], { env: { HOLDFAST_RUN: dead }, stdio: 'ignore' });
    try {
      await begun({ processesWith }, seconds);
      await using machines = machinesIn(sshd, [
        { name: 'here', local: true },
        { name: 'pve1', ssh: sshTo(sshd) },
        { name: 'gone', ssh: sshTo({ port: 1, hostKey: sshd.hostKey }) },
      ]);
      const said = await machines.endLeftovers(dead);
      assert.equal(await processesWith(seconds), 0);
      assert.equal(said.length, 1);
      assert.match(said[0] ?? '', /^gone was not reached/);
    } finally {
      left.kill('SIGKILL');
      await sshd.stop();
    }
  });
});
