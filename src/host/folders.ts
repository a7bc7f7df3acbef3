// The folders something may be staged in: which file system each lies on (the kernel's table of mounts, which never hangs),
// and how much is free there (`df`, which can hang on a dead server and is then killed).
import type { BackupJob, HostFolder, HostStorage } from '../model/host.ts';
import { bytes, type Size } from '../values/size.ts';
import { notUnderstood } from './command.ts';
import { sayOddFile } from './odd-lines.ts';
import type { Reader, Told } from './reader.ts';

export type Mount = Readonly<{ point: string; fileSystem: string }>;

const table = '/proc/self/mountinfo';
const hides = 'whether a backup fills the disk of the host itself';

export async function readFolders(
  reader: Reader,
  storages: readonly HostStorage[],
  jobs: readonly BackupJob[],
): Promise<readonly HostFolder[]> {
  const paths = new Set([
    '/var/tmp',
    ...jobs.flatMap(({ tmpdir, dumpdir }) => [tmpdir ?? [], dumpdir ?? []].flat()),
    ...storages.flatMap(localPath),
  ]);
  const told = await reader.text(table, hides);
  if (told === 'nothing there') sayOddFile(reader, table, 'there is no such file', hides);
  if (told === undefined || told === 'nothing there') return [];
  const mounts = parseMounts(told.value);
  return Promise.all([...paths].sort().map((path) => folderAt(reader, path, mounts, told)));
}

// Network storages are asked for through PVE, which gives up by itself when their server is gone.
const localPath = ({ type, path, content, disabled }: HostStorage): readonly string[] =>
  (type === 'dir' || type === 'btrfs') && path !== undefined && content.includes('backup') && !disabled ? [path] : [];

async function folderAt(
  reader: Reader,
  path: string,
  mounts: readonly Mount[],
  told: Told<string>,
): Promise<HostFolder> {
  const { point, fileSystem } = mountOf(path, mounts);
  return { path, mountPoint: point, fileSystem, free: await freeAt(reader, point), source: told.source, at: told.at };
}

async function freeAt(reader: Reader, mountPoint: string): Promise<Size | undefined> {
  const hidden = `how much is free on ${mountPoint}`;
  const told = await reader.askText(['/usr/bin/df', '--block-size=1', '--output=avail', mountPoint], hidden);
  if (told === undefined) return undefined;
  const [, free] = /(?:^|\n)\s*(\d+)\s*$/.exec(told.value) ?? [];
  if (free === undefined) reader.missed(told.source, notUnderstood(told.source, 'it gives no figure'), hidden);
  return free === undefined ? undefined : bytes(Number(free));
}

/** Spaces and other awkward characters stand in it as `\040`. */
export const parseMounts = (text: string): readonly Mount[] =>
  text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [point, fileSystem] = [before?.split(' ')[4], after?.split(' ')[0]];
    if (point === undefined || fileSystem === undefined) return [];
    const spelled = point.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    return [{ point: spelled, fileSystem }];
  });

/** The mount a path lies on, also where the path itself is not there; the last of two at one place is the one that shows. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount {
  const above = mounts.filter(({ point }) => point === '/' || path === point || path.startsWith(`${point}/`));
  return above.reduce((best, mount) => (mount.point.length >= best.point.length ? mount : best), {
    point: '/',
    fileSystem: 'unknown',
  });
}
