import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Progress } from '../../../contracts/step-kind.ts';
import { localMachine } from '../../../machines/local.ts';
import type { Machine } from '../../../machines/machine.ts';
import { type Clock, systemClock } from '../../../values/instant.ts';
import { worldWith } from '../driver.test-support.ts';
import { fault } from '../trees.test-support.ts';
import { followed, provenPart, proveWritten, writtenPart } from './part.ts';

const machine = localMachine({ name: 'here', clock: systemClock });
const sum = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

function watching(signal = new AbortController().signal, clock = systemClock) {
  const signs: Progress[] = [];
  return { signs, watched: { signal, world: worldWith(clock), progress: (sign: Progress) => void signs.push(sign) } };
}

describe('a part of a restore point', () => {
  let folder: string;
  let path: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-part-'));
    path = join(folder, 'contents.tar');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('has the digest of what another program wrote, beyond what is read at once', async () => {
    writeFileSync(path, '');
    const script = 'for i in 1 2 3; do head -c 30M /dev/urandom; done; head -c 1234567 /dev/urandom';
    const written = machine.run(['sh', '-c', `(${script}) > "$0"`, path]);
    const { watched, signs } = watching();
    const part = await followed(machine, path, written, 0, watched);
    assert.deepEqual(part, { name: 'contents.tar', bytes: statSync(path).size, sha256: sum(path) });
    assert.equal(signs.at(-1)?.done, part.bytes);
    await proveWritten(machine, path, part, watched);
  });

  it('whose writer hangs shows no sign of life, so that it is given up', async () => {
    writeFileSync(path, '');
    const stop = new AbortController();
    let pauses = 0;
    const impatient: Clock = {
      ...systemClock,
      sleep: async () => {
        pauses += 1;
        if (pauses === 50) stop.abort(new Error('no progress'));
      },
    };
    const { watched, signs } = watching(stop.signal, impatient);
    const written = machine.run(['sh', '-c', 'echo begun > "$0"; sleep 60', path], { signal: stop.signal });
    const following = followed(machine, path, written, 0, watched);
    await assert.rejects(following, /no progress/);
    await assert.rejects(written, /no progress/);
    assert.ok(signs.length <= 1, `${signs.length} signs of life`);
  });

  it('that is not on the disk as it was written is refused, be it one bit or one byte less', async () => {
    rmSync(path, { force: true });
    const { watched } = watching();
    const pieces = async function* () {
      yield Buffer.from('what was ');
      yield Buffer.from('written');
    };
    const part = await writtenPart(machine, path, pieces());
    await proveWritten(machine, path, part, watched);
    for (const other of ['what was writtem', 'what was writte']) {
      writeFileSync(path, other);
      await assert.rejects(proveWritten(machine, path, part, watched), fault('copy-not-verified'));
    }
  });

  describe('that is read back while it is written', () => {
    const pieces = async function* () {
      for (const nth of Array(64).keys()) yield Buffer.alloc(1000, nth);
    };
    const proven = (disk: Machine, each: number) => provenPart(disk, path, pieces(), watching().watched, each);
    /** A disk of which something else comes back than what went there, or an error. */
    const reading = (other: (piece: Uint8Array) => Uint8Array): Machine => ({
      ...machine,
      files: {
        ...machine.files,
        source: async function* (...asked) {
          for await (const piece of machine.files.source(...asked)) yield other(piece);
        },
      },
    });
    beforeEach(() => rmSync(path, { force: true }));

    for (const each of [1, 1500, 7000, 1_000_000])
      it(`has the digest of all of it, read each ${each} bytes`, async () => {
        const part = await proven(machine, each);
        assert.deepEqual(part, { name: 'contents.tar', bytes: 64_000, sha256: sum(path) });
        assert.deepEqual(
          readFileSync(path),
          Buffer.concat(Array.from(Array(64).keys(), (nth) => Buffer.alloc(1000, nth))),
        );
      });

    for (const [says, other] of [
      ['another byte', (piece: Uint8Array) => Buffer.from(piece).fill(255, piece.length - 1)],
      ['nothing', () => Buffer.alloc(0)],
    ] as const)
      it(`is refused where ${says} comes back`, () =>
        assert.rejects(proven(reading(other), 3000), fault('copy-not-verified')));

    it('is given up at once, and leaves no file, where it cannot be read', async () => {
      let written = 0;
      const lasting = async function* () {
        for (; written < 100_000; written += 1) yield Buffer.alloc(1000);
      };
      const broken = reading(() => {
        throw new Error('Input/output error');
      });
      await assert.rejects(provenPart(broken, path, lasting(), watching().watched, 3000), /Input\/output/);
      assert.ok(written < 100_000, 'it was written to the end all the same');
      assert.equal(existsSync(path), false);
    });
  });

  it('that fails half-way while we write it ourselves leaves no file', async () => {
    rmSync(path, { force: true });
    const pieces = async function* () {
      yield Buffer.from('half');
      throw new Error('the source broke');
    };
    await assert.rejects(writtenPart(machine, path, pieces()), /the source broke/);
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  });
});
