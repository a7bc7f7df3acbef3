// What the tests of the mirror's hard cases share.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import { sh } from '../common/trees.test-support.ts';
import { type Place, placeWith } from './place.test-support.ts';

export const skip =
  process.getuid?.() !== 0 && 'it needs root: owners are kept, and the share is mounted without links';

export const within = async (
  work: (place: Place) => Promise<void>,
  more: Record<string, unknown> = {},
  inside?: string,
): Promise<void> => {
  const place = placeWith(more, inside);
  try {
    await work(place);
  } finally {
    place.close();
  }
};
export const files = (place: Place, count: number) => {
  for (let n = 0; n < count; n += 1) writeFileSync(join(place.share, `file${n}`), `content ${n}`);
};
export const treeOf = (folder: string): string => sh('find . -type f -exec sha256sum {} + | sort', folder);
export const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Fault, `a fault was expected, and ${String(error)} came`);
  return error;
};
