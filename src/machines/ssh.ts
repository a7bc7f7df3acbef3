// A machine over SSH, by OpenSSH: connections that stay open, each with several commands at once. Its host key stands in the
// estate; what else this machine knows of hosts, keys and agents counts for nothing.
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../values/instant.ts';
import type { Commands } from './commands.ts';
import type { Opening } from './line.ts';
import type { Entrance } from './local.ts';
import { errnoOf } from './local-faults.ts';
import { type Remote, remoteMachine } from './remote.ts';
import { openAgent } from './ssh-agent.ts';
import { sessionsRefused, sshFault } from './ssh-faults.ts';
import {
  knownHosts,
  masterCommand,
  noConnection,
  onwardCommand,
  type SshAddress,
  sessionCommand,
} from './ssh-options.ts';
import { throughLoginShell } from './wrapper.ts';

export type Ssh = Readonly<{
  name: string;
  clock: Clock;
  run?: string | undefined;
  world: string;
  local: Entrance & Commands;
  address: SshAddress;
  /** the private key, asked for at each connection */
  key(): Promise<string>;
  jump?: Pick<SshMachine, 'onward'> | undefined;
}>;

export type SshMachine = Remote &
  Readonly<{
    /** the ProxyCommand that reaches on from there */
    onward(): Promise<string>;
  }>;

/** Of the ten sessions that sshd allows in a connection (MaxSessions): one is the keeper's, one ends what is cancelled. */
const room = 8;

export function sshMachine(ssh: Ssh): SshMachine {
  const { name, clock, run, world, local, address } = ssh;
  let folder: Promise<string> | undefined;
  let connections = 0;
  const opening = async (): Promise<Opening> => {
    folder ??= privateFolder(address);
    connections += 1;
    return connectionIn(ssh, await folder, connections);
  };
  const remote = remoteMachine({
    ...{ name, clock, run, world, begin: local.begin, opening },
    notBegun: (says) => {
      if (!says.includes(noConnection)) return undefined;
      return says.includes('session request failed') ? 'full' : 'gone';
    },
    notEntered: (says) => (says.includes(noConnection) ? sessionsRefused(name) : undefined),
  });
  return {
    ...remote,
    onward: async () => onwardCommand(address, await remote.control()),
    [Symbol.asyncDispose]: async () => {
      await remote[Symbol.asyncDispose]();
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
      folder = undefined;
    },
  };
}

async function connectionIn({ name, local, address, key, jump }: Ssh, folder: string, nth: number): Promise<Opening> {
  const control = join(folder, `c${nth}`);
  const proxy = await jump?.onward();
  const agent = await openAgent(local, name, join(folder, `a${nth}`), await key());
  return {
    control,
    keep: (script) =>
      masterCommand(address, { folder, control, agent: agent.socket, proxy }, throughLoginShell(script)),
    enter: (script) => sessionCommand(address, control, throughLoginShell(script)),
    room,
    refused: (says) => sshFault(name, address, says),
    opened: () => agent.close(),
  };
}

const prefix = 'holdfast-ssh.';

/** Short, since the path of a socket has at most 108 bytes (unix(7)), to which ssh adds 17 while it makes one. */
export async function privateFolder(address: SshAddress): Promise<string> {
  const within = tmpdir().length <= 40 ? tmpdir() : '/tmp';
  await removeStale(within);
  const folder = await mkdtemp(join(within, `${prefix}${process.pid}.`));
  await chmod(folder, 0o700);
  await writeFile(join(folder, 'known_hosts'), knownHosts(address), { mode: 0o600 });
  return folder;
}

/** What processes that were killed have left: the folder's name says whose it was. */
async function removeStale(within: string): Promise<void> {
  for (const name of await readdir(within)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('.')[0]) : 0;
    if (pid === 0 || Number.isNaN(pid) || isAlive(pid)) continue;
    const path = join(within, name);
    const owner = await stat(path).catch(() => undefined);
    if (owner?.isDirectory() && owner.uid === process.getuid?.()) await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}
