// Containers and pods, entered by stand-ins of `pct`, `docker` and `kubectl` that take exactly what the real ones take, and
// that, like these, leave what they have started behind when they are killed.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { milliseconds } from '../values/duration.ts';
import { quoted } from '../values/shell.ts';
import type { Begin } from './commands.ts';
import { machineContract, type Opened } from './contract.test-support.ts';
import { enterContainer, enterGuest, enterPod, openingBy, podWith } from './entered.ts';
import { localMachine } from './local.ts';
import type { Argv } from './machine.ts';
import { processesWith, quick } from './processes.test-support.ts';
import { type Remote, remoteMachine } from './remote.ts';
import { sshMachine } from './ssh.ts';
import { cannotServe, startSshd } from './sshd.test-support.ts';

/** @param exactly what must stand before the script; `path` where its shell looks for env(1) */
function standIn(folder: string, name: string, exactly: readonly string[], path = '/usr/bin:/bin'): void {
  const wanted = exactly.map(quoted).join(' ');
  const script = `#!/bin/sh
n=$#; i=0
for w in ${wanted}; do
  i=$((i + 1))
  if [ "$1" != "$w" ]; then echo "${name}: argument $i is <$1>, not <$w>" >&2; exit 255; fi
  shift
done
if [ $# != 1 ]; then echo "${name}: $# arguments are left, not 1" >&2; exit 255; fi
setsid --wait env -i HOME=/ PATH=${quoted(path)} sh -c "$1"
`;
  writeFileSync(join(folder, name), script);
  chmodSync(join(folder, name), 0o755);
}

/** Finds the stand-ins in the folder, whatever else that machine has by their names. */
const finding =
  (begin: Begin, folder: string): Begin =>
  ([command, ...rest], options, stdin) =>
    begin([['pct', 'docker', 'kubectl'].includes(command) ? join(folder, command) : command, ...rest], options, stdin);

const local = localMachine({ name: 'local', clock: quick, run: `run-of-the-contract-${process.pid}` });

const within = (begin: Begin, enter: (script: string) => Argv): Remote =>
  remoteMachine({
    ...{
      name: 'inside',
      clock: quick,
      run: `run-of-the-contract-${process.pid}`,
      world: `inside${process.pid}`,
      begin,
    },
    opening: async () => openingBy(enter, 'inside', 'the container 105 of pve1'),
  });

async function opened(enter: (script: string) => Argv): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-inside-'));
  const [name, ...words] = enter('');
  standIn(folder, name, words.slice(0, -1));
  const machine = within(finding(local.begin, folder), enter);
  return {
    ...{ machine, folder, processesWith },
    close: async () => {
      await machine[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

const pod = { namespace: 'prod', pod: 'db-0', container: 'postgres', kubeconfig: '/etc/k.conf', context: 'home' };
machineContract('a container of Proxmox VE', () => opened(enterGuest(105)));
machineContract('a container of Docker', () => opened(enterContainer('vaultwarden')));
machineContract('a pod', () => opened(enterPod(pod)));

describe('a machine within another one', () => {
  it('is entered as pct, docker and kubectl want it, with nothing that a name could add', () => {
    assert.deepEqual(enterGuest(105)('S'), ['pct', 'exec', '105', '--', 'sh', '-c', 'S']);
    assert.deepEqual(enterContainer('web')('S'), ['docker', 'exec', '-i', 'web', 'sh', '-c', 'S']);
    assert.deepEqual(enterPod({ namespace: 'prod', pod: 'db-0' })('S'), [
      ...['kubectl', 'exec', '-i', '--namespace=prod', 'db-0', '--', 'sh', '-c', 'S'],
    ]);
    assert.deepEqual(enterPod(pod)('S').slice(0, 6), [
      ...['kubectl', '--kubeconfig=/etc/k.conf', '--context=home', 'exec', '-i', '--namespace=prod'],
    ]);
  });

  it('is the first pod that runs and has the labels, and a fault where none does', async () => {
    const asked: Argv[] = [];
    const kubectl = (stdout: string) => ({
      run: async (argv: Argv) => {
        asked.push(argv);
        return { exitCode: 0, signal: undefined, stdout, stderr: '' };
      },
    });
    const wanted = { namespace: 'prod', selector: 'app=web', context: 'home' };
    assert.equal(await podWith(kubectl('pod/web-b\npod/web-a\n'), wanted, 'web'), 'web-a');
    assert.ok(asked[0]?.includes('--selector=app=web') && asked[0].includes('--context=home'));
    await assert.rejects(podWith(kubectl(''), wanted, 'web'), { code: 'machine-not-entered' });
  });

  it('says in its runtime’s own words why it cannot be entered', async () => {
    const enter = (): Argv => ['sh', '-c', 'echo "CT 105 not running" >&2; exit 255'];
    await using machine = within(local.begin, enter);
    await assert.rejects(
      machine.run(['true']),
      (error) =>
        error instanceof Fault && error.code === 'machine-not-entered' && /CT 105 not running/.test(error.says),
    );
  });

  it('ends a command that was told to stop in the moment between its beginning and its mark', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-inside-'));
    const seconds = `4716.1${process.pid}`;
    const begun = join(folder, 'begun');
    const late = `case "$*" in *${seconds}) : > ${quoted(begun)}; sleep 1 ;; esac`;
    writeFileSync(join(folder, 'env'), `#!/bin/sh\n${late}\nexec /usr/bin/env "$@"\n`, { mode: 0o755 });
    standIn(folder, 'pct', ['exec', '105', '--', 'sh', '-c'], `${folder}:/usr/bin:/bin`);
    try {
      await using machine = within(finding(local.begin, folder), enterGuest(105));
      const cancel = new AbortController();
      const running = machine.run(['sleep', seconds], { signal: cancel.signal });
      while (!existsSync(begun)) await quick.sleep(milliseconds(300));
      cancel.abort();
      await assert.rejects(running, { name: 'AbortError' });
      assert.equal(await processesWith(seconds), 0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('may itself be behind a machine over ssh, and is cleaned up in both', { skip: cannotServe() }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-inside-'));
    const sshd = await startSshd();
    standIn(folder, 'pct', ['exec', '105', '--', 'sh', '-c']);
    try {
      const address = { host: '127.0.0.1', port: sshd.port, user: 'root', hostKey: sshd.hostKey };
      const host = {
        name: 'pve1',
        clock: quick,
        world: `host${process.pid}`,
        local,
        address,
        key: async () => sshd.key,
      };
      await using outer = sshMachine(host);
      await using machine = within(finding(outer.begin, folder), enterGuest(105));
      assert.equal((await machine.run(['printf', '%s', "it's\n"])).stdout, "it's\n");
      await machine.files.write(join(folder, 'file'), 'inside', 0o600);
      assert.equal(Buffer.from((await machine.files.read(join(folder, 'file'), 100)) ?? '').toString(), 'inside');
      const seconds = `4715.1${process.pid}`;
      const cancel = new AbortController();
      const running = machine.run(['sleep', seconds], { signal: cancel.signal });
      while ((await processesWith(seconds)) === 0);
      cancel.abort();
      await assert.rejects(running, { name: 'AbortError' });
      assert.equal(await processesWith(seconds), 0);
    } finally {
      await sshd.stop();
      await rm(folder, { recursive: true });
    }
  });
});
