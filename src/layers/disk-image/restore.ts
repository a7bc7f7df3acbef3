// The plan of bringing an image's files back: into an empty folder, never into the image itself. Pure.
import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { Json } from '../../values/canonical.ts';
import { shown } from '../../values/text.ts';
import { planTreeRestore } from '../common/trees/restore-plan.ts';
import type { DiskImageEntry } from './schema.ts';

export const planRestore = (
  entry: DiskImageEntry,
  wish: RestoreWish,
  _context: LayerContext,
  scouted?: Json,
): Planned =>
  planTreeRestore(entry, wish, `files of ${shown(entry.image)} are not put back into the image itself`, scouted);
