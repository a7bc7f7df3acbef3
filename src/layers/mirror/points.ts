// The states of a mirror as restore points: what is in one, and what it takes. Pure.
import type { RestorePoint } from '../../model/restore-point.ts';
import { judgedWords } from '../common/judgement/record.ts';
import type { MirrorEntry } from './schema.ts';

/** What one state shares with the others is on the disk once. */
export function asState(
  point: RestorePoint,
  { suspicious_approved }: Pick<MirrorEntry, 'suspicious_approved'>,
): RestorePoint {
  const { bytes: whole = point.bytes, brought_bytes: added = 0 } = point.manifest.counts;
  const how = judgedWords(point.manifest, suspicious_approved);
  return { ...point, bytes: whole, how, takes: { what: 'shared', whole, added } };
}
