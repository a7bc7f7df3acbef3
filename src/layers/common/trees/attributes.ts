// Extended attributes, ACLs among them (system.posix_acl_*), as getfattr(1) dumps them: a block per file, names escaped.
import type { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { lastWords } from '../commands.ts';
import { split } from '../records.ts';

export type Attributes = Readonly<Record<string, string>>;

/** Properties of the file system rather than of the file (`btrfs.compression`) are left out: no other could hold them. */
const ofFiles = '^(user|trusted|security|system)\\.';

const newline = 0x0a;
const header = Buffer.from('# file: ');

export type Attributed = Readonly<{ path: Buffer; attributes: Attributes }>;

/** Every file below the folder that has any, in no order; the folder itself has the empty path. */
export async function* attributesBelow(
  machine: Machine,
  folder: string,
  damaged: (words: string) => Fault,
  signal: AbortSignal,
): AsyncGenerator<Attributed> {
  const options = ['--recursive', '--physical', '--no-dereference', '--dump', '--encoding=hex', `--match=${ofFiles}`];
  const { stdout, ended } = machine.stream(['env', `--chdir=${folder}`, 'getfattr', ...options, '--', '.'], { signal });
  yield* parseDump(split(stdout, newline));
  const end = await ended;
  if (end.exitCode !== 0) throw damaged(`getfattr: ${lastWords(end)}`);
}

export async function* parseDump(lines: AsyncIterable<Buffer>): AsyncGenerator<Attributed> {
  let path: Buffer | undefined;
  let attributes: Record<string, string> = {};
  for await (const line of lines) {
    if (line.subarray(0, header.length).equals(header)) {
      path = pathOf(line.subarray(header.length));
      attributes = {};
    } else if (line.length > 0) {
      const at = line.indexOf(0x3d);
      const name = line.subarray(0, at).toString('latin1');
      // How xfs shows an ACL a second time (xfs_acl.c); no other file system would.
      if (name.startsWith('trusted.SGI_ACL_')) continue;
      attributes[name] = comparable(name, line.subarray(at + 1).toString('latin1'));
    } else if (path !== undefined) {
      if (Object.keys(attributes).length > 0) yield { path, attributes };
      path = undefined;
    }
  }
  if (path !== undefined) yield { path, attributes };
}

/** tar stores a SELinux label as text, so whether a NUL stood behind it is lost, and means nothing. */
const comparable = (name: string, hex: string): string =>
  name === 'security.selinux' ? hex.replace(/^(0x(?:[0-9a-f]{2})*?)(?:00)+$/, '$1') : hex;

function pathOf(escaped: Buffer): Buffer {
  const text = escaped.toString('latin1');
  const plain = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return plain === '.' ? Buffer.alloc(0) : Buffer.from(plain, 'latin1');
}
