// A PVE host as far as a restore needs one: a thin pool that behaves as lvm2 does (names are unique, what is open stays active, a
// snapshot forgets an origin that is removed), and the tools that look into volumes. Strict about the words it is given.
import type { Argv, Ended, Files, Machine, RunOptions } from '../../../machines/machine.ts';
import { lvRow, lvsAnswer, poolRow } from '../../common/lvm/lvm.test-support.ts';

export type HostVolume = {
  name: string;
  uuid: string;
  bytes: number;
  originUuid: string;
  tags: string[];
  active: boolean;
  writable: boolean;
  skips: boolean;
  autoactivates: boolean;
  /** what is in it, as far as anybody can tell: `ext4 of tuesday` */
  content: string;
  /** of a LUKS container: the key that opens it */
  key?: string;
};

export type LvmHost = Readonly<{
  machine: Machine;
  volumes: HostVolume[];
  /** every command that changed something, in words */
  changed: string[];
  volume(name: string): HostVolume | undefined;
  add(name: string, content: string, more?: Partial<HostVolume>): HostVolume;
}>;

type HostOptions = Readonly<{
  isOpen(lv: string): boolean;
  /** told before and after a command that changes something; what it throws is all that comes of it */
  at?(moment: 'before' | 'after', argv: readonly string[]): Promise<void> | void;
  pool?: Readonly<{ data: string; metadata: string }>;
}>;

const changing = new Set(['lvcreate', 'lvchange', 'lvrename', 'lvremove', 'lvextend']);
class Refused extends Error {}

