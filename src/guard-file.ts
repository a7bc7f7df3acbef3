// The guard file on this machine, and its judgement of an estate before that estate is used for anything.
import { resolve } from 'node:path';
import { readGuard } from './estate/read-guard.ts';
import { Fault } from './fault.ts';
import type { Guard } from './guard/guard.ts';
import { localMachine } from './machines/local.ts';
import type { Surroundings } from './surroundings.ts';

const usualGuardFile = '/etc/holdfast/guard.yaml';

/** @param given what --guard names; a file that was named must be there, the usual one need not */
export async function readGuardFile({ clock, folder, user }: Surroundings, given: string | undefined): Promise<Guard> {
  const { files } = localMachine({ name: 'this machine', clock });
  const path = given === undefined ? usualGuardFile : resolve(folder, given);
  if (given !== undefined && (await files.info(path)) === undefined)
    throw new Fault('guard-missing', {
      where: path,
      says: 'there is no such file, and without it more would be allowed than you meant',
      remedy: 'correct --guard, or leave it out for the defaults',
      exit: 'misused',
    });
  return readGuard(path, { files, user });
}
