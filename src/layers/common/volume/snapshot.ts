// A sealed snapshot, and the throw-away clone of it. The snapshot is made a device that the kernel refuses every write to, as soon as
// it is active. (LVM's own `read_only_volume_list` would have it load the pool read-only, too, which the kernel refuses: lvm2 2.03.16.)
import { Fault } from '../../../fault.ts';
import type { Argv, Ended, Machine } from '../../../machines/machine.ts';
import { minutes } from '../../../values/duration.ts';
import { shown } from '../../../values/text.ts';
import { lastWords } from '../commands.ts';
import { findVolume, listVolumes, lvmEnvironment } from '../lvm/list.ts';
import { deviceOf, readName } from '../lvm/names.ts';
import type { Volume as LogicalVolume } from '../lvm/report.ts';
import type { Taken, Volume } from './volume.ts';

const deadline = minutes(2);
const lvm = (machine: Machine, argv: Argv, signal?: AbortSignal): Promise<Ended> =>
  machine.run(argv, { deadline, env: lvmEnvironment, ...(signal === undefined ? {} : { signal }) });

/** @throws Fault `snapshot-gone` where another one, or none, has its name by now */
export async function activateSnapshot(machine: Machine, volume: Volume, signal: AbortSignal): Promise<void> {
  const found = await findVolume(machine, volume.vg, volume.lv, signal);
  if (found?.uuid !== volume.uuid) throw gone(volume);
  const name = `${volume.vg}/${volume.lv}`;
  const argv = ['lvchange', '--ignoreactivationskip', '--activate', 'y', '--', name] as const;
  const ended = found.active ? undefined : await lvm(machine, argv, signal);
  if (ended !== undefined && ended.exitCode !== 0)
    throw notOpened(volume, `it could not be activated: ${lastWords(ended)}`);
  const device = deviceOf(volume.vg, volume.lv);
  await machine.run(['blockdev', '--setro', device], { signal, deadline });
  const { stdout } = await machine.run(['blockdev', '--getro', device], { signal, deadline });
  if (stdout.trim() !== '1') throw notOpened(volume, 'it could be written to while it is active');
}

/** What somebody else has open meanwhile stays active, and is theirs to give back. */
export async function deactivateSnapshot(machine: Machine, volume: Volume): Promise<void> {
  await deactivate(machine, volume, await listVolumes(machine, volume.vg));
}

async function deactivate(machine: Machine, volume: Volume, all: readonly LogicalVolume[]): Promise<void> {
  const found = all.find(({ name }) => name === volume.lv);
  if (found === undefined || found.uuid !== volume.uuid || !found.active || found.open) return;
  const ended = await lvm(machine, ['lvchange', '--activate', 'n', '--', `${volume.vg}/${volume.lv}`]);
  if (ended.exitCode !== 0) throw notGivenBack(volume, `it could not be deactivated: ${lastWords(ended)}`);
}

/** Beyond this, what a replayed journal writes could be what fills the pool for everybody. */
const fullest = 95;

export async function makeClone(
  machine: Machine,
  volume: Volume,
  { clone }: Taken,
  tag: string,
  signal: AbortSignal,
): Promise<void> {
  const all = await listVolumes(machine, volume.vg, signal);
  const snapshot = all.find(({ name }) => name === volume.lv);
  if (snapshot?.uuid !== volume.uuid) throw gone(volume);
  const pool = all.find(({ name }) => name === snapshot.pool);
  const [data = 0, metadata = 0] = [pool?.dataPercent, pool?.metadataPercent];
  if (data >= fullest || metadata >= fullest) throw poolFull(volume, snapshot.pool ?? '', data, metadata);
  const argv = [
    ...(['lvcreate', '--snapshot', '--permission', 'rw', '--setactivationskip', 'n', '--activate', 'y'] as const),
    ...['--addtag', tag, '--name', clone, '--', `${volume.vg}/${volume.lv}`],
  ] as const;
  const ended = await lvm(machine, argv, signal);
  if (ended.exitCode !== 0) throw notOpened(volume, `no throw-away clone of it could be made: ${lastWords(ended)}`);
}

/** Nothing but a clone of this very name is ever removed here. */
export async function giveBack(machine: Machine, volume: Volume, { clone }: Taken): Promise<void> {
  if (readName(clone)?.role !== 'clone') throw new Error(`${clone} is no clone`);
  const all = await listVolumes(machine, volume.vg);
  if (all.some(({ name }) => name === clone)) {
    const ended = await lvm(machine, ['lvremove', '--yes', '--', `${volume.vg}/${clone}`]);
    if (ended.exitCode !== 0)
      throw notGivenBack(volume, `its throw-away clone ${clone} is still there: ${lastWords(ended)}`);
  }
  await deactivate(machine, volume, all);
}

const gone = ({ vg, lv, label }: Volume): Fault =>
  new Fault('snapshot-gone', {
    where: shown(label),
    says: `the snapshot ${vg}/${lv} is not there any more, or is another one by now`,
    remedy: 'run the layer again: it takes the newest sealed snapshot that there is then',
  });

export const notOpened = ({ vg, lv, label }: Volume, says: string): Fault =>
  new Fault('volume-not-opened', {
    where: shown(label),
    says: `${vg}/${lv}: ${says}`,
    remedy: 'see the kernel log (dmesg) and `lvs` on the machine; the snapshot itself was not changed',
  });

export const notGivenBack = ({ vg, lv, label }: Volume, says: string): Fault =>
  new Fault('volume-not-given-back', {
    where: shown(label),
    says: `${vg}/${lv}: ${says}`,
    remedy: 'see what still uses it (`lsof`, `dmsetup ls --tree`); the next command that may write tries again',
  });

const poolFull = ({ label }: Volume, pool: string, data: number, metadata: number): Fault =>
  new Fault('pool-too-full', {
    where: shown(label),
    says: `the pool ${pool} holds ${data} % of its data and ${metadata} % of its metadata: a throw-away clone could fill it`,
    remedy: 'extend the pool, or remove what it does not need (`lvs`); nothing was made in it',
  });
