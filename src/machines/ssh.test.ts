import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Fault } from '../fault.ts';
import { systemClock } from '../values/instant.ts';
import { begun, machineContract, type Opened } from './contract.test-support.ts';
import { localMachine } from './local.ts';
import { goneWithin, processesWith, quick } from './processes.test-support.ts';
import { type Ssh, type SshMachine, sshMachine } from './ssh.ts';
import { cannotServe, type Sshd, type SshdSettings, startSshd } from './sshd.test-support.ts';

const run = `run-over-ssh-${process.pid}`;

function machineAt(sshd: Sshd, given: Partial<Ssh> & { user?: string; hostKey?: string } = {}): SshMachine {
  const { user = 'root', hostKey = sshd.hostKey, ...others } = given;
  return sshMachine({
    ...{ name: 'there', clock: systemClock, run, world: `test${process.pid}` },
    local: localMachine({ name: 'local', clock: systemClock, run }),
    address: { host: '127.0.0.1', port: sshd.port, user, hostKey },
    key: async () => sshd.key,
    ...others,
  });
}

const fault = (code: string, says?: RegExp) => (error: unknown) =>
  error instanceof Fault && error.code === code && (says === undefined || says.test(error.says));

/** Numbers that no other test on this machine has. */
const own = (text: string): string => `${text}${process.pid}`;

async function opened(settings: SshdSettings, user: string, uid: number): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-there-'));
  await promisify(chown)(folder, uid, uid);
  const sshd = await startSshd(settings);
  const machine = machineAt(sshd, { clock: quick, user });
  return {
    ...{ machine, folder, processesWith },
    cut: async () => {
      for (const pid of sshd.sessions()) process.kill(pid, 'SIGKILL');
    },
    close: async () => {
      await machine[Symbol.asyncDispose]();
      await sshd.stop();
      await rm(folder, { recursive: true });
    },
  };
}

describe('over ssh', { skip: cannotServe() }, () => {
  machineContract('a machine over ssh, as root', () => opened({}, 'root', 0));
  const ordinary = ['holdfast:*:4711:4711::/tmp:/bin/dash'];
  machineContract('a machine over ssh, as an ordinary user', () => opened({ accounts: ordinary }, 'holdfast', 4711));
  const tcsh = ['/bin/tcsh', '/usr/bin/tcsh'].find(existsSync);
  describe('with another login shell', { skip: tcsh === undefined ? 'tcsh is not installed' : false }, () => {
    machineContract('a machine over ssh, where root has tcsh', () =>
      opened({ accounts: [`root:*:0:0::/root:${tcsh}`] }, 'root', 0),
    );
  });
});

async function withSshd(work: (sshd: Sshd) => Promise<void>, settings: SshdSettings = {}): Promise<void> {
  const sshd = await startSshd(settings);
  try {
    await work(sshd);
  } finally {
    await sshd.stop();
  }
}

