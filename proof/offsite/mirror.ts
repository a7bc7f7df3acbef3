// 3.9: a share, by its change journal, to a NAS: carried at once within the budget, what is displaced stays, and no day of ours costs a file.
import type { Report } from '../report.ts';
import { alone } from './alone.ts';
import { proveCarried } from './mirror/carried.ts';
import { proveFire } from './mirror/fire.ts';
import { proveRansom } from './mirror/ransom.ts';
import { type Nas, startNas, unlessNas } from './nas.ts';

export async function proveMirror(report: Report): Promise<void> {
  report.section('3.9 A share by its change journal: mirrored at a NAS, and as it was at any run');
  if (unlessNas !== false) return report.skip('mirror', unlessNas);
  const nas = await startNas({ megabytes: 300 });
  const on = (prove: (report: Report, nas: Nas) => Promise<void>) => (to: Report) => prove(to, nas);
  try {
    await alone(report, { carried: on(proveCarried), fire: on(proveFire), ransom: on(proveRansom) });
  } finally {
    await nas.stop();
  }
}
