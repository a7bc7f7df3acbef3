// A run within its budget, on this machine: what its commands are to the kernel, and how fast bytes pass.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { leapingClock } from '../proxmox/clock.test-support.ts';
import { systemClock } from '../values/instant.ts';
import { withBudget } from './budget.ts';
import { localMachine } from './local.ts';

const local = localMachine({ name: 'here', clock: systemClock });

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-budget-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a machine within a budget', () => {
  it('runs its commands behind those of others, as the kernel sees it (reality 2.3)', async () => {
    const machine = withBudget(local, { nice: 12, io: 'idle' }, systemClock);
    const { stdout } = await machine.run(['sh', '-c', 'nice; ionice']);
    assert.deepEqual(stdout.trim().split('\n'), ['12', 'idle']);
    const later = withBudget(local, { io: 'best-effort' }, systemClock);
    assert.equal((await later.run(['ionice'])).stdout.trim(), 'best-effort: prio 7');
    assert.equal((await local.run(['nice'])).stdout.trim(), '0', 'control');
  });

  it('puts nothing before the words of a machine that knows them, and keeps its rate', async () => {
    const clock = leapingClock();
    const machine = withBudget({ ...local, knowsWords: true }, { nice: 12, io: 'idle', bytes_per_second: 10 }, clock);
    assert.equal((await machine.run(['nice'])).stdout.trim(), '0');
    let bytes = 0;
    for await (const chunk of machine.stream(['printf', 'x'.repeat(100)]).stdout) bytes += chunk.length;
    assert.deepEqual([bytes, Math.round(clock.elapsed() / 1000)], [100, 10]);
  });

  it('still says of a command that is not there that it is not', async () => {
    const machine = withBudget(local, { nice: 5, io: 'idle' }, systemClock);
    await assert.rejects(machine.run(['no-such-command']), { code: 'command-missing' });
    assert.equal((await machine.run(['sh', '-c', 'exit 127'])).exitCode, 127, 'a command may end so by itself');
  });

  it('lets no more bytes through than it may, whichever way they go, and every one of them (reality 2.38)', () =>
    inFolder(async (folder) => {
      const clock = leapingClock();
      const machine = withBudget(local, { bytes_per_second: 1000 }, clock);
      const content = new Uint8Array(50_000).fill(7);
      writeFileSync(join(folder, 'a'), content);
      let read = 0;
      for await (const chunk of machine.files.source(join(folder, 'a'))) read += chunk.length;
      assert.deepEqual([read, Math.round(clock.elapsed() / 1000)], [50_000, 50]);
      const sink = await machine.files.sink(join(folder, 'b'), 0o600);
      await sink.write(content);
      await sink.close();
      assert.equal(Math.round(clock.elapsed() / 1000), 100);
      const { stdout, ended } = machine.stream(['cat', join(folder, 'b')]);
      for await (const chunk of stdout) read += chunk.length;
      assert.equal((await ended).exitCode, 0);
      const fed = machine.feed(['dd', `of=${join(folder, 'c')}`, 'status=none']);
      assert.equal(await fed.write(content), true);
      assert.equal((await fed.close()).exitCode, 0);
      assert.deepEqual([read, Math.round(clock.elapsed() / 1000)], [100_000, 200]);
      const talking = machine.talk(['cat']);
      assert.equal(await talking.write(content), true);
      await talking.hush();
      for await (const chunk of talking.stdout) read += chunk.length;
      assert.deepEqual([read, Math.round(clock.elapsed() / 1000)], [150_000, 300]);
      assert.deepEqual(readFileSync(join(folder, 'c')), Buffer.from(content));
    }));

  it('shares its rate among all that passes at once', () =>
    inFolder(async (folder) => {
      const clock = leapingClock();
      const machine = withBudget(local, { bytes_per_second: 1000 }, clock);
      writeFileSync(join(folder, 'a'), new Uint8Array(10_000));
      const readAll = async () => {
        for await (const _ of machine.files.source(join(folder, 'a')));
      };
      await Promise.all([readAll(), readAll(), readAll()]);
      assert.ok(clock.elapsed() >= 30_000, String(clock.elapsed()));
    }));
});
