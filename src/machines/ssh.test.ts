import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'node:test';
import { machineContract } from './contract.test-support.ts';
import { localMachine } from './local.ts';
import { processesWith, quick } from './processes.test-support.ts';
import { type SshMachine, sshMachine } from './ssh.ts';
import { cannotServe, type Sshd, startSshd } from './sshd.test-support.ts';

const machineAt = (sshd: Sshd, user = 'root'): SshMachine =>
  sshMachine({
    name: 'there',
    clock: quick,
    run: 'run-of-the-contract',
    world: `test${process.pid}`,
    local: localMachine({ name: 'local', clock: quick, run: 'run-of-the-contract' }),
    address: { host: '127.0.0.1', port: sshd.port, user, hostKey: sshd.hostKey },
    key: async () => sshd.key,
  });

describe('over ssh', { skip: cannotServe() }, () => {
  machineContract('a machine over ssh, as root', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-there-'));
    const sshd = await startSshd();
    const machine = machineAt(sshd);
    return {
      machine,
      folder,
      processesWith,
      close: async () => {
        await machine[Symbol.asyncDispose]();
        await sshd.stop();
        await rm(folder, { recursive: true });
      },
    };
  });
});
