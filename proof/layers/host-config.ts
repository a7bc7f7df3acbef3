import type { Report } from '../report.ts';
import { proveHostKills } from './host-config/killed.ts';
import { proveOverSsh } from './host-config/over-ssh.ts';

export async function proveHostConfig(report: Report): Promise<void> {
  await proveOverSsh(report);
  await proveHostKills(report);
}
