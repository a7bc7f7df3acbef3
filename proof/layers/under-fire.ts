// Under fire: what goes wrong around a run of lvm-thin. lvs, dmsetup and sha256sum on the machine say what became of it.

import { lookAt, smallPool } from '../../test/e2e/volumes.test-support.ts';
import { startPveMachine, unlessMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import type { Report } from '../report.ts';
import { proveManyVolumes } from './under-fire-many.ts';
import { proveHangingMount } from './under-fire-mount.ts';
import { proveHostileNames } from './under-fire-names.ts';
import { proveFullPools } from './under-fire-pools.ts';
import { proveStarts } from './under-fire-starts.ts';

export async function proveUnderFire(report: Report, full: boolean): Promise<void> {
  report.section('Under fire: snapshots');
  if (unlessMachine !== false) return report.skip('lvm-thin, under fire', unlessMachine);
  const machine = await startPveMachine({ pool: smallPool });
  const place = { machine, look: lookAt(machine) };
  try {
    await proveStarts(report, place);
    await proveHostileNames(report, place);
    await machine.volumes.reset();
    await proveHangingMount(report, place);
    await machine.volumes.reset();
    await proveFullPools(report, place);
    await machine.volumes.reset();
    await proveManyVolumes(report, place, full);
  } finally {
    await machine.stop();
  }
}
