// What real commands print with `--json`, on estates that need nobody's server: a disk image that is there (as root) or not, servers
// of which one refuses and one never answers, a host's files, nothing declared, and the lab.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { canMount, type Estate, estateIn, imageOf, reached, root, treeIn, until } from '../e2e/estate.test-support.ts';

export type Printed = Readonly<{ command: string; typed: string; exit: number | null; value: unknown }>;

const keys = ['observe', 'snap', 'copy'];
const pin = Array.from({ length: 32 }, () => 'AA').join(':');
const server = (name: string, port: number): string =>
  `{ name: ${name}, url: "https://127.0.0.1:${port}", token: { id: "root@pam!t", secret: { env: HOME } }, fingerprint: "${pin}" }`;

const images = `estate: printed
machines: [{ name: here, local: true }]
workloads: [{ name: photos }, { name: gone }]
layers:
  - { name: photos, kind: disk-image, machine: here, workload: photos, image: FOLDER/photos.img, to: FOLDER/points, keep: { keep_last: 1 } }
  - { name: album, kind: files, machine: here, workload: photos, from: { folders: [{ folder: FOLDER/album }] }, to: FOLDER/albums, keep: { keep_last: 1 }, protected: { reason: a test } }
  - { name: gone, kind: disk-image, machine: here, workload: gone, image: FOLDER/none.img, to: FOLDER/points, keep: { keep_all: 1 } }
schedules: [{ job: photos, schedule: daily, window: 1h, time_zone: Europe/Berlin }, { job: gone, after: [photos] }]
`;

const servers = (silent: number): string => `estate: printed
pve: [${server('silent', silent)}, ${server('down', 9)}]
pbs_storages:
  - { name: tank, server: pbs.example, datastore: tank, username: root@pam, fingerprint: "${pin}" }
backup_jobs:
  - { name: nightly, on: [silent], schedule: daily, select: all, storage: tank }
`;

async function printed(estate: Estate, ...typed: readonly string[]): Promise<Printed> {
  const { stdout, stderr, status } = await estate.type('--json', ...typed);
  return { command: typed[0] ?? '', typed: typed.join(' '), exit: status, value: parsed(stdout, stderr) };
}

/** Of a value that is not one, what was said instead. */
function parsed(stdout: string, stderr: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    return `no JSON value: ${stdout}${stderr}`;
  }
}

async function ofImages(): Promise<readonly Printed[]> {
  const estate = estateIn(images, 'printed');
  try {
    if (canMount())
      imageOf(join(estate.folder, 'photos.img'), treeIn(join(estate.folder, 'tree'), { 'a.jpg': 'a' }), 8);
    for (const folder of ['points', 'album']) mkdirSync(join(estate.folder, folder));
    const typed = [
      ['validate', '--offline'],
      ['plan'],
      ['apply'],
      ['status'],
      ['run', 'gone'],
      ['run', 'photos', '--dry-run'],
      ['log'],
      ...(canMount() ? ofPoints(estate) : []),
      ['runs'],
      ['jobs'],
      ['install-service', '--into', estate.folder, '--dry-run'],
      ['install-service', '--into', estate.folder, '--yes'],
      ['install-service', '--into', estate.folder, '--remove', '--yes'],
      ['points'],
      ['routes'],
      ['canaries', 'plant', 'album', '--dry-run'],
      ['canaries', 'plant', 'album', '--yes'],
      ['canaries', 'status', 'album'],
      ['track', 'unit', join(estate.folder, 'points')],
      ['metrics'],
      ['doctor'],
      ['plan', '--bogus'],
      ['restore', 'nobody'],
    ];
    const all: Printed[] = [];
    for (const words of typed) all.push(await printed(estate, ...words));
    return [...all, await ofDaemon(estate), await printed(estate, 'jobs', 'photos')];
  } finally {
    estate.close();
  }
}

/** Told to stop as soon as it watches. */
async function ofDaemon(estate: Estate): Promise<Printed> {
  const typed = ['serve', '--no-metrics'];
  const daemon = estate.start('--json', ...typed);
  // Who only looks whether a daemon is there leaves another name.
  const holder = join(estate.state, estate.name, 'locks', 'serve.lock.holder');
  await until('the daemon', () => existsSync(holder) && readFileSync(holder, 'utf8').includes(`"run":"serve"`));
  daemon.process.kill('SIGTERM');
  const exit = await daemon.ended;
  return { command: 'serve', typed: typed.join(' '), exit, value: parsed(daemon.said.stdout, daemon.said.stderr) };
}

const ofPoints = (estate: Estate): readonly (readonly string[])[] => [
  ['run', 'photos'],
  ['run', 'photos'],
  ['log'],
  ['restore', 'photos'],
  ['restore', 'photos', '--to', join(estate.folder, 'back'), '--dry-run'],
  ['restore', 'photos', '--to', join(estate.folder, 'back'), '--yes'],
];

