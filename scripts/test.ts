// `npm test`: everything that a change must not break, on a fresh Debian machine. As root it installs the few real tools the
// tests use; without root it says which tests are skipped for want of them.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** What the tests ask as authorities and fakes' real counterparts, by the program that is looked for. */
const tools = {
  setfattr: 'attr',
  setfacl: 'acl',
  rsync: 'rsync',
  rclone: 'rclone',
  gpg: 'gnupg',
  git: 'git',
  'mkfs.xfs': 'xfsprogs',
  'mkfs.btrfs': 'btrfs-progs',
  openssl: 'openssl',
  mke2fs: 'e2fsprogs',
  losetup: 'mount',
  lvs: 'lvm2',
  'systemd-analyze': 'systemd',
  'qemu-system-x86_64': 'qemu-system-x86',
  mmdebstrap: 'mmdebstrap',
  'ssh-keygen': 'openssh-client',
  sshd: 'openssh-server',
  sudo: 'sudo',
  tcsh: 'tcsh',
  age: 'age',
  sfdisk: 'fdisk',
  cryptsetup: 'cryptsetup-bin',
  sqlite3: 'sqlite3',
  promtool: 'prometheus',
  'prometheus-pushgateway': 'prometheus-pushgateway',
  visudo: 'sudo',
  pg_lsclusters: 'postgresql',
  'redis-server': 'redis-server',
  etcd: 'etcd-server',
  etcdctl: 'etcd-client',
  mariadbd: 'mariadb-server',
} as const;

const has = (program: string): boolean =>
  ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((folder) =>
    existsSync(`${folder}/${program}`),
  );

function install(packages: readonly string[]): void {
  // Nobody's hypervisor gets packages from a test, and no service starts by itself.
  if (existsSync('/etc/pve') || existsSync('/etc/proxmox-backup'))
    return void console.log(`this is a Proxmox host: nothing is installed (${packages.join(', ')} would be)`);
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const apt = (...args: string[]) =>
      spawnSync('apt-get', ['-qq', '-y', '--no-install-recommends', ...args], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      }).status;
    if (apt('install', ...packages) !== 0 && (apt('update') !== 0 || apt('install', ...packages) !== 0))
      console.log(`could not install ${packages.join(', ')}: tests that need them are skipped`);
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

const missing = Object.entries(tools).filter(([program]) => !has(program));
if (missing.length > 0) {
  const packages = [...new Set(missing.map(([, name]) => name))];
  if (process.getuid?.() === 0) install(packages);
  else
    console.log(
      `without root: ${packages.join(', ')} cannot be installed; tests that need them say that they are skipped`,
    );
}

const files = process.argv.slice(2);
const globs =
  files.length > 0 ? files : ['src/**/*.test.ts', 'lab/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'];
const { status } = spawnSync(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    '--test',
    `--test-concurrency=${availableParallelism() + 1}`,
    '--test-reporter=spec',
    '--test-timeout=300000',
    ...globs,
  ],
  {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    // Hundreds of processes read the same sources: what Node made of them is kept, which halves the time of each start.
    env: { ...process.env, NODE_COMPILE_CACHE: resolve(root, 'node_modules/.cache/node') },
  },
);
process.exitCode = status ?? 1;
