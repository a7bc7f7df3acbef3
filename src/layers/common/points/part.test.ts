import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Progress } from '../../../contracts/step-kind.ts';
import { localMachine } from '../../../machines/local.ts';
import { type Clock, systemClock } from '../../../values/instant.ts';
import { worldWith } from '../driver.test-support.ts';
import { fault } from '../trees.test-support.ts';
import { followed, proveWritten, writtenPart } from './part.ts';

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
