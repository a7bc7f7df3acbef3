// The tests' PVE host: a Debian machine in QEMU with LVM thin, a backup disk, sshd, and disks that outlive a power cut. A test file
// has one at most, and resets its volumes between tests. Skip with `unlessMachine` where there can be none.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MachineEntry } from '../../src/model/estate.ts';
import { type Checkpoints, checkpointsOf, keepNewDisks, takeNewDisks } from './checkpoints.test-support.ts';
import { type Faults, faultsOf } from './faults.test-support.ts';
import { type Must, makeGroups, nameOfDisks, type Pool, roomyPool } from './groups.test-support.ts';
import { machineImage, unlessBuildable } from './image.ts';
import { outerShell, type Said, type SshFacts } from './outer-shell.test-support.ts';
import { consoleOf, freePort, type Qemu, startQemu } from './qemu.test-support.ts';
import { type NewVolume, type Volume, type Volumes, volumesOf } from './volumes.test-support.ts';

export const unlessMachine = unlessBuildable();

export type MachineOptions = Readonly<{
  pool?: Pool;
  backupMegabytes?: number;
  memory?: number;
  /** one is quicker than two where the tests share few cores */
  processors?: number;
}>;

export interface PveMachine extends Checkpoints {
  readonly ssh: SshFacts;
  readonly volumes: Volumes;
  readonly faults: Faults;
  /** as the estate has it, and as an ordinary user who may use sudo for what a test lets him */
  machineEntry(name?: string, user?: 'root' | 'holdfast'): MachineEntry;
  /** the outer authority: a shell that has nothing to do with what is tested */
  sh(script: string, stdin?: string | Uint8Array): Promise<Said>;
  /** the same, where it must succeed; its output without the last line end */
  must: Must;
  makeVolume(given: NewVolume): Promise<Volume>;
  /** the plug is pulled: QEMU gets SIGKILL */
  powerOff(): Promise<void>;
  /** with the same disks, at the same port; returns when sshd listens */
  boot(): Promise<void>;
  /** what the machine's console showed since it was switched on, the log of sshd in it */
  console(): string;
  stop(): Promise<void>;
}

/** Ends everything by `stop()`, or when the test's process does. */
export async function startPveMachine(options: MachineOptions = {}): Promise<PveMachine> {
  const { pool = roomyPool, backupMegabytes = 4096 } = options;
  const image = await machineImage();
  const folder = ownFolder();
  const file = (name: string) => join(folder, name);
  const disks = { given: file('given.tar'), pve: file('pve.raw'), backup: file('backup.raw') };
  const ssh = { ...makeKeys(folder, disks.given), host: '127.0.0.1', port: await freePort(), user: 'root' } as const;
  // Room for a larger pool that a test asks for later; a sparse file costs nothing.
  sparse(disks.pve, 32_768 + 2 * pool.megabytes);
  sparse(disks.backup, backupMegabytes);
  const both = [disks.pve, disks.backup];
  const likeThese = join(image.folder, nameOfDisks(pool, backupMegabytes));

  let qemu: Qemu | undefined;
  const shell = outerShell(ssh, folder);
  const running = (): Qemu => {
    if (qemu === undefined) throw new Error('the machine is off');
    return qemu;
  };
  const boot = async () => {
    if (qemu !== undefined) throw new Error('the machine is on already');
    qemu = await startQemu({
      image,
      disks,
      log: file('console'),
      memory: options.memory ?? 1024,
      processors: options.processors ?? 1,
      port: ssh.port,
    });
  };
  const powerOff = async () => {
    await qemu?.kill();
    qemu = undefined;
    await shell.close();
  };
  const must: Must = async (script, stdin) => {
    const said = await shell.sh(script, stdin);
    if (said.exitCode !== 0) throw new Error(`exit code ${said.exitCode} of\n${script}\n${said.stderr}${said.stdout}`);
    return said.stdout.replace(/\n$/, '');
  };
  const checkpoints = checkpointsOf({
    shell,
    must,
    disks: both,
    isOn: () => qemu !== undefined,
    powerOff,
    boot,
  });
  const volumes = volumesOf(must, pool, () => checkpoints.rollback('new'));
  const stop = async () => {
    await powerOff();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const madeBefore = takeNewDisks(both, likeThese);
    await boot();
    if (!madeBefore) {
      await makeGroups(must, pool);
      await checkpoints.checkpoint('new');
      keepNewDisks(both, likeThese);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ssh,
    volumes,
    faults: faultsOf({ must, volumes, monitor: (command) => running().monitor(command), port: ssh.port }),
    machineEntry: (name = 'pve', user = 'root') => ({
      name,
      ssh: { host: ssh.host, port: ssh.port, user, key: { file: ssh.keyFile }, host_key: ssh.hostKey },
    }),
    sh: shell.sh,
    must,
    makeVolume: volumes.make,
    ...checkpoints,
    powerOff,
    boot,
    console: () => consoleOf(file('console')),
    stop,
  };
}

/** Named after its process, so that the next one knows what a killed one left behind. */
function ownFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^hf-pve-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  return mkdtempSync(join(tmpdir(), `hf-pve-${process.pid}-`));
}

function sparse(file: string, megabytes: number): void {
  writeFileSync(file, '');
  truncateSync(file, megabytes * 2 ** 20);
}

/** Keys of this machine alone, handed to it on a small disk that its start unpacks. */
function makeKeys(folder: string, given: string): Pick<SshFacts, 'keyFile' | 'hostKey'> {
  const [keyFile, hostFile] = [join(folder, 'key'), join(folder, 'host_key')];
  for (const file of [keyFile, hostFile])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
  const tree = join(folder, 'given');
  for (const home of ['root', 'home/holdfast']) {
    mkdirSync(join(tree, home, '.ssh'), { recursive: true, mode: 0o700 });
    writeFileSync(join(tree, home, '.ssh/authorized_keys'), readFileSync(`${keyFile}.pub`), { mode: 0o600 });
  }
  for (const home of ['root', 'home/holdfast']) chmodSync(join(tree, home), 0o700);
  mkdirSync(join(tree, 'etc/ssh'), { recursive: true });
  writeFileSync(join(tree, 'etc/ssh/host_key'), readFileSync(hostFile), { mode: 0o600 });
  const names = ['root', 'home/holdfast', 'etc/ssh/host_key'];
  execFileSync('tar', ['-C', tree, '--owner=0', '--group=0', '-c', '-f', given, ...names]);
  return { keyFile, hostKey: readFileSync(`${hostFile}.pub`, 'utf8').trim() };
}
