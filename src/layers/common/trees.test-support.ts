// What tests of layers have in common: faults expected, trees with everything in them, and two of them compared by rsync.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';

export const fault = (code: string) => (error: unknown) =>
  (error instanceof Fault && error.code === code) || new Error(`${code} was expected`, { cause: error });

export const sh = (script: string, cwd: string): string =>
  execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });

/** A few files, and no more. */
export const plain = (tree: string): void => {
  writeFileSync(join(tree, 'one'), 'first');
  mkdirSync(join(tree, 'folder'));
  writeFileSync(join(tree, 'folder', 'two'), 'second');
};

/** Every kind of thing and of metadata, names that look like options, commands and ends of lines, and one of no text at all. */
export const everything = (tree: string): void => {
  plain(tree);
  for (const name of ['-rf', '$(touch x)', 'new\nline', `it's "quoted"`, 'back\\slash', ' blanks ', '=', 'ünïcode'])
    writeFileSync(join(tree, name), name);
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.of(0xff, 0xfe, 0x80)]), 'no UTF-8');
  sh(
    `ln one also-one; ln -s /etc/shadow out; ln -s nowhere dangling; mkfifo pipe; truncate -s 64M holes
     echo end >> holes; mkdir -m 2775 shared; setfacl -d -m u:1234:rwx shared; setfacl -m u:1234:r one
     setfattr -n user.note -v kept folder/two; setfattr -n trusted.note -v kept folder
     chown 1234:4321 folder/two; chmod 4751 folder/two; touch -d 2001-02-03T04:05:06.789012345Z folder/two
     touch -h -d 2002-02-02T02:02:02Z dangling; mknod device c 1 3; chmod 1750 .; touch -d 2003-03-03T03:03:03Z . `,
    tree,
  );
};

/** What rsync would still change, as it says it: nothing where both trees are the same in all that it knows of. */
export const differences = (from: string, to: string, ...except: readonly string[]): string => {
  const options = ['-naXAHi', '--numeric-ids', '--delete', '--checksum', '--devices', '--specials'];
  const skip = except.map((name) => `--exclude=${name}`);
  return execFileSync('rsync', [...options, ...skip, `${from}/`, `${to}/`], { encoding: 'utf8' });
};
