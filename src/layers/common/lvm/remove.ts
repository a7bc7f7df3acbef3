// Removes volumes of ours, and nothing else: the name must be one of ours, and LVM itself looks once more, under its lock, whether
// the volume is still the very one that was judged, with the very tags it had. A hold that was put on it meanwhile keeps it.
import type { Argv, Machine } from '../../../machines/machine.ts';
import { listVolumes, lvmDeadline, lvmEnvironment, lvmFailed } from './list.ts';
import { isOurs } from './names.ts';
import type { Volume } from './report.ts';

export type Judged = Readonly<Pick<Volume, 'vg' | 'name' | 'uuid' | 'tags'>>;

export const removeArgv = ({ vg, name, uuid, tags }: Judged): Argv => {
  const same = tags.length === 0 ? 'lv_tags=""' : `lv_tags=[${tags.map((tag) => `"${tag}"`).join(' && ')}]`;
  return ['lvremove', '-f', '-S', `lv_uuid="${uuid}" && ${same}`, `${vg}/${name}`];
};

/** @returns whether it is gone, be it that somebody else removed it before; false: it is not what it was, and it stays */
export async function removeVolume(machine: Machine, judged: Judged, signal?: AbortSignal): Promise<boolean> {
  if (!isOurs(judged.name)) throw new Error(`${judged.name} is not ours to remove`);
  const argv = removeArgv(judged);
  const options = { env: lvmEnvironment, deadline: lvmDeadline, ...(signal === undefined ? {} : { signal }) };
  const ended = await machine.run(argv, options);
  const left = (await listVolumes(machine, judged.vg, signal)).find(({ name }) => name === judged.name);
  if (left === undefined) return true;
  if (ended.exitCode !== 0 && left.uuid === judged.uuid) throw lvmFailed(machine, argv, ended.stderr, ended.exitCode);
  return false;
}
