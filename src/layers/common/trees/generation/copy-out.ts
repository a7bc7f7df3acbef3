// The tree of a generation, copied out of it: by the names of its listing, so that nothing which came into it later comes along.
import { join } from 'node:path';
import type { StepContext } from '../../../../contracts/step-kind.ts';
import { Fault } from '../../../../fault.ts';
import { cut, shown } from '../../../../values/text.ts';
import { lastWords, must } from '../../commands.ts';
import { gathered } from '../../records.ts';
import { extractFault, keepMetadata } from '../archive.ts';
import { pathOf } from '../listed.ts';
import { type AtHand, provenPart } from '../parts.ts';
import { isMeant } from '../scope.ts';
import type { Restoring } from '../target.ts';
import { proveScript } from './digests.ts';
import { generationParts, treeName } from './parts.ts';
import { readScan } from './read-scan.ts';

/** `$1` the tree to read, `$2` an empty folder for it; names come on standard input. Says which of both could not go on. */
const script = `set -u -f
export LC_ALL=C
{ { tar --create --file=- --blocking-factor=128 --format=posix ${keepMetadata} --sparse --no-recursion --null --verbatim-files-from --directory="$1" --files-from=- || echo read >&3; } |
  { tar --extract --file=- --blocking-factor=128 --delay-directory-restore --same-owner --same-permissions ${keepMetadata} --directory="$2" || echo write >&3; }; } 3>&1`;

/**
 * @param figures how full the target is, for a fault
 * @throws Fault `point-damaged` where the tree has not all that the listing has, `unpack-failed`, `disk-full`
 */
export async function copyOut(
  { machine, tree, target, devices, scope }: Restoring,
  point: AtHand,
  figures: () => Promise<string>,
  context: StepContext,
): Promise<void> {
  const { signal, progress } = context;
  const argv = ['sh', '-c', script, 'sh', join(point.folder, treeName), tree] as const;
  const feeding = machine.feed(argv, { signal });
  let done = 0;
  const names = async function* () {
    for await (const entry of readScan(point, signal)) {
      if (!isMeant(scope, pathOf(entry)) || entry.type === 'socket') continue;
      if (!devices && (entry.type === 'block' || entry.type === 'character')) continue;
      done += 1;
      if (done % 1000 === 0) progress({ done, unit: 'items', what: 'copying out of the restore point' });
      yield Buffer.concat([Buffer.from('./'), pathOf(entry), Buffer.of(0)]);
    }
  };
  try {
    for await (const chunk of gathered(names())) if (!(await feeding.write(chunk))) break;
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const ended = await feeding.close();
  if (ended.stdout.includes('write')) {
    const fault = extractFault({ ...ended, exitCode: 2 }, target, await figures());
    if (fault !== undefined) throw fault;
  }
  if (ended.stdout.includes('read') || ended.exitCode !== 0) throw damaged(point, lastWords(ended));
}

/** What the tree takes on its disk: of sparse files only what is written in them, as a copy of it will. */
export async function takenBy({ machine, folder }: AtHand, signal: AbortSignal): Promise<number> {
  const argv = ['du', '--summarize', '--block-size=1', '--', join(folder, treeName)] as const;
  const { stdout } = await must(machine, argv, { signal });
  return Number.parseInt(stdout, 10);
}

/** Every file of the tree against the digest that was sealed. @throws Fault `point-damaged` */
export async function proveContent(
  { machine, tree, scope }: Restoring,
  point: AtHand,
  work: string,
  context: StepContext,
): Promise<void> {
  const words = [work, join(point.folder, generationParts.digests), tree, ...(scope === undefined ? [] : [scope.text])];
  const argv = ['sh', '-c', proveScript, 'sh', ...words] as const;
  context.progress({ done: 0, unit: 'items', what: 'comparing the content of every file' });
  for await (const _ of provenPart(point, generationParts.digests, context.signal));
  const ended = await machine.run(argv, { signal: context.signal });
  if (ended.exitCode === 0) return;
  const paths = ended.stdout
    .split('\n')
    .flatMap((line) => /^\t?(.*)\/\/(?:sparse:)?[0-9a-f]{64}$/.exec(line)?.[1] ?? []);
  const names = [...new Set(paths)].map(shown).join(', ');
  throw damaged(point, names === '' ? lastWords(ended) : `not the content that was sealed: ${cut(names, 600)}`);
}

const damaged = ({ folder }: AtHand, says: string): Fault =>
  new Fault('point-damaged', {
    where: shown(folder),
    says,
    remedy: 'restore another point; hold or keep this one until it is known what damaged it',
  });
