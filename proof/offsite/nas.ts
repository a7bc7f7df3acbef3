// A NAS: a second sshd in a network namespace of its own, with a disk of fixed size (ext4 on a loop device) mounted where only it
// sees it. All of it are processes in namespaces that the kernel takes away with the first of them, which dies with the proof: nothing
// has to be removed by somebody else, whatever happens.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MachineEntry } from '../../src/model/estate.ts';
import { until } from '../../test/e2e/estate.test-support.ts';
import { childrenOf } from './processes.ts';

/** Whose files they are at the NAS; it is nobody on this machine. */
const keeper = 4711;

/** What a key starts there: a shell, or rrsync in one folder. */
export type Access = 'shell' | 'append' | 'read';

export type Served = Readonly<{
  /** a folder on the disk of the NAS */
  root: string;
  /** a file with the private key */
  key(access: Access): string;
}>;

export type Nas = Readonly<{
  address: Readonly<{ host: string; port: number; hostKey: string }>;
  /** where its disk is mounted, for who is on the NAS */
  disk: string;
  /** a folder that belongs to the ordinary user `keeper`, and keys to it; several hosts have one each */
  serve(name: string): Served;
  /** as an estate names it: by a shell of its root or of `keeper` */
  shellEntry(name: string, user?: 'root' | 'keeper'): MachineEntry;
  /** by rrsync alone, with those of its keys that the estate gives. `root` can only read: what others may not */
  servedEntry(
    name: string,
    served: Served,
    keys?: readonly Exclude<Access, 'shell'>[],
    user?: 'root' | 'keeper',
  ): MachineEntry;
  /** the outer authority: its own console, which has nothing to do with what is proved; this machine's folders are seen, too */
  sh(script: string): string;
  /** the same, where it may fail */
  tried(script: string): Readonly<{ status: number; says: string }>;
  /** the cable is pulled, and put in again */
  gone(): void;
  back(): void;
  unmount(): void;
  mount(): void;
  /** leaves so many KiB free */
  fill(free: number): void;
  makeRoom(): void;
  stop(): Promise<void>;
}>;

export const unlessNas: string | false =
  process.getuid?.() !== 0
    ? 'it needs root, as network namespaces and sshd do'
    : ['/usr/sbin/sshd', '/usr/bin/rrsync'].some((path) => !existsSync(path)) && 'sshd or rrsync is not installed';

