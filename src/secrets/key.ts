// The key of this state's digests of secrets. Without it nobody can try words against a digest that the journal holds.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../fault.ts';

const length = 32;

/** @param state the folder of the estate's state, which is there; the key is made in it at its first use. @throws Fault `secret-key-damaged` */
export async function secretKey(state: string): Promise<Uint8Array> {
  const file = join(state, 'secret-digest.key');
  const key = keyIn(file) ?? make(file);
  if (key.length === length) return key;
  throw new Fault('secret-key-damaged', {
    where: file,
    says: `it is of ${key.length} bytes, and a key has ${length}`,
    remedy: 'move it away: another one is made, and the next plan sends every secret again, since none can be compared',
  });
}

function keyIn(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Of two that make one at the same time, the first wins, and both use its key. */
function make(file: string): Uint8Array {
  const part = `${file}.${randomBytes(4).toString('hex')}`;
  const handle = openSync(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeSync(handle, randomBytes(length));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    linkSync(part, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(part, { force: true });
  }
  return readFileSync(file);
}
