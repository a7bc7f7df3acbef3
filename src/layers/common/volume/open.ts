// From a sealed snapshot to a tree that can be read, and back. What cannot be read without a change (a journal that must be
// replayed, a LUKS volume) is read from a throw-away clone, and the restore point stays bit for bit what it was.
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Ended, Machine } from '../../../machines/machine.ts';
import { milliseconds, minutes } from '../../../values/duration.ts';
import type { SecretReference } from '../../../values/secret-reference.ts';
import { shown } from '../../../values/text.ts';
import { lastWords, must } from '../commands.ts';
import { tagOf } from '../lvm/tags.ts';
import { isMounted } from '../mounted.ts';
import { contentOf } from './content.ts';
import { closeLuks, openLuks } from './luks.ts';
import { activateSnapshot, giveBack, makeClone, notGivenBack, notOpened } from './snapshot.ts';
import { type Content, type Filesystem, filesystems, type Taken, takenFor, type Volume } from './volume.ts';

export type Opened = Readonly<{ tree: string; filesystem: Filesystem; encrypted: boolean; cloned: boolean }>;
type Opening = Pick<StepContext, 'run' | 'folder' | 'world' | 'signal' | 'take' | 'log'>;

const mountDeadline = minutes(2);

export async function openVolume(
  machine: Machine,
  volume: Volume,
  keys: readonly SecretReference[],
  context: Opening,
): Promise<Opened> {
  await closeVolume(machine, volume, context);
  const taken = takenFor(volume, context.run, context.folder);
  context.take('active snapshot', `${volume.vg}/${volume.lv}`);
  await activateSnapshot(machine, volume, context.signal);
  const content = await contentOf(machine, taken.device, context.signal);
  if (content.is === 'filesystem') return openPlain(machine, volume, taken, content.type, context);
  if (content.is !== 'luks') throw unsupported(volume, content);
  await clone(machine, volume, taken, context);
  context.take('LUKS mapping', taken.mapper);
  const { world, signal } = context;
  const locked = { machine, device: taken.cloneDevice, uuid: content.uuid, keys, label: volume.label, world, signal };
  const device = await openLuks(locked, taken.mapper);
  const inside = await contentOf(machine, device, signal);
  if (inside.is !== 'filesystem') throw unsupported(volume, inside);
  const ended = await mount(machine, device, inside.type, taken, context);
  if (ended.exitCode !== 0) throw notMounted(volume, inside.type, ended);
  return { tree: taken.mount, filesystem: inside.type, encrypted: true, cloned: true };
}

/** A device that cannot be written to is refused by every file system whose journal is not empty. */
async function openPlain(
  machine: Machine,
  volume: Volume,
  taken: Taken,
  filesystem: Filesystem,
  context: Opening,
): Promise<Opened> {
  const opened = { tree: taken.mount, filesystem, encrypted: false };
  const first = await mount(machine, taken.device, filesystem, taken, context);
  if (first.exitCode === 0) return { ...opened, cloned: false };
  context.log(
    `${volume.label}: its journal must be replayed, so it is read from a throw-away clone (${lastWords(first)})`,
  );
  await clone(machine, volume, taken, context);
  const second = await mount(machine, taken.cloneDevice, filesystem, taken, context);
  if (second.exitCode !== 0) throw notMounted(volume, filesystem, second);
  return { ...opened, cloned: true };
}

async function clone(machine: Machine, volume: Volume, taken: Taken, context: Opening): Promise<void> {
  context.take('throw-away clone', `${volume.vg}/${taken.clone}`);
  await makeClone(machine, volume, taken, tagOf('run', context.run), context.signal);
}

// An xfs whose UUID is mounted elsewhere (the volume itself) would be refused without `nouuid`.
const extra: Readonly<Partial<Record<Filesystem, string>>> = { xfs: ',nouuid' };

async function mount(
  machine: Machine,
  device: string,
  type: Filesystem,
  { mount: place }: Taken,
  { signal, take }: Opening,
): Promise<Ended> {
  take('mount', place);
  await must(machine, ['mkdir', '--parents', '--mode=0700', '--', place], { signal });
  const options = `ro,nodev,nosuid,noexec${extra[type] ?? ''}`;
  const argv = ['mount', '--internal-only', '--types', type, '--options', options, '--', device, place] as const;
  return machine.run(argv, { signal, deadline: mountDeadline });
}

const tries = 25;

/** Gives back whatever there is of it, in the order that the kernel takes it; bears being called when there is nothing. */
export async function closeVolume(
  machine: Machine,
  volume: Volume,
  context: Pick<StepContext, 'run' | 'folder' | 'world' | 'log'>,
): Promise<void> {
  const taken = takenFor(volume, context.run, context.folder);
  const { clock } = context.world;
  for (let again = 0; await isMounted(machine, taken.mount); again += 1) {
    const lazy = again >= tries ? ['--lazy'] : [];
    if (lazy.length > 0)
      context.log(`${taken.mount} is still in use: it is taken away now, and freed when its last user ends`);
    const ended = await machine.run(['umount', ...lazy, '--', taken.mount], { deadline: mountDeadline });
    if (ended.exitCode === 0) continue;
    if (lazy.length > 0) throw notGivenBack(volume, lastWords(ended));
    await clock.sleep(milliseconds(200));
  }
  if ((await machine.files.info(taken.mount)) !== undefined)
    await must(machine, ['rmdir', '--', taken.mount], { deadline: mountDeadline });
  // Where a mount was taken away lazily, what is below it is busy until its last user ends.
  for (let again = 0; ; again += 1) {
    const busy = await closeLuks(machine, taken.mapper);
    if (busy === undefined) break;
    if (again >= tries)
      throw notGivenBack(volume, `its LUKS mapping ${taken.mapper} is still open: ${lastWords(busy)}`);
    await clock.sleep(milliseconds(200));
  }
  await giveBack(machine, volume, taken);
  await machine.run(['rmdir', '--ignore-fail-on-non-empty', '--', context.folder], { deadline: mountDeadline });
}

export const unsupported = (volume: Volume, content: Content): Fault =>
  new Fault('volume-unsupported', {
    where: shown(volume.label),
    says:
      content.is === 'unsupported'
        ? `it holds ${content.type}, and mounted are only ${filesystems.join(', ')}, and LUKS with one of them inside`
        : content.is === 'luks'
          ? 'it holds LUKS within LUKS'
          : 'it holds no file system',
    remedy: 'protect what is inside it with a layer of its own kind, or exclude it with a reason',
  });

const notMounted = (volume: Volume, type: Filesystem, ended: Ended): Fault =>
  notOpened(volume, `it could not be mounted as ${type}: ${lastWords(ended)}`);
