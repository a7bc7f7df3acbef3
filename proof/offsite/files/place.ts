// An estate whose layer `files` copies FOLDER/data into FOLDER/copies.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Answered, type Estate, estateIn } from '../../../test/e2e/estate.test-support.ts';
import { pointsIn } from '../../layers/place.ts';

export const run = ['run', 'files', '--now'] as const;

export type FilesPlace = Readonly<{
  estate: Estate;
  data: string;
  /** where the points of the layer are */
  points: string;
  weeks: string;
  back: string;
  run(): Promise<Answered>;
  /** the sealed generations, oldest first, each the folder with its tree */
  trees(): readonly string[];
}>;

/** @param more of the entry of the layer, as YAML in one line; it begins with a comma */
export function filesPlace(more = '', folder?: string, keep = 4): FilesPlace {
  const estate = estateIn(
    `
estate: files
machines: [{ name: here, local: true }]
workloads: [{ name: photos }]
layers:
  - { name: files, kind: files, machine: here, workload: photos, from: { folders: [{ folder: FOLDER/data }] }, to: FOLDER/copies, week_links: FOLDER/weeks, keep: { keep_last: ${keep} }${more} }
`,
    'files',
    folder,
  );
  const at = (name: string) => join(estate.folder, name);
  const points = at('copies/files');
  mkdirSync(at('data'));
  return {
    ...{ estate, points, data: at('data'), weeks: at('weeks'), back: at('back') },
    run: () => estate.type(...run),
    trees: () => [...pointsIn(points)].sort().map((name) => join(points, name, 'tree')),
  };
}

/** Every kind of thing, of metadata and of name; the last one is no UTF-8. Sockets are said apart. */
export const everything = `mkdir -p one/two 'with blank' empty
echo 1 >one/1; echo 2 >one/two/2; ln one/1 one/two/hard; ln one/1 'with blank/hard too'; ln -s ../one/1 link; ln -s /etc/shadow out; ln -s nowhere dangling
mkfifo pipe; mknod device c 1 3; mknod disk b 7 200
for name in "it's -rf \\$(touch x)" -rf ' ' '* ?[a]' 'back\\slash' '#hash' 'a"b' 'ünïcode' '.hidden' "$(printf 'new\\nline')" "$(printf 'bad\\377name')" "$(printf 'tab\\tand\\r')"; do echo x >"./$name"; done
truncate -s 64M sparse; printf end >>sparse
chmod 4755 one/1; chown 1234:4321 one/two; chmod 2770 one/two; chmod 0 dangling 2>/dev/null || true; chown -h 77:78 link
setfattr -n user.note -v 'a value' one/two/2; setfattr -n trusted.mark -v 1 empty; setfattr -n user.empty -v '' .
setfacl -m u:1234:r,g:99:rw one/two/2; setfacl -d -m g:4321:rwx one
touch -h -d '2001-02-03 04:05:06.123456789' link one/1; touch -d '1960-01-01 00:00:00' empty; touch -d '2039-05-05 05:05:05.5' .hidden
chmod 1751 .; touch -d 2003-03-03T03:03:03.333333333Z .`;
