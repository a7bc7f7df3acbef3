// Builds the tests' PVE host from Debian's packages, once for as long as its inputs stay the same, outside of the tree. By itself:
// node test/pve-machine/image.ts
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { tryLock } from '../../src/store/lock.ts';
import { aptMirrors, aptProxies } from './apt.ts';
import { initialRamDisk } from './initial-ram-disk.ts';

export type Image = Readonly<{ folder: string; root: string; kernel: string; ramDisk: string }>;

/** What the builder and the machine need on this machine, by the program that is looked for. */
const neededHere = {
  'qemu-system-x86_64': 'qemu-system-x86',
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'e2fsprogs',
  setpriv: 'util-linux',
  'ssh-keygen': 'openssh-client',
  tar: 'tar',
} as const;

const inside = [
  ...['acl', 'attr', 'busybox-static', 'coreutils', 'cryptsetup-bin', 'e2fsprogs', 'iproute2', 'kmod', 'lvm2'],
  ...['openssh-server', 'perl', 'procps', 'rsync', 'sqlite3', 'sudo', 'tcsh', 'thin-provisioning-tools', 'util-linux'],
  ...['xfsprogs', 'linux-image-cloud-amd64'],
];
const guest = join(import.meta.dirname, 'guest');
const sources = ['image.ts', 'apt.ts', 'initial-ram-disk.ts'].map((name) => join(import.meta.dirname, name));
const guestFiles = readdirSync(guest).map((name) => join(guest, name));

const hasProgram = (program: string): boolean =>
  ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((folder) =>
    existsSync(`${folder}/${program}`),
  );

/** For `skip`: says why there can be no such machine here, or is false. */
export function unlessBuildable(): string | false {
  if (process.getuid?.() !== 0) return 'building the machine of the tests needs root';
  if (process.arch !== 'x64') return 'the machine of the tests is an amd64 one';
  const missing = Object.entries(neededHere).filter(([program]) => !hasProgram(program));
  return missing.length === 0 ? false : `it needs the packages ${missing.map(([, name]) => name).join(', ')}`;
}

function cacheFolder(): string {
  const given = process.env['XDG_CACHE_HOME'];
  if (given !== undefined && given !== '') return join(given, 'holdfast-tests');
  return process.getuid?.() === 0 ? '/var/cache/holdfast-tests' : join(homedir(), '.cache', 'holdfast-tests');
}

export async function machineImage(): Promise<Image> {
  const cache = cacheFolder();
  mkdirSync(cache, { recursive: true });
  const mirrors = aptMirrors();
  const digest = createHash('sha256').update(JSON.stringify([inside, mirrors]));
  for (const file of [...sources, ...guestFiles]) digest.update(readFileSync(file));
  const folder = join(cache, `pve-machine-${digest.digest('hex').slice(0, 16)}`);
  if (!existsSync(folder)) {
    using _lock = await lockOf(join(cache, 'building'));
    if (!existsSync(folder)) {
      removeOld(cache);
      build(cache, folder, mirrors);
    }
  }
  utimesSync(folder, new Date(), new Date());
  return { folder, root: join(folder, 'root.ext4'), kernel: join(folder, 'vmlinuz'), ramDisk: join(folder, 'initrd') };
}

/** Whoever else builds it now is waited for. */
async function lockOf(file: string): Promise<Disposable> {
  for (;;) {
    const lock = tryLock(file, { run: 'build', pid: process.pid, what: 'the machine of the tests' });
    if (lock !== undefined) return lock;
    await pause(200);
  }
}

const unusedFor = 7 * 24 * 3600 * 1000;

function removeOld(cache: string): void {
  for (const name of readdirSync(cache)) {
    const old = name.startsWith('pve-machine-') && statSync(join(cache, name)).mtimeMs < Date.now() - unusedFor;
    if (old || name.startsWith('half-')) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function build(cache: string, folder: string, mirrors: readonly string[]): void {
  const half = mkdtempSync(join(cache, 'half-'));
  const root = join(half, 'root');
  try {
    const leftOut = ['doc', 'man', 'info', 'locale', 'lintian', 'bug'].map(
      (name) => `path-exclude=/usr/share/${name}/*`,
    );
    const made = spawnSync(
      'mmdebstrap',
      [
        ...['--mode=root', '--format=directory', '--variant=minbase', '--skip=check/qemu'],
        ...aptProxies().map((option) => `--aptopt=${option}`),
        ...leftOut.map((option) => `--dpkgopt=${option}`),
        ...[`--include=${inside.join(',')}`, '', root, ...mirrors],
      ],
      // The machine's own RAM disk is made below: the packages need make none.
      { env: { ...process.env, INITRD: 'No' }, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
    );
    if (made.status !== 0) throw new Error(`mmdebstrap failed:\n${made.stderr.slice(-2000)}`);
    const out = join(half, 'out');
    mkdirSync(out);
    furnish(root);
    const kernel = readdirSync(join(root, 'boot')).find((name) => name.startsWith('vmlinuz-'));
    if (kernel === undefined) throw new Error('no kernel came with linux-image-cloud-amd64');
    copyFileSync(join(root, 'boot', kernel), join(out, 'vmlinuz'));
    initialRamDisk(root, kernel.replace('vmlinuz-', ''), join(guest, 'init'), join(out, 'initrd'));
    rmSync(join(root, 'boot'), { recursive: true });
    execFileSync('mke2fs', [
      '-q',
      '-t',
      'ext4',
      '-O',
      '^has_journal',
      '-m',
      '0',
      '-d',
      root,
      join(out, 'root.ext4'),
      '700M',
    ]);
    renameSync(out, folder);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

function furnish(root: string): void {
  const place = (name: string, to: string, mode = 0o644) =>
    writeFileSync(join(root, to), readFileSync(join(guest, name)), { mode });
  place('inittab', 'etc/inittab');
  place('machine-start', 'etc/machine-start', 0o755);
  place('sshd_config', 'etc/ssh/sshd_config');
  place('lvmlocal.conf', 'etc/lvm/lvmlocal.conf');
  writeFileSync(join(root, 'etc/hostname'), 'pve-machine\n');
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n127.0.1.1 pve-machine\n');
  for (const name of readdirSync(join(root, 'etc/ssh')))
    if (/^ssh_host_/.test(name)) rmSync(join(root, 'etc/ssh', name));
  const there = (...argv: [string, ...string[]]) => execFileSync('chroot', [root, ...argv], { stdio: 'ignore' });
  // `*` and not `!`: no password, but no locked account either, which sshd would turn away.
  there('usermod', '-p', '*', 'root');
  there('useradd', '-m', '-s', '/bin/bash', '-p', '*', 'holdfast');
  for (const folder of ['mnt/backup', 'etc/pve', 'etc/holdfast']) mkdirSync(join(root, folder), { recursive: true });
}

if (import.meta.main) {
  const problem = unlessBuildable();
  if (problem !== false) {
    console.error(problem);
    process.exitCode = 1;
  } else {
    const began = performance.now();
    console.log((await machineImage()).root);
    console.log(`${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}
