// Whose mirror it is. Two hosts may have one NAS, and a layer of the same name: each has a folder of its own there, and finds its own
// mark in it, or does nothing.
import { join } from 'node:path';
import * as z from 'zod';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { markName } from './places.ts';

const mark = z.strictObject({ layer: z.string(), machine_id: z.string(), folder: z.string() });
export type Mark = z.infer<typeof mark>;

/** The id that the machine's installation has (machine-id(5)), or its name where it has none, as on some NAS. */
export async function sourceMark(machine: Machine, layer: string, folder: string): Promise<Mark> {
  const id = Buffer.from((await machine.files.read('/etc/machine-id', 4096)) ?? '')
    .toString()
    .trim();
  return { layer, machine_id: id === '' ? machine.name : id, folder };
}

export async function checkMark(machine: Machine, root: string, own: Mark): Promise<void> {
  const content = await machine.files.read(join(root, markName), 4096);
  if (content === undefined) return;
  const found = mark.safeParse(parsed(Buffer.from(content).toString()));
  const same = found.success && (Object.keys(own) as (keyof Mark)[]).every((field) => found.data[field] === own[field]);
  if (same) return;
  const whose = found.success
    ? `${shown(found.data.folder)} of the machine ${shown(found.data.machine_id)}`
    : 'something unreadable';
  throw new Fault('destination-owned', {
    where: shown(root),
    says: `it is the mirror of ${whose}, as its ${markName} says`,
    remedy: 'give this layer another `to` or another name; if the machine was installed anew, correct that file',
  });
}

export const writeMark = (machine: Machine, root: string, own: Mark): Promise<void> =>
  machine.files.write(join(root, markName), `${JSON.stringify(own)}\n`, 0o600);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
