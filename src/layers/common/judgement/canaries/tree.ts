// The folders of a tree in which canaries may be planted, and what lies in them. Names that are no plain text are passed by.
import { isUtf8 } from 'node:buffer';
import { must } from '../../commands.ts';
import type { Watching } from './canaries.ts';
import type { Folder } from './names.ts';

const plain = (name: string): boolean => !/[\u0000-\u001f\u007f]/.test(name);

/** Of a tree of any size the first thousands of folders, and no deeper than people look. */
const script = `find . -xdev -mindepth 1 -maxdepth 6 \\( -name '.*' -prune \\) -o -type d -printf '%P\\0' | head -z -n 20000`;

export async function foldersOf({ machine, tree, signal }: Watching): Promise<readonly string[]> {
  const { stdout } = await must(machine, ['env', `--chdir=${tree}`, 'sh', '-c', script], { signal });
  return [
    '',
    ...stdout
      .split('\0')
      .filter((path) => path !== '' && plain(path) && isUtf8(Buffer.from(path)) && !path.includes('\ufffd')),
  ];
}

export async function namesIn(
  { machine, tree, signal }: Watching,
  folders: readonly string[],
): Promise<readonly Folder[]> {
  return Promise.all(
    folders.map(async (path) => {
      const argv = ['find', `${tree}/${path}`, '-mindepth', '1', '-maxdepth', '1', '-printf', '%f\\0'] as const;
      const { stdout } = await must(machine, argv, { signal });
      return { path, names: stdout.split('\0').filter(Boolean) };
    }),
  );
}