export async function startNas({ megabytes = 256 } = {}): Promise<Nas> {
  const folder = ownFolder();
  const at = (name: string) => join(folder, name);
  const disk = at('disk');
  mkdirSync('/run/sshd', { recursive: true });
  for (const name of ['disk', 'keys', 'etc']) mkdirSync(at(name), { mode: 0o755 });
  execFileSync('chmod', ['755', folder]);
  makeKeys(folder);
  execFileSync('truncate', ['--size', `${megabytes}M`, at('disk.img')]);
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-m', '0', '-N', `${megabytes * 200}`, at('disk.img')]);

  const first = spawn(
    'setpriv',
    [
      ...[
        '--pdeathsig',
        'KILL',
        '--',
        'unshare',
        '--net',
        '--mount',
        '--pid',
        '--fork',
        '--kill-child',
        '--mount-proc',
      ],
      ...['--', 'sleep', 'infinity'],
    ],
    { stdio: 'ignore' },
  );
  const pid = await until('the first process of the NAS', () => childOf(first, 'sleep'));
  const inside = ['--target', `${pid}`, '--net', '--mount', '--pid', '--'];
  const tried: Nas['tried'] = (script) => {
    const options = {
      encoding: 'utf8',
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
      maxBuffer: 2 ** 28,
    } as const;
    const { status, stdout, stderr } = spawnSync('nsenter', [...inside, 'sh', '-ec', script], options);
    return { status: status ?? 255, says: `${stdout}${stderr}` };
  };
  const sh: Nas['sh'] = (script) => {
    const { status, says } = tried(script);
    if (status !== 0) throw new Error(`the NAS: ${script}: ${says}`);
    return says.trim();
  };

  const link = connect(pid);
  sh(`ip address add ${link.there}/30 dev ${link.its}; ip link set ${link.its} up; ip link set lo up`);
  sh(`cp -a /etc/. ${at('etc')}; echo 'keeper:*:${keeper}:${keeper}::/tmp:/bin/sh' >>${at('etc/passwd')}
    mount --bind ${at('etc')} /etc; mount -o loop ${at('disk.img')} ${disk}; chmod 755 ${disk}`);
  writeFileSync(at('sshd_config'), configuration(folder, link.there));
  const sshd = spawn('nsenter', [...inside, '/usr/sbin/sshd', '-D', '-E', at('log'), '-f', at('sshd_config')], {
    stdio: 'ignore',
  });
  await until('sshd of the NAS', () => existsSync(at('log')) && readFileSync(at('log'), 'utf8').includes('listening'));

  const hostKey = readFileSync(at('host.pub'), 'utf8').trim();
  const address = { host: link.there, port: 22, hostKey };
  const ssh = { host: address.host, port: address.port, host_key: hostKey };
  return {
    ...{ address, disk, sh, tried },
    serve: (name) => {
      const root = join(disk, name);
      sh(`mkdir -p -m 700 ${root}; chown ${keeper}:${keeper} ${root}`);
      authorize(folder, name, root);
      return { root, key: (access) => at(`${access === 'shell' ? 'shell' : `${name}-${access}`}`) };
    },
    shellEntry: (name, user = 'root') => ({ name, ssh: { ...ssh, user, key: { file: at('shell') } } }),
    servedEntry: (name, { root, key }, keys = ['append', 'read'], user = 'keeper') => ({
      name,
      ssh: {
        ...{ ...ssh, user },
        rsync: { root, ...Object.fromEntries(keys.map((which) => [which, { file: key(which) }])) },
      },
    }),
    gone: () => void sh(`ip link set ${link.its} down`),
    back: () => void sh(`ip link set ${link.its} up`),
    unmount: () => void sh(`umount ${disk}`),
    mount: () => void sh(`mount -o loop ${at('disk.img')} ${disk}`),
    fill: (free) => {
      // The last of it by writing: what a file system needs for itself is not known beforehand.
      sh(`left() { df --output=avail -k ${disk} | tail -1; }; cd ${disk}; fallocate -l $(($(left) - ${free} - 4000))K of-somebody-else
        for try in 1 2 3 4; do more=$(($(left) - ${free})); [ $more -gt 0 ] || break; head -c $((more * 1024)) /dev/zero >>of-somebody-else || true; sync -f .; done`);
    },
    makeRoom: () => void sh(`rm -f ${disk}/of-somebody-else`),
    stop: async () => {
      sshd.kill('SIGKILL');
      first.kill('SIGKILL');
      if (first.exitCode === null && first.signalCode === null) await once(first, 'exit');
      // Its end of the cable goes with the namespace, and with it this one, once the kernel comes to it.
      spawnSync('ip', ['link', 'delete', link.ours]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Named after its process, so that the next one knows what a killed one left behind. */
function ownFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^holdfast-proof-nas-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  return mkdtempSync(join(tmpdir(), `holdfast-proof-nas-${process.pid}-`));
}

function makeKeys(folder: string): void {
  for (const name of ['host', 'shell'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
  for (const user of ['root', 'keeper'])
    writeFileSync(join(folder, 'keys', user), readFileSync(join(folder, 'shell.pub')));
}

/** Keys that start rrsync in that folder, and nothing else. */
function authorize(folder: string, name: string, root: string): void {
  const flags = { read: '-ro', append: '-wo -no-del -no-overwrite' };
  for (const [access, given] of Object.entries(flags)) {
    const key = join(folder, `${name}-${access}`);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
    const line = `restrict,command="/usr/bin/rrsync ${given} ${root}" ${readFileSync(`${key}.pub`, 'utf8')}`;
    for (const user of access === 'read' ? ['keeper', 'root'] : ['keeper'])
      writeFileSync(join(folder, 'keys', user), line, { flag: 'a' });
  }
}

const configuration = (folder: string, address: string): string =>
  [
    `ListenAddress ${address}:22`,
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/keys/%u`,
    'PidFile none',
    // No .bashrc of the machine that the proof runs on.
    `SetEnv HOME=${folder}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'LogLevel VERBOSE',
    '',
  ].join('\n');

/** A cable between this machine and that namespace; addresses and names that no other proof has at this moment. */
function connect(pid: number): Readonly<{ ours: string; its: string; there: string }> {
  for (let tried = 0; tried < 50; tried += 1) {
    const number = (process.pid * 7 + tried * 131 + 1) % 16_384;
    const [ours, its] = [`hfn${number}a`, `hfn${number}b`];
    const base = `10.213.${number >> 6}.${(number & 63) * 4}`.split('.');
    const address = (last: number) => [...base.slice(0, 3), Number(base[3]) + last].join('.');
    const made = spawnSync('ip', ['link', 'add', ours, 'type', 'veth', 'peer', 'name', its, 'netns', `${pid}`]);
    if (made.status !== 0) continue;
    execFileSync('ip', ['address', 'add', `${address(1)}/30`, 'dev', ours]);
    execFileSync('ip', ['link', 'set', ours, 'up']);
    return { ours, its, there: address(2) };
  }
  throw new Error('no cable could be laid to the NAS');
}

/** The child that is that program: `unshare` forks it when the namespaces are made. */
const childOf = (parent: ChildProcess, program: string): number | undefined =>
  childrenOf(parent.pid ?? 0).find((child) => readIf(`/proc/${child}/comm`).trim() === program);

function readIf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
