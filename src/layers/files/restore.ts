// The plan of bringing files back into an empty folder. Pure.
import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { Json } from '../../values/canonical.ts';
import { planTreeRestore } from '../common/trees/restore-plan.ts';
import type { FilesEntry } from './schema.ts';

export const planRestore = (entry: FilesEntry, wish: RestoreWish, _context: LayerContext, scouted?: Json): Planned =>
  planTreeRestore(
    entry,
    wish,
    'files are not put back in place of those that are there now: bring them into an empty folder, then move them (docs/layers/files.md)',
    scouted,
  );
