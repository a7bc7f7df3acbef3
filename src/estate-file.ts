// The estate on this machine's disk, read with every kind there is, and looked at by the guard before anything else uses it.
import { readEstate } from './estate/read.ts';
import type { Guard } from './guard/guard.ts';
import { guardFault } from './guard/guard-estate.ts';
import { kinds } from './kinds.ts';
import { localMachine } from './machines/local.ts';
import type { Estate } from './model/estate.ts';
import type { Surroundings } from './surroundings.ts';

export async function readEstateFile({ clock }: Surroundings, path: string, guard: Guard): Promise<Estate> {
  const estate = await readEstate(path, { files: localMachine({ name: 'this machine', clock }).files, kinds });
  const fault = guardFault(estate, guard);
  if (fault !== undefined) throw fault;
  return estate;
}
