// The newest point of the mirror, and what earlier runs have left for this one to do.
import { join } from 'node:path';
import type { Path } from '../../model/change-journal.ts';
import type { Manifest } from '../../model/restore-point.ts';
import { readManifest } from '../common/points/manifest.ts';
import type { MirrorPlace } from './places.ts';
import { namesIn, partNames } from './places.ts';

export type Newest = Readonly<{ manifest: Manifest; folder: string; owed: readonly Path[] }>;

const limit = 256 * 1024 * 1024;

/** Names of points sort by time. What has no manifest is none (and `points` says so). */
export async function newestPoint({ machine, root }: MirrorPlace): Promise<Newest | undefined> {
  const names = ((await machine.files.list(root)) ?? []).filter((name) => /^\d{4}-/.test(name));
  for (const name of names.toReversed()) {
    const folder = join(root, name);
    const manifest = await readManifest(machine.files, folder);
    if ('problem' in manifest) continue;
    const isOwing = manifest.parts.some((part) => part.name === partNames.owed && part.bytes > 0);
    const owed = isOwing
      ? namesIn((await machine.files.read(join(folder, partNames.owed), limit)) ?? new Uint8Array())
      : [];
    return { manifest, folder, owed };
  }
  return undefined;
}
