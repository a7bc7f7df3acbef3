// Whether the share is what it is taken for, before anything is concluded from what is not in it (DESIGN 5, rule 4).
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import type { Changes } from '../common/changes/changes.ts';
import { must } from '../common/commands.ts';
import { isMounted } from '../common/mounted.ts';
import type { MirrorPlace } from './places.ts';
import type { MirrorEntry } from './schema.ts';

/** @param files that the mirror has */
export async function checkShare({ source, entry }: MirrorPlace, files: number, signal: AbortSignal): Promise<void> {
  const { folder, mounted_at } = entry.from;
  if (mounted_at !== undefined && !(await isMounted(source, mounted_at)))
    throw absent(
      folder,
      `nothing is mounted at ${shown(mounted_at)}`,
      `mount it (\`mount ${shown(mounted_at)}\`), then run it again`,
    );
  const found = await source.files.info(folder);
  if (found?.type !== 'folder')
    throw absent(
      folder,
      found === undefined ? 'it is not there' : `it is a ${found.type}`,
      'see what became of it; mount it, or correct `from`',
    );
  if (files === 0) return;
  const { stdout } = await must(source, ['find', folder, '-mindepth', '1', '-maxdepth', '1', '-print', '-quit'], {
    signal,
  });
  if (stdout === '')
    throw absent(
      folder,
      'it is empty, and the mirror is not',
      'see that its disk is mounted; to give up the share, take the layer out of the estate',
    );
}

const absent = (folder: string, says: string, remedy: string): Fault =>
  new Fault('share-absent', { where: shown(folder), says, remedy: `${remedy}; nothing in the mirror was removed` });

export function checkAway({ from: { folder } }: MirrorEntry, { watch }: Changes): void {
  if (watch.state === 'away')
    throw absent(folder, watch.says, 'mount its disk; the tracker looks through the share when it is back');
}
