// What the kernel of this machine says about a file, as a fault an operator can act on.
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../fault.ts';
import { faultOf } from './file-faults.ts';

export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

export async function fileFault(error: unknown, path: string): Promise<Fault> {
  if (error instanceof Fault) return error;
  const says = error instanceof Error ? error.message : String(error);
  return faultOf(errnoOf(error), path, says, () => room(dirname(path)), error);
}

const room = (folder: string) =>
  statfs(folder).then(
    ({ bavail, blocks, bsize }) => ({ free: bavail * bsize, total: blocks * bsize }),
    () => undefined,
  );