export function lvmHost({ isOpen, at, pool = { data: '20.00', metadata: '5.00' } }: HostOptions): LvmHost {
  const volumes: HostVolume[] = [];
  const changed: string[] = [];
  let made = 0;
  const volume = (name: string) => volumes.find((one) => one.name === name);
  const add: LvmHost['add'] = (name, content, more = {}) => {
    made += 1;
    const one: HostVolume = {
      ...{ name, uuid: `uuid-${made}`, bytes: 1024 ** 3, originUuid: '', tags: [], active: false, writable: true },
      ...{ skips: false, autoactivates: false, content },
      ...more,
    };
    volumes.push(one);
    return one;
  };
  const at_ = (path: string | undefined): HostVolume => {
    const found = volume((path ?? '').replace(/^pve\//, ''));
    if (found === undefined || !path?.startsWith('pve/'))
      throw new Refused(`  Failed to find logical volume "${path}"`);
    return found;
  };
  const mappers = new Map<string, HostVolume>();
  const behind = (device: string | undefined): HostVolume => {
    const found = mappers.get(device ?? '') ?? volume((device ?? '').replace('/dev/pve/', ''));
    if (found === undefined || !found.active) throw new Refused(`${device}: no such device`);
    return found;
  };
  const settle = () => {
    for (const one of volumes) if (isOpen(one.name)) one.active = true;
  };
  const lvcreate = (args: readonly string[]) => {
    const rest = [...args];
    const options = new Map<string, string>();
    const tags: string[] = [];
    let path: string | undefined;
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
      if (word === '--addtag') tags.push(rest.shift() ?? '');
      else if (word === '-n') options.set(word, rest.shift() ?? '');
      else if (['-an', '-s', '-ky', '-kn'].includes(word)) options.set(word, '');
      else if (!word.startsWith('-')) path = word;
      else throw new Refused(`  Unrecognised option ${word}`);
    }
    const name = options.get('-n') ?? '';
    if (!options.has('-s') || volume(name) !== undefined)
      throw new Refused(`  Logical Volume "${name}" already exists in volume group "pve"`);
    const of = at_(path);
    const skips = !options.has('-kn');
    add(name, of.content, {
      ...{ originUuid: of.uuid, tags, bytes: of.bytes, skips, active: !skips && !options.has('-an') },
      autoactivates: true,
      ...(of.key === undefined ? {} : { key: of.key }),
    });
  };
  const lvchange = (args: readonly string[]) => {
    const one = at_(args.at(-1));
    args.forEach((word, index) => {
      const value = args[index + 1] ?? '';
      if (word === '--addtag' && !one.tags.includes(value)) one.tags.push(value);
      if (word === '--deltag') one.tags = one.tags.filter((tag) => tag !== value);
      if (word === '--setautoactivation') one.autoactivates = value === 'y';
      if (word === '-pr') one.writable = false;
      if (word === '-ay') one.active = !one.skips || args.includes('-K');
      if (word === '-an' && (isOpen(one.name) || [...mappers.values()].some((inner) => inner.uuid === one.uuid)))
        throw new Refused(`  Logical volume pve/${one.name} in use.`);
      if (word === '-an') one.active = false;
    });
  };
  const tools: Readonly<Record<string, (args: readonly string[], options: RunOptions) => string | undefined>> = {
    lvs: (args) => {
      settle();
      if (args[0] === '--noheadings') return `  ${at_(args.at(-1)).autoactivates ? 'enabled' : ''}\n`;
      if (args.at(-1) !== 'pve') throw new Refused(`  Volume group "${args.at(-1)}" not found`);
      return lvsAnswer(poolRow(pool.data, pool.metadata), ...volumes.map(rowOf));
    },
    lvcreate: (args) => void lvcreate(args),
    lvchange: (args) => void lvchange(args),
    lvrename: ([vg, from, to = '']) => {
      if (volume(to) !== undefined) throw new Refused(`  Logical Volume "${to}" already exists in volume group "pve"`);
      at_(`${vg}/${from}`).name = to;
      return undefined;
    },
    lvremove: ([force, path]) => {
      const one = at_(path);
      if (force !== '-f' || isOpen(one.name)) throw new Refused(`  Logical volume ${path} in use.`);
      volumes.splice(volumes.indexOf(one), 1);
      return undefined;
    },
    lvextend: ([, size = '', path]) => {
      at_(path).bytes = Number(size.replace(/b$/, ''));
      return undefined;
    },
    lsblk: (args) => `${args.at(-1)?.split('/').at(-1)} lvm\n`,
    blkid: (args) => {
      const type = contentType(behind(args.at(-1)), mappers.has(args.at(-1) ?? ''));
      if (type === undefined) throw new Refused('');
      return `${type}\n`;
    },
    e2fsck: (args) => {
      if (/broken/.test(behind(args.at(-1)).content)) throw new Refused(`${args.at(-1)}: UNEXPECTED INCONSISTENCY`);
      return '';
    },
    cryptsetup: (args, { input }) => {
      const name = `/dev/mapper/${args.at(-1)}`;
      if (args[0] === 'close') {
        if (!mappers.delete(name)) throw new Refused('Device is not active.');
        return '';
      }
      const device = behind(args.at(-2));
      if (device.key !== input) throw new Refused('No key available with this passphrase.');
      mappers.set(name, device);
      return '';
    },
    mountpoint: () => {
      throw new Refused('');
    },
  };
  const codes: Readonly<Record<string, (args: readonly string[]) => number>> = {
    blkid: () => 2,
    cryptsetup: ([what]) => (what === 'close' ? 4 : 2),
    e2fsck: () => 4,
  };
  const run = async (argv: Argv, options: RunOptions = {}): Promise<Ended> => {
    options.signal?.throwIfAborted();
    const [tool, ...args] = argv;
    const work = tools[tool];
    if (work === undefined) throw new Error(`this host has no ${argv.join(' ')}`);
    if (changing.has(tool)) await at?.('before', argv);
    let ended: Ended = { exitCode: 0, signal: undefined, stdout: '', stderr: '' };
    try {
      ended = { ...ended, stdout: work(args, options) ?? '' };
      if (changing.has(tool)) changed.push(argv.join(' '));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { ...ended, exitCode: codes[tool]?.(args) ?? 5, stderr: error.message };
    }
    if (changing.has(tool)) await at?.('after', argv);
    return ended;
  };
  const rowOf = (one: HostVolume) =>
    lvRow(one.name, {
      ...{ lv_uuid: one.uuid, lv_size: `${one.bytes}B`, lv_tags: one.tags.join(',') },
      lv_attr: `V${one.writable ? 'w' : 'r'}i-${one.active ? 'a' : '-'}${isOpen(one.name) ? 'o' : '-'}tz-${one.skips ? 'k' : '-'}`,
      origin_uuid: volumes.some(({ uuid }) => uuid === one.originUuid) ? one.originUuid : '',
    });
  const files = { remove: async () => {}, makeFolder: async () => {} } as unknown as Files;
  const machine: Machine = {
    name: 'ruapehu',
    files,
    run,
    feed: () => {
      throw new Error('nothing is fed here');
    },
    talk: () => {
      throw new Error('nobody is talked with here');
    },
    stream: (argv, options) => {
      const ended = run(argv, options);
      const end = ended.then((one) => ({ ...one, stdout: '' }));
      end.catch(() => {});
      const stdout = async function* () {
        yield Buffer.from((await ended).stdout);
      };
      return { stdout: stdout(), ended: end };
    },
  };
  return { machine, volumes, changed, volume, add };
}

function contentType({ content, key }: HostVolume, opened: boolean): string | undefined {
  if (key !== undefined && !opened) return 'crypto_LUKS';
  return /^(ext4|xfs)/.exec(content)?.[0];
}