/** A run that waits for a server that never answers is the one that can be cancelled. */
async function ofServers(): Promise<readonly Printed[]> {
  const open = new Set<Socket>();
  const listener = createServer((socket) => open.add(socket.on('error', () => {})));
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const estate = estateIn(servers((listener.address() as AddressInfo).port), 'printed');
  try {
    const run = estate.start('run', 'nightly');
    const id = await reached(estate, 'silent');
    const cancelled = await printed(estate, 'cancel', id);
    await run.ended;
    listener.close();
    for (const socket of open) socket.destroy();
    const commands = ['validate', 'plan', 'drift', 'status', 'doctor'];
    const others = await Promise.all(commands.map((command) => printed(estate, command)));
    return [cancelled, ...others];
  } finally {
    listener.close();
    for (const socket of open) socket.destroy();
    estate.close();
  }
}

async function ofHosts(): Promise<readonly Printed[]> {
  const estate = estateIn('', 'none');
  try {
    const hosts = ['pve-faulty', 'pve-clean', 'pbs', 'none'].map((name) => join(root, 'test/fixtures/hosts', name));
    return await Promise.all(hosts.map((host) => printed(estate, 'doctor', '--root', host)));
  } finally {
    estate.close();
  }
}

async function ofInvalidEstate(): Promise<readonly Printed[]> {
  const estate = estateIn('estate: printed\npvee: []\nlayers: 7\n', 'printed');
  try {
    return [await printed(estate, 'validate', '--offline')];
  } finally {
    estate.close();
  }
}

/** The way to servers and nothing else, one of them down. */
async function ofNothingDeclared(): Promise<readonly Printed[]> {
  const estate = estateIn(`estate: printed\npve: [${server('down', 9)}]\n`, 'printed');
  try {
    return [
      await printed(estate, 'init', '--out', join(estate.folder, 'first.yaml')),
      await printed(estate, 'import', '--out', join(estate.folder, 'imported.yaml')),
      await printed(estate, 'trust', '127.0.0.1:9', '--yes'),
    ];
  } finally {
    estate.close();
  }
}

/** Only shown: nothing on this machine is changed. */
async function ofGate(): Promise<readonly Printed[]> {
  const gate = `{ volume_groups: [pve], from: [127.0.0.1], ${keys.map((key) => `${key}: { file: FOLDER/${key} }`).join(', ')} }`;
  const ssh = `{ host: 127.0.0.1, host_key: ssh-ed25519 ${Buffer.alloc(51).toString('base64')}, gate: ${gate} }`;
  const estate = estateIn(`estate: printed\nmachines: [{ name: pve1, ssh: ${ssh} }]\n`, 'printed');
  try {
    for (const key of keys)
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(estate.folder, key)]);
    return [await printed(estate, 'install-gate', 'pve1', '--here', '--dry-run')];
  } finally {
    estate.close();
  }
}

async function ofLab(): Promise<readonly Printed[]> {
  const shell = estateIn('', 'none');
  const dir = join(shell.folder, 'lab');
  const lab = shell.start('--json', 'lab', '--dir', dir);
  try {
    await until('lab.json', () => existsSync(join(dir, 'lab.json')) || lab.process.exitCode !== null);
    const estateOf = (file: string): Estate => ({
      ...shell,
      type: (...typed) => shell.type('--estate', join(dir, file), ...typed),
    });
    const all = [await printed(estateOf('connections.yaml'), 'import', '--out', join(dir, 'imported.yaml'))];
    const { host } = new URL(JSON.parse(readFileSync(join(dir, 'lab.json'), 'utf8')).servers['pbs-pihanga'].url);
    const typed = [['validate'], ['trust', host, '--dry-run'], ['plan'], ['drift'], ['apply', '--yes']];
    for (const words of [...typed, ['status'], ['doctor'], ['log'], ['runs']])
      all.push(await printed(estateOf('estate.yaml'), ...words));
    lab.process.kill('SIGINT');
    const exit = await lab.ended;
    return [...all, { command: 'lab', typed: 'lab', exit, value: parsed(lab.said.stdout, lab.said.stderr) }];
  } finally {
    lab.process.kill('SIGKILL');
    shell.close();
  }
}

export async function everythingPrinted(): Promise<readonly Printed[]> {
  return (
    await Promise.all([ofImages(), ofServers(), ofHosts(), ofInvalidEstate(), ofNothingDeclared(), ofGate(), ofLab()])
  ).flat();
}

export const isFault = ({ value }: Printed): boolean =>
  typeof value === 'object' && value !== null && 'fault' in value && !('code' in value);
