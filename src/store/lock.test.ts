import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { folderFor } from '../../test/folder.test-support.ts';
import { holderOf, lockFile, tryLock } from './lock.ts';

const holder = { run: 'run-1', pid: process.pid, what: 'run run-1 (apply)' };
const file = (): string => join(folderFor('lock'), 'one.lock');

/** Another process that takes the lock and keeps it until it is killed. */
async function otherProcess(path: string) {
  const script = `import { tryLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    const lock = tryLock(${JSON.stringify(path)}, { run: 'run-2', pid: process.pid, what: 'run run-2' });
    process.stdout.write(lock === undefined ? 'busy' : 'taken');
    setInterval(() => lock, 1000);`;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script]);
  const [answer] = await once(child.stdout, 'data');
  const kill = async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  };
  return { answer: String(answer), kill };
}

describe('a lock', () => {
  it('is had by one at a time, also within one process (reality 2.10)', () => {
    const path = file();
    const first = tryLock(path, holder);
    assert.ok(first !== undefined);
    assert.equal(tryLock(path, holder), undefined);
    first.release();
    const again = tryLock(path, holder);
    assert.ok(again !== undefined);
    again.release();
  });

  it('is dropped by the kernel when its owner is killed, and says who had it (reality 1.2b, L18, 6.4)', async () => {
    const path = file();
    const other = await otherProcess(path);
    try {
      assert.equal(other.answer, 'taken');
      assert.equal(tryLock(path, holder), undefined, 'as long as the other lives');
      assert.equal(holderOf(path)?.what, 'run run-2');
    } finally {
      await other.kill();
    }
    const mine = tryLock(path, holder);
    assert.ok(mine !== undefined);
    assert.equal(holderOf(path)?.run, 'run-1');
    mine.release();
  });

  it('can be taken again and again through one open file, and is free for others in between', async () => {
    const path = file();
    const lock = lockFile(path);
    lock.try(holder)?.release();
    const mine = lock.try(holder);
    const other = await otherProcess(path);
    assert.equal(other.answer, 'busy');
    await other.kill();
    mine?.release();
    const next = await otherProcess(path);
    assert.equal(next.answer, 'taken');
    await next.kill();
    lock.close();
  });
});
