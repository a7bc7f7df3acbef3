import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { Fault } from '../../../fault.ts';
import { localMachine } from '../../../machines/local.ts';
import type { Argv } from '../../../machines/machine.ts';
import { systemClock } from '../../../values/instant.ts';
import { fault } from '../trees.test-support.ts';
import { wholly } from './end-mark.ts';

const machine = localMachine({ name: 'here', clock: systemClock });
const failed = () => new Fault('dump-failed', { where: 'here', says: 'it failed', remedy: 'see why' });
const read = async (argv: Argv): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of wholly(machine, argv, {}, failed)) pieces.push(piece);
  return Buffer.concat(pieces);
};
const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const kibi = 1024;

describe('what a program writes to its end', () => {
  for (const bytes of [0, 1, 31, 32, 33, 64, 256 * kibi - 32, 256 * kibi, 256 * kibi + 1, 3_000_001])
    it(`is all that it wrote, and nothing else: ${bytes} bytes`, async () => {
      const written = Buffer.from('0123456789'.repeat(Math.ceil(bytes / 10)).slice(0, bytes));
      const got = await read(['sh', '-c', `yes 0123456789 | tr -d '\\n' | head -c ${bytes}`]);
      assert.deepEqual([got.length, sum(got)], [written.length, sum(written)]);
    });

  it('is whole where it comes byte by byte', async () =>
    assert.equal(
      (await read(['sh', '-c', 'for nth in 1 2 3 4 5 6 7 8; do printf %s "$nth"; sleep 0.01; done'])).toString(),
      '12345678',
    ));

  for (const [says, script] of [
    ['of nothing', 'kill -KILL $PPID'],
    ['of some bytes', 'printf some; kill -KILL $PPID'],
    ['of many', 'head -c 1000000 /dev/zero; kill -KILL $PPID'],
  ] as const)
    it(`fails where what carries it ends before it does, ${says}`, () =>
      assert.rejects(read(['sh', '-c', script]), (error) => error instanceof Fault));

  it('fails in its own words where the program fails, though it wrote something', () =>
    assert.rejects(read(['sh', '-c', 'printf some; exit 3']), fault('dump-failed')));

  it('is cut short where the end is not there, though all of it is said to have ended well', () =>
    assert.rejects(
      // A container that is stopped takes the program with it, and the connection ends with 0.
      async () => {
        const silent = {
          ...machine,
          stream: (argv: Argv) => machine.stream(['sh', '-c', '"$@"; true', 'sh', ...argv.slice(4)] as unknown as Argv),
        };
        for await (const _ of wholly(silent, ['printf', 'some'], {}, failed));
      },
      fault('dump-cut-short'),
    ));
});
