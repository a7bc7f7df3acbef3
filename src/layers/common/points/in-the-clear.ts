// What a plan says of points that are neither encrypted nor declared to lie on a disk that somebody protects. Pure.
import type { Note } from '../../../model/plan.ts';
import { ref } from '../../../values/ref.ts';
import { shown } from '../../../values/text.ts';
import { type PointEntry, pointsMachine } from './entry.ts';

type Protected = Readonly<{ encrypt_to?: readonly string[] | undefined; protected?: object | undefined }>;

/** @param holds what is secret in its points */
export function inTheClear(entry: PointEntry & Protected, holds: string): readonly Note[] {
  if (entry.encrypt_to !== undefined || entry.protected !== undefined) return [];
  const says =
    `its points hold ${holds}: they are only as safe as the disk behind ${shown(entry.to)} on ${pointsMachine(entry)}. ` +
    '`encrypt_to` encrypts them, `protected` says what protects that disk';
  return [{ subject: ref('layer', entry.name), level: 'warning', says }];
}
