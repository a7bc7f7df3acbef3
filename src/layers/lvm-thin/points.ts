// The restore points that are there, as their tags say; what has a name or tags of ours and is none is said.
import type { World } from '../../contracts/world.ts';
import type { Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { listVolumes } from '../common/lvm/list.ts';
import { restorePointOf, snapshotsIn, volumeRef } from '../common/lvm/snapshots.ts';
import type { LvmThinEntry } from './schema.ts';

export async function readPoints(
  { name, machine, volume_group }: LvmThinEntry,
  world: World,
  remark: (note: Note) => void = () => {},
): Promise<readonly RestorePoint[]> {
  const { sealed, remarks } = snapshotsIn(await listVolumes(world.machine(machine), volume_group), name);
  for (const { lv, level, says } of remarks) remark({ subject: volumeRef(machine, volume_group, lv), level, says });
  return sealed.map((one) => restorePointOf(machine, one));
}
