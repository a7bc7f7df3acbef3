// Of the files of a machine behind a gate: what its verbs give, and nothing else.
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import type { Commands } from '../commands.ts';
import type { FileInfo, Files } from '../machine.ts';

export function gateFiles(machine: string, { run }: Commands): Files {
  const never = (what: string) => async (path: string) => {
    throw refused(machine, `${what} ${shown(path)}`);
  };
  return {
    info: async (path) => {
      const format = String.raw`--printf=%F\n%s\n%a\n%u\n%g\n%Y\n%d\n%i\n%h\n`;
      const { exitCode, stdout, stderr } = await run(['stat', format, '--', path]);
      if (exitCode === 0) return infoIn(stdout);
      if (/No such file or directory/.test(stderr)) return undefined;
      throw refused(machine, `look at ${shown(path)}: ${shown(stderr.trim())}`);
    },
    read: async (path, limit) => {
      const { exitCode, stdout } = await run(['cat', '--', path]);
      if (exitCode !== 0) return undefined;
      const content = Buffer.from(stdout);
      if (content.length > limit) throw refused(machine, `read more than ${limit} bytes of ${shown(path)}`);
      return content;
    },
    space: async (path) => {
      const { exitCode, stdout, stderr } = await run(['df', '--block-size=1', '--output=avail,used', '--', path]);
      const [free, used] = (stdout.trim().split('\n').at(-1) ?? '').trim().split(/\s+/).map(Number);
      if (exitCode !== 0 || free === undefined || used === undefined)
        throw refused(machine, `look at the space of ${shown(path)}: ${shown(stderr.trim())}`);
      return { free, total: free + used };
    },
    source: (path) => refusing(machine, `read ${shown(path)}`),
    write: never('write'),
    sink: never('write'),
    list: never('list'),
    makeFolder: never('make'),
    rename: never('rename'),
    remove: never('remove'),
  };
}

// biome-ignore lint/correctness/useYield: nothing is ever given
async function* refusing(machine: string, what: string): AsyncGenerator<Uint8Array> {
  throw refused(machine, what);
}

const kinds: Readonly<Record<string, FileInfo['type']>> = {
  ...{ 'regular file': 'file', 'regular empty file': 'file', directory: 'folder', 'symbolic link': 'link' },
  ...{ fifo: 'fifo', socket: 'socket', 'block special file': 'block', 'character special file': 'character' },
};

function infoIn(text: string): FileInfo {
  const [kind = '', size, mode = '', uid, gid, modified, device, inode, links] = text.split('\n');
  const type = kinds[kind];
  if (type === undefined) throw new Error(`stat says ${kind}`);
  return {
    ...{ type, size: Number(size), mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) },
    ...{ modified: Number(modified) * 1000, device: Number(device), inode: Number(inode), links: Number(links) },
    target: undefined,
  };
}

const refused = (where: string, what: string): Fault =>
  new Fault('gate-refused', {
    where,
    says: `its gate gives no files: it cannot ${what}`,
    remedy: 'this layer needs more than the gate gives: reach the machine with `key` alone',
  });