describe('a connection over ssh', { skip: cannotServe() }, () => {
  it('is not even tried with another host key than the pinned one: no login, and both keys are named', () =>
    withSshd(async (sshd) => {
      const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEm0aEkCkm1YMXeUgd8ufESjfzTWbPTPDHjPoPTP0Vx9';
      await using machine = machineAt(sshd, { hostKey: other });
      await assert.rejects(machine.run(['true']), fault('ssh-host-key-differs', /pins .*SHA256:.*shows SHA256:/));
      assert.doesNotMatch(sshd.log(), /Accepted|Failed publickey|userauth/i);
      await using right = machineAt(sshd);
      await right.run(['true']);
      assert.match(sshd.log(), /Accepted publickey/);
    }));

  it('is refused where the host has no key of the pinned type', () =>
    withSshd(async (sshd) => {
      await using machine = machineAt(sshd, { hostKey: 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7' });
      await assert.rejects(machine.run(['true']), fault('ssh-host-key-differs', /only ssh-ed25519/));
      assert.doesNotMatch(sshd.log(), /Accepted|Failed publickey|userauth/i);
    }));

  it('says what is wrong: a key that is none, one that nobody knows there, a port where nothing listens', () =>
    withSshd(async (sshd) => {
      await using broken = machineAt(sshd, { key: async () => 'no key at all' });
      await assert.rejects(broken.run(['true']), fault('ssh-key-unusable'));
      await withSshd(async (another) => {
        await using refused = machineAt(sshd, { key: async () => another.key });
        await assert.rejects(refused.run(['true']), fault('ssh-login-refused'));
      });
      const address = { host: '127.0.0.1', port: 1, user: 'root', hostKey: sshd.hostKey };
      await using nobody = machineAt(sshd, { address });
      await assert.rejects(nobody.run(['true']), fault('machine-unreachable', /refused/));
    }));

  it('leaves neither a process nor a file when it is closed, and none of its key at any time', () =>
    withSshd(async (sshd) => {
      const before = sshFolders();
      const machine = machineAt(sshd);
      await machine.run(['true']);
      const mine = sshFolders().filter((name) => !before.includes(name));
      assert.equal(mine.length, 1);
      // The agent has the key only while the connection is opened.
      assert.ok(
        await goneWithin(5000, join(tmpdir(), mine[0] ?? '', 'a1')),
        'it was told to end before the command began',
      );
      await machine[Symbol.asyncDispose]();
      assert.deepEqual(
        sshFolders().filter((name) => mine.includes(name)),
        [],
      );
      await sshd.left();
    }));

  it('is opened anew by the next command when it was lost', () =>
    withSshd(async (sshd) => {
      await using machine = machineAt(sshd);
      await machine.run(['true']);
      const [first = 0, ...others] = sshd.sessions();
      for (const pid of [first, ...others]) process.kill(pid, 'SIGKILL');
      // It may begin before it is known that the connection is gone, and is not begun twice then.
      await machine.run(['true']).catch((error) => assert.equal(error.code, 'machine-connection-lost'));
      assert.equal((await machine.run(['echo', 'again'])).stdout, 'again\n');
      assert.ok(!sshd.sessions().includes(first));
    }));

  it('carries more at once than sshd allows in one, also where commands wait for one another', () =>
    withSshd(
      async (sshd) => {
        await using machine = machineAt(sshd);
        const feeding = Array.from({ length: 12 }, () => machine.feed(['cat']));
        for (const [index, one] of feeding.entries()) {
          await one.write(Buffer.from(`${index}`));
          assert.equal((await machine.run(['echo', 'meanwhile'])).stdout, 'meanwhile\n');
        }
        assert.deepEqual(
          (await Promise.all(feeding.map((one) => one.close()))).map(({ stdout }) => stdout),
          feeding.map((_, index) => String(index)),
        );
      },
      { config: ['MaxSessions 4'] },
    ));

  it('says which setting it needs where sshd allows one session only', () =>
    withSshd(
      async (sshd) => {
        await using machine = machineAt(sshd);
        await assert.rejects(machine.run(['true']), fault('ssh-sessions-refused'));
      },
      { config: ['MaxSessions 1'] },
    ));

  it('goes through a jump host, whose own host key and login count', () =>
    withSshd((hop) =>
      withSshd(async (sshd) => {
        await using jump = machineAt(hop, { name: 'hop' });
        await using machine = machineAt(sshd, { jump });
        assert.equal((await machine.run(['echo', 'behind'])).stdout, 'behind\n');
        assert.match(hop.log(), /Accepted publickey/);
        await using elsewhere = machineAt(sshd, { jump, address: { ...addressOf(sshd), port: 1 } });
        await assert.rejects(elsewhere.run(['true']), fault('machine-unreachable'));
      }),
    ));

  it('does not take what a login shell says at its start for the output of a command', () =>
    withSshd(
      async (sshd) => {
        await using machine = machineAt(sshd);
        const { stdout, stderr } = await machine.run(['sh', '-c', 'echo out; echo err >&2']);
        assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
      },
      { config: ['ForceCommand echo welcome; echo warning >&2; sh -c "$SSH_ORIGINAL_COMMAND"'] },
    ));
});

const addressOf = ({ port, hostKey }: Sshd) => ({ host: '127.0.0.1', port, user: 'root', hostKey });
const sshFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`holdfast-ssh.${process.pid}.`));

describe('a worker that is killed', { skip: cannotServe() }, () => {
  it('takes with it what it was running on another machine, and what that had started', () =>
    withSshd(async (sshd) => {
      const script = `
        const { localMachine } = await import(${JSON.stringify(join(import.meta.dirname, 'local.ts'))});
        const { sshMachine } = await import(${JSON.stringify(join(import.meta.dirname, 'ssh.ts'))});
        const { systemClock: clock } = await import(${JSON.stringify(join(import.meta.dirname, '../values/instant.ts'))});
        const local = localMachine({ name: 'local', clock });
        const address = ${JSON.stringify(addressOf(sshd))};
        const machine = sshMachine({ name: 'there', clock, world: 'w', local, address, key: async () => ${JSON.stringify(sshd.key)} });
        const command = ['sh', '-c', ${JSON.stringify(`sleep ${own('4713.1')} >/dev/null 2>&1 & exec sleep ${own('4713.2')}`)}];
        await machine.run(command);`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
      await Promise.all([begun({ processesWith }, own('4713.1')), begun({ processesWith }, own('4713.2'))]);
      child.kill('SIGKILL');
      await once(child, 'exit');
      assert.ok(await goneWithin(15_000, own('4713.1')));
      assert.ok(await goneWithin(1000, own('4713.2')));
    }));
});

describe('leftovers on another machine', { skip: cannotServe() }, () => {
  it('are found by the id of their run and ended, and nothing of another run or of whoever looks', () =>
    withSshd(async (sshd) => {
      const left = (id: string, seconds: string) =>
        spawn('sleep', [seconds], { env: { HOLDFAST_RUN: id }, stdio: 'ignore', detached: true });
      const children = [left(run, own('4714.1')), left(`${run}-more`, own('4714.2'))];
      try {
        await Promise.all([begun({ processesWith }, own('4714.1')), begun({ processesWith }, own('4714.2'))]);
        await using machine = machineAt(sshd);
        const feeding = machine.feed(['cat']);
        await feeding.write(Buffer.from('still here'));
        await machine.endLeftovers(run);
        assert.equal(await processesWith(own('4714.1')), 0);
        assert.equal(await processesWith(own('4714.2')), 1);
        assert.equal((await feeding.close()).stdout, 'still here');
      } finally {
        for (const child of children) child.kill('SIGKILL');
      }
    }));
});
