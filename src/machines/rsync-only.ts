// A machine of which only a folder is served, by rrsync(1) behind a key that can do nothing else: one key adds files, another one reads.
// No command runs there for us. Each talk is a connection of its own.
import { Fault } from '../fault.ts';
import { shown } from '../values/text.ts';
import { type Begin, commandsBy } from './commands.ts';
import type { Entrance } from './local.ts';
import type { Argv, Ended, Machine, RsyncOnly } from './machine.ts';
import type { Ssh, SshMachine } from './ssh.ts';
import { privateFolder } from './ssh.ts';
import { openAgent } from './ssh-agent.ts';
import { sshFault } from './ssh-faults.ts';
import { aloneCommand } from './ssh-options.ts';
import { connectionLost } from './through.ts';

export type Served = Pick<Ssh, 'name' | 'local' | 'address'> &
  Readonly<{
    serves: RsyncOnly;
    /** the private key, asked for at each connection */
    key(which: 'read' | 'append'): Promise<string>;
    jump?: Pick<SshMachine, 'onward'> | undefined;
  }>;

export function rsyncOnlyMachine(served: Served): Machine & Entrance {
  const { name, address, serves } = served;
  const refused = (what: string) => (): never => {
    throw new Fault('machine-serves-rsync-only', {
      where: name,
      says: `${what}, and ${address.host} serves rsync below ${shown(serves.root)} and nothing else`,
      remedy: 'give the machine a `key` of its own if a layer needs more than that',
    });
  };
  const noCommand = refused('a command is to run there');
  const noFile = refused('a file there is asked for');
  const begin: Begin = async (argv, options, stdin) => {
    if (argv[0] !== 'rsync' || argv[1] !== '--server') return noCommand();
    return beginThere(served, argv, options, stdin);
  };
  const { talk } = commandsBy(begin, (argv, ended) => judge(served, argv, ended));
  const file = async () => noFile();
  const none = { info: file, read: file, source: noFile, write: file, sink: file, list: file, makeFolder: file };
  const files = { ...none, rename: file, remove: file, space: file };
  const commands = { run: async () => noCommand(), stream: noCommand, feed: noCommand, talk, begin };
  return { name, knowsWords: true, rsyncOnly: serves, ...commands, files };
}

const beginThere: (served: Served, ...command: Parameters<Begin>) => ReturnType<Begin> = async (
  { name, local, address, serves, key, jump },
  argv,
  options,
  stdin,
) => {
  const command = wordsThere(name, serves, argv);
  const which = argv.includes('--sender') ? 'read' : 'append';
  const secret = await key(which);
  const folder = await privateFolder(address);
  const proxy = await jump?.onward();
  const agent = await openAgent(local, name, `${folder}/a`, secret);
  const leave = async () => {
    await agent.close();
    await local.run(['rm', '--recursive', '--force', '--', folder]);
  };
  try {
    const begun = await local.begin(
      aloneCommand(address, { folder, agent: agent.socket, proxy }, command),
      options,
      stdin,
    );
    begun.ended.then(leave, leave);
    return begun;
  } catch (error) {
    await leave();
    throw error;
  }
};

// rrsync hands its arguments to glob(3), and its regular expressions know plain words: what is in none of our names is not sent.
const plain = /^[A-Za-z0-9@%+=:,._~/-]+$/;

/** What rsync makes of `--modify-window=-1`, and rrsync does not know. Only who receives compares times. */
const nanoseconds = '-@-1';

/** Folders as rrsync has them: below the one that it serves. */
function wordsThere(name: string, { root }: RsyncOnly, argv: Argv): string {
  return argv
    .filter((word) => word !== nanoseconds)
    .map((word) => {
      const at = word.startsWith('--') ? word.indexOf('=/') + 1 : 0;
      const [option, path] = [word.slice(0, at), word.slice(at)];
      const there = path.startsWith('/') ? option + below(name, root, path) : word;
      if (!plain.test(there)) throw outside(name, root, there);
      return there;
    })
    .join(' ');
}

function below(name: string, root: string, path: string): string {
  if (path === root || path === `${root}/`) return '/';
  const inside = root === '/' ? path : path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
  if (inside === undefined || /(^|\/)\.\.(\/|$)/.test(inside)) throw outside(name, root, path);
  return inside;
}

const outside = (name: string, root: string, path: string): Fault =>
  new Fault('machine-serves-rsync-only', {
    where: name,
    says: `${shown(path)} is no plain path below ${shown(root)}, which is all that is served there`,
    remedy: 'name a folder below the one that its rrsync serves, of letters, digits and `. _ - + ~` only',
  });

/** 255 is ssh's own end, and of no rsync (rsync(1), EXIT VALUES). */
function judge({ name, address }: Served, argv: Argv, { exitCode, stderr }: Ended): void {
  if (exitCode !== 255) return;
  if (/Broken pipe|Connection to .* closed|closed by remote host|Timeout, server/.test(stderr))
    throw connectionLost(name, argv[0]);
  throw sshFault(name, address, stderr);
}
