// Generations as restore points: what is in one, and what it adds to those before. Pure.
import * as z from 'zod';
import type { RestorePoint } from '../../model/restore-point.ts';
import { judgedWords } from '../common/judgement/record.ts';
import type { FilesEntry } from './schema.ts';

const figures = z.record(z.string(), z.number());

/** What one generation shares with the one before is on the disk once. */
export function asGeneration(
  point: RestorePoint,
  { suspicious_approved }: Pick<FilesEntry, 'suspicious_approved'>,
): RestorePoint {
  const { counts, details } = point.manifest;
  const whole = counts['bytes'] ?? point.bytes;
  const how = judgedWords(point.manifest, suspicious_approved);
  return { ...point, bytes: whole, how, takes: { what: 'shared', whole, added: addedBy(details, whole) } };
}

function addedBy(details: RestorePoint['manifest']['details'], whole: number): number {
  if (details['outcome'] === 'same') return 0;
  if (details['outcome'] !== 'changed') return whole;
  const { data = {} } = figures.safeParse(details['changes']);
  return (data['new_bytes'] ?? 0) + (data['changed_bytes'] ?? 0) + (data['touched_bytes'] ?? 0);
}
