// Mounting an image so that nothing can change it and nothing in it can do harm, and giving the mount back.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { milliseconds, minutes } from '../../values/duration.ts';
import { shown } from '../../values/text.ts';
import { lastWords, must } from '../common/commands.ts';
import { isMounted } from '../common/mounted.ts';
import type { SourceFacts } from './given.ts';
import { type DiskImageEntry, type Filesystem, filesystems } from './schema.ts';

const deadline = minutes(5);
type Signalled = Readonly<{ signal: AbortSignal }>;

/** What blkid reads from the image itself, or what the estate says where that is to win. */
export async function probeImage(machine: Machine, entry: DiskImageEntry, { signal }: Signalled): Promise<SourceFacts> {
  const options = { signal, deadline };
  const { stdout } = await machine.run(['blkid', '--probe', '--output', 'export', '--', entry.image], options);
  const facts = new Map(stdout.split('\n').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
  const filesystem = entry.filesystem ?? facts.get('TYPE');
  if (filesystem === undefined) throw withoutFilesystem(entry, facts.get('PTTYPE'));
  if (!filesystems.some((known) => known === filesystem)) throw unknownFilesystem(entry, filesystem);
  return { image: entry.image, filesystem, uuid: facts.get('UUID') ?? null, label: facts.get('LABEL') ?? null };
}

const withoutFilesystem = ({ image }: DiskImageEntry, partitions: string | undefined): Fault =>
  partitions === undefined
    ? new Fault('image-without-filesystem', {
        where: shown(image),
        says: 'blkid finds no file system in it',
        remedy: 'check that it is the right file; say `filesystem` in the estate if blkid cannot tell',
      })
    : new Fault('image-with-partitions', {
        where: shown(image),
        says: `it holds a partition table (${shown(partitions)}), and the file systems are in its partitions`,
        remedy: 'give an image of one file system, such as a copy of a partition',
      });

const unknownFilesystem = ({ image }: DiskImageEntry, type: string): Fault =>
  new Fault('image-filesystem-unknown', {
    where: shown(image),
    says: `it holds ${shown(type)}, and mounted are only ${filesystems.join(', ')}`,
    remedy: 'protect what is inside it with a layer of its own kind',
  });

// An xfs whose UUID is mounted elsewhere (the guest's own disk, a snapshot of it) would be refused without `nouuid`.
const extra: Readonly<Partial<Record<Filesystem, string>>> = { xfs: ',nouuid' };

/**
 * `loop,ro` makes a loop device that cannot be written to, so the kernel refuses a journal that it would have to replay, and
 * that frees itself on unmount. But mount(8) takes over a loop device that the image has already, and through a writable one
 * it replays the journal even for a read-only mount: such a device is refused before, and looked for again behind.
 */
export async function mountImage(
  machine: Machine,
  source: SourceFacts,
  mount: string,
  { signal }: Signalled,
): Promise<void> {
  const options = { signal, deadline };
  await refuseWritableLoop(machine, source.image, options);
  await must(machine, ['mkdir', '--parents', '--mode=0700', '--', mount], options);
  const flags = `loop,ro,nodev,nosuid,noexec${extra[source.filesystem as Filesystem] ?? ''}`;
  const argv = ['mount', '--internal-only', '--options', flags, '--types', source.filesystem] as const;
  const ended = await machine.run([...argv, '--', source.image, mount], options);
  if (ended.exitCode !== 0) {
    const words = lastWords(ended);
    throw /cannot mount .* read-only/.test(ended.stderr) ? dirtyJournal(source) : notMounted(source, words);
  }
  await refuseWritableLoop(machine, source.image, options);
}

async function refuseWritableLoop(machine: Machine, image: string, options: Signalled): Promise<void> {
  const argv = ['losetup', '--list', '--noheadings', '--raw', '--output', 'NAME,RO', '--associated', image] as const;
  const { stdout } = await must(machine, argv, options);
  const writable = stdout.split('\n').find((line) => line.endsWith(' 0'));
  if (writable === undefined) return;
  const device = writable.split(' ')[0];
  throw new Fault('image-in-use', {
    where: shown(image),
    says: `it is attached as ${device}, which can be written to`,
    remedy: `unmount it and detach it (losetup --detach ${device}), or protect a snapshot of it`,
  });
}

const dirtyJournal = ({ image, filesystem }: SourceFacts): Fault =>
  new Fault('image-journal-dirty', {
    where: shown(image),
    says: `its ${filesystem} was not unmounted cleanly: its journal would have to be replayed, which changes the image`,
    remedy: 'shut down the guest that uses it, or mount and unmount it once writable; then run it again',
  });

const notMounted = ({ image, filesystem }: SourceFacts, words: string): Fault =>
  new Fault('image-not-mounted', {
    where: shown(image),
    says: `it could not be mounted as ${filesystem}: ${words}`,
    remedy: 'see the kernel log (dmesg); check the file system with its own tool on a copy of the image',
  });

/** Gives the mount back, also one that nobody wrote down. The folder goes only when it is empty: never what is below. */
export async function unmount(machine: Machine, mount: string, context: StepContext): Promise<void> {
  if ((await machine.files.info(mount)) === undefined) return;
  for (let again = 0; await isMounted(machine, mount); again += 1) await unmountOnce(machine, mount, again, context);
  await must(machine, ['rmdir', '--', mount]);
}

const tries = 25;

async function unmountOnce(machine: Machine, mount: string, again: number, context: StepContext): Promise<void> {
  const { exitCode } = await machine.run(['umount', '--', mount], { deadline });
  if (exitCode === 0) return;
  if (again < tries) return context.world.clock.sleep(milliseconds(200), context.signal);
  context.log(`${mount} is still in use: it is taken away now and freed by the kernel when its last user ends`);
  await must(machine, ['umount', '--lazy', '--', mount], { deadline });
}
