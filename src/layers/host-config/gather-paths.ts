// Files and folders as they are, with everything that must survive, and as they were at one moment: what was copied is compared
// with what is there by then, and copied again where it had changed. /etc/pve is a file system of its own (pmxcfs, FUSE), which
// other nodes write to at any time.
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import { lastWords, must } from '../common/commands.ts';
import { fullOr } from '../common/records.ts';
import type { Item } from './items.ts';
import { roomFor, type Staging } from './staging.ts';

const tries = 3;

/** @returns how many of the paths are there */
export async function gatherPaths(staging: Staging, item: Item, signal: AbortSignal): Promise<number> {
  let taken = 0;
  for (const path of item.paths) {
    if ((await staging.machine.files.info(path)) === undefined) continue;
    await roomFor(staging, await sizeOf(staging, path, signal));
    await copySteadily(staging, path, item.except, signal);
    taken += 1;
  }
  return taken;
}

async function sizeOf({ machine }: Staging, path: string, signal: AbortSignal): Promise<number> {
  // A file that vanishes while du looks is none that is copied.
  const { stdout } = await machine.run(['du', '--summarize', '--bytes', '--', path], { signal });
  return Number(stdout.split('\t')[0]) || 0;
}

async function copySteadily(staging: Staging, path: string, except: readonly string[], signal: AbortSignal) {
  const { machine, files } = staging;
  let said = '';
  for (let again = 0; again < tries; again += 1) {
    await machine.files.remove(join(files, path));
    const copied = await machine.run(['cp', '--archive', '--parents', '--', path, files], { signal });
    for (const name of except) await removeNamed(staging, path, name, signal);
    const skip = except.map((name) => `--exclude=${name}`);
    const argv = [
      'diff',
      '--recursive',
      '--no-dereference',
      '--brief',
      ...skip,
      '--',
      path,
      join(files, path),
    ] as const;
    const compared = await machine.run([...argv] as [string, ...string[]], { signal });
    if (copied.exitCode === 0 && compared.exitCode === 0) return;
    said = copied.exitCode === 0 ? `it changes while it is read: ${lastWords(compared)}` : `cp: ${lastWords(copied)}`;
  }
  const fault = new Fault('item-incomplete', {
    where: shown(path),
    says: said,
    remedy: 'see what writes to it, or why it cannot be read; what was read of it is in the point all the same',
  });
  throw fullOr(fault, said, files);
}

/** Taking a name out changes the time of its folder, which is the host's and comes back with it. Names may be any bytes. */
const remove = `files=$1; shift; for one do folder=\${one%/*}; rm -rf -- "$one"; touch -c -r "\${folder#"$files"}/." -- "$folder" || :; done`;

const removeNamed = ({ machine, files }: Staging, path: string, name: string, signal: AbortSignal) =>
  must(
    machine,
    ['find', join(files, path), '-depth', '-name', name, '-exec', 'sh', '-c', remove, 'sh', files, '{}', '+'],
    { signal },
  );
