// A disk image, through its whole life: protected and restored, killed at every kind of step, on disks that are full.
import { existsSync } from 'node:fs';
import type { Report } from '../report.ts';
import { proveFullDisks } from './full-disks.ts';
import { proveKills } from './killed.ts';
import { proveRestore } from './restored.ts';

export async function proveImages(report: Report, full: boolean): Promise<void> {
  if (process.getuid?.() !== 0 || !existsSync('/dev/loop-control'))
    return report.skip('disk images', 'they need root and loop devices');
  await proveRestore(report);
  await proveKills(report, full);
  await proveFullDisks(report);
}
