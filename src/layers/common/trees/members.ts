// That tar ended well does not say that it archived everything it was told to: its archive is read again, and counted.
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { shown } from '../../../values/text.ts';
import { lastWords } from '../commands.ts';
import { listArgv } from './archive.ts';

const newline = 0x0a;

/** @throws Fault `archive-incomplete` */
export async function proveMembers(
  machine: Machine,
  path: string,
  expected: number,
  signal: AbortSignal,
): Promise<void> {
  const { stdout, ended } = machine.stream(listArgv(path), { signal });
  let members = 0;
  for await (const chunk of stdout)
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) members += 1;
  const end = await ended;
  if (end.exitCode === 0 && members === expected) return;
  throw new Fault('archive-incomplete', {
    where: shown(path),
    says: `it holds ${members} of the ${expected} entries that were listed${end.exitCode === 0 ? '' : `; tar: ${lastWords(end)}`}`,
    remedy:
      'see the log of the run; check the file system that it was read from, and the disk that restore points go to',
  });
}
