// What lies in a place of copies or points, read by its manifests. Where no command runs, these are fetched, and nothing else is.
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Files, Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { must } from '../common/commands.ts';
import { manifestName } from '../common/points/places.ts';
import { rsyncBetween } from '../common/rsync/between.ts';
import { patternOf } from '../common/rsync/pattern.ts';
import { markName, unverifiedName } from './places.ts';

/** Files of a machine, and where on it the place is, or a picture of it. */
export type Reader = Readonly<{
  files: Files;
  folder: string;
  /** the place itself, with its parts beside the manifests */
  whole: boolean;
}>;

export type Fetching = Readonly<{
  near: Machine;
  far: Machine;
  /** a folder below which copies or points lie, two deep */
  folder: string;
  /** where the picture is put; made anew */
  work: string;
  signal: AbortSignal;
}>;

const names = [manifestName, unverifiedName, markName];

/** The folders on the way are named one by one: what is not there yet is no error then, as a missing source would be. */
export async function fetchPicture({ near, far, folder, work, signal }: Fetching): Promise<Reader> {
  const root = far.rsyncOnly?.root ?? '/';
  await emptied(near, work);
  const parts = folder
    .slice(root === '/' ? 1 : root.length + 1)
    .split('/')
    .filter((part) => part !== '');
  const way = parts.map((_, nth) => patternOf(`/${parts.slice(0, nth + 1).join('/')}/`));
  const place = parts.map((part) => `/${part}`).join('');
  const inside = [
    ...[patternOf(place, '/*/'), patternOf(place, '/*/*/'), patternOf(`${place}/${markName}`)],
    ...names.map((name) => patternOf(place, `/*/*/${name}`)),
  ];
  const { exitCode, words } = await rsyncBetween({
    ...{ near, far, direction: 'pull', from: `${root}/`.replace('//', '/'), to: `${work}/`, signal },
    options: ['-rt', '--no-links', ...[...way, ...inside].map((one) => `--include=${one}`), '--exclude=*'],
    ...{ progress: () => {}, what: 'reading manifests' },
  });
  if (exitCode !== 0 && exitCode !== 24) throw unread(far.name, words);
  return { files: near.files, folder: join(work, ...parts), whole: false };
}

export async function emptied(near: Machine, work: string): Promise<void> {
  await near.files.remove(work);
  await must(near, ['mkdir', '--parents', '--mode=700', '--', work]);
}

const unread = (where: string, words: string): Fault =>
  new Fault('offsite-not-read', {
    where: shown(where),
    says: `what lies there could not be read: ${words}`,
    remedy: 'see that the key may read there (`rrsync -ro`), and that the folder which is served is there',
  });
