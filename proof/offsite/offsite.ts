// 3.9 and N5: sealed points, to a NAS in each way that it can be reached, to a remote of rclone, and fetched by the far side; brought back
// from each copy when the disk with the points is gone.
import type { Report } from '../report.ts';
import { alone } from './alone.ts';
import { type Nas, startNas, unlessNas } from './nas.ts';
import { proveGone } from './offsite/gone.ts';
import { provePull } from './offsite/pull.ts';
import { proveTargets } from './offsite/targets.ts';
import { proveThief } from './offsite/thief.ts';

export async function proveOffsite(report: Report): Promise<void> {
  report.section('3.9 Offsite: sealed points to every kind of target, and back');
  if (unlessNas !== false) return report.skip('offsite', unlessNas);
  const nas = await startNas({ megabytes: 400 });
  const on = (prove: (report: Report, nas: Nas) => Promise<void>) => (to: Report) => prove(to, nas);
  try {
    await alone(report, {
      targets: on(proveTargets),
      thief: on(proveThief),
      gone: on(proveGone),
      pull: on(provePull),
    });
  } finally {
    await nas.stop();
  }
}
