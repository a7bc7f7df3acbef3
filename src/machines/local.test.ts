import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Fault } from '../fault.ts';
import { milliseconds, seconds } from '../values/duration.ts';
import { systemClock } from '../values/instant.ts';
import { begun, machineContract } from './contract.test-support.ts';
import { endLeftovers, findLeftovers } from './leftovers.ts';
import { localMachine } from './local.ts';
import { goneWithin, processesWith, quick } from './processes.test-support.ts';

machineContract('this machine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-local-'));
  return {
    machine: localMachine({ name: 'here', run: `run-of-the-contract-${process.pid}`, clock: quick }),
    folder,
    processesWith,
    close: () => rm(folder, { recursive: true }),
  };
});

/** Another process that does on this machine what a worker does: it runs a command for a run. */
function worker(run: string, argv: readonly string[]): ChildProcess {
  const script = `
    const { localMachine } = await import(${JSON.stringify(join(import.meta.dirname, 'local.ts'))});
    const { systemClock } = await import(${JSON.stringify(join(import.meta.dirname, '../values/instant.ts'))});
    const machine = localMachine({ name: 'here', run: ${JSON.stringify(run)}, clock: systemClock });
    for await (const chunk of machine.stream(${JSON.stringify(argv)}).stdout) process.stdout.write(chunk);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function startedWorker(run: string, script: string): Promise<ChildProcess> {
  const child = worker(run, ['sh', '-c', script]);
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Numbers and runs that no other test on this machine has. */
const own = (text: string): string => `${text}${process.pid}`;

describe('a worker that is killed', () => {
  it('takes the command it was running with it', async () => {
    const child = await startedWorker(own('run-dies-'), `echo up; exec sleep ${own('4712.1')}`);
    await begun({ processesWith }, own('4712.1'));
    await killed(child);
    assert.ok(await goneWithin(5000, own('4712.1')));
  });

  it('leaves what that command had started to be found by the id of its run, and nothing of another run', async () => {
    // Without its pipes it does not end by itself when its reader is gone.
    const background = (seconds: string) => `sleep ${seconds} >/dev/null 2>&1 & echo up; wait`;
    const [one, other] = await Promise.all([
      startedWorker(own('run-one-'), background(own('4712.2'))),
      startedWorker(`${own('run-one-')}-more`, background(own('4712.3'))),
    ]);
    await Promise.all([begun({ processesWith }, own('4712.2')), begun({ processesWith }, own('4712.3'))]);
    await Promise.all([killed(one), killed(other)]);
    assert.deepEqual(
      (await findLeftovers(own('run-one-'))).map(({ command }) => command).filter((name) => name !== 'sh'),
      ['sleep'],
    );
    await endLeftovers(own('run-one-'), systemClock);
    assert.ok(await goneWithin(0, own('4712.2')));
    assert.equal((await findLeftovers(`${own('run-one-')}-more`)).length > 0, true);
    await endLeftovers(`${own('run-one-')}-more`, systemClock);
    assert.ok(await goneWithin(0, own('4712.3')));
  });
});

describe('processes that outlived their run', () => {
  it('never include the process that looks for them', async () => {
    const script = `
      const { findLeftovers } = await import(${JSON.stringify(join(import.meta.dirname, 'leftovers.ts'))});
      console.log(JSON.stringify(await findLeftovers('${own('run-looking-')}')));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { HOLDFAST_RUN: own('run-looking-') },
    });
    assert.deepEqual(JSON.parse(stdout), []);
  });

  it('are named when they cannot be ended, instead of being waited for without end', async () => {
    const child = await startedWorker(own('run-stays-'), `echo up; exec sleep ${own('4712.4')}`);
    await begun({ processesWith }, own('4712.4'));
    let now = 0;
    const impatient = { ...systemClock, monotonic: () => (now += 60_000) };
    await assert.rejects(
      endLeftovers(own('run-stays-'), impatient),
      (error) => error instanceof Fault && error.code === 'leftovers-stay' && /sleep \(\d+\)/.test(error.says),
    );
    await killed(child);
    assert.ok(await goneWithin(5000, own('4712.4')));
  });
});

describe('a command that stays though it was killed', () => {
  it('is given up by name after a while, so that its step fails and not the whole run', async () => {
    const clock = { ...systemClock, sleep: (duration: number) => systemClock.sleep(milliseconds(duration / 100)) };
    const run = own('run-of-one-that-stays-');
    const machine = localMachine({ name: 'here', run, clock });
    // It has left its group and holds the output open, as one that waits for a dead disk would.
    const staying = machine.run(['sh', '-c', `setsid sleep ${own('4717.1')} & wait`], { deadline: seconds(30) });
    await assert.rejects(
      staying,
      (error) => error instanceof Fault && error.code === 'command-stays' && /^sh \(\d+\) was killed/.test(error.says),
    );
    await endLeftovers(run, systemClock);
    assert.ok(await goneWithin(5000, own('4717.1')));
  });
});
