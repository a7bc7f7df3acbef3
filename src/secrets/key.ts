// The key of this state's digests of secrets. Without it nobody can try words against a digest that the journal holds.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const length = 32;

/** @param state the folder of the estate's state, which is there; the key is made in it at its first use */
export async function secretKey(state: string): Promise<Uint8Array> {
  const file = join(state, 'secret-digest.key');
  return keyIn(file) ?? make(file);
}

function keyIn(file: string): Uint8Array | undefined {
  try {
    const key = readFileSync(file);
    return key.length === length ? key : undefined;
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
