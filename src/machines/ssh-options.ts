// How OpenSSH is called: by these options and by no file of this machine or of whoever started Holdfast (ssh_config(5)).
import { join } from 'node:path';
import type { Argv } from './machine.ts';

export type SshAddress = Readonly<{
  host: string;
  port: number;
  user: string;
  /** `ssh-ed25519 AAAA...` */
  hostKey: string;
}>;

/** The name by which known_hosts holds the one key; what the host is called does not matter to it. */
const alias = 'holdfast-machine';

export const knownHosts = ({ hostKey }: SshAddress): string => `${alias} ${hostKey}\n`;

const typeOf = (hostKey: string): string => hostKey.split(' ')[0] ?? '';

/** A key of type ssh-rsa signs by SHA-2 (RFC 8332); by SHA-1 it is not taken. */
const algorithmsOf = (hostKey: string): string =>
  typeOf(hostKey) === 'ssh-rsa' ? 'rsa-sha2-512,rsa-sha2-256' : typeOf(hostKey);

const quiet: Readonly<Record<string, string>> = {
  BatchMode: 'yes',
  LogLevel: 'ERROR',
  RequestTTY: 'no',
  EscapeChar: 'none',
  ForwardAgent: 'no',
  ForwardX11: 'no',
  ClearAllForwardings: 'yes',
  PermitLocalCommand: 'no',
  Tunnel: 'no',
};

const connecting = (
  { hostKey, port }: SshAddress,
  folder: string,
  agent: string,
): Readonly<Record<string, string>> => ({
  ...quiet,
  // Why a connection was closed is said at this level only.
  LogLevel: 'INFO',
  Port: String(port),
  StrictHostKeyChecking: 'yes',
  UserKnownHostsFile: join(folder, 'known_hosts'),
  GlobalKnownHostsFile: '/dev/null',
  HostKeyAlias: alias,
  HostKeyAlgorithms: algorithmsOf(hostKey),
  CheckHostIP: 'no',
  UpdateHostKeys: 'no',
  VerifyHostKeyDNS: 'no',
  IdentityAgent: agent,
  // With no file to choose from, the agent's one key is all there is to offer.
  IdentityFile: 'none',
  PreferredAuthentications: 'publickey',
  PasswordAuthentication: 'no',
  KbdInteractiveAuthentication: 'no',
  GSSAPIAuthentication: 'no',
  ControlPersist: 'no',
  ConnectTimeout: '15',
  ServerAliveInterval: '15',
  ServerAliveCountMax: '3',
});

const options = (given: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(given).flatMap(([name, value]) => ['-o', `${name}=${value}`]);

type Opened = Readonly<{ folder: string; control: string; agent: string; proxy: string | undefined }>;

/** The connection itself, with its first session. */
export const masterCommand = (to: SshAddress, { folder, control, agent, proxy }: Opened, command: string): Argv => [
  ...(['ssh', '-F', 'none', '-T', '-M', '-S', control] as const),
  ...options({ ...connecting(to, folder, agent), ...(proxy === undefined ? {} : { ProxyCommand: proxy }) }),
  ...['-l', to.user, '--', to.host, command],
];

/** A connection for this one command. */
export const aloneCommand = (
  to: SshAddress,
  { folder, agent, proxy }: Omit<Opened, 'control'>,
  command: string,
): Argv => [
  ...(['ssh', '-F', 'none', '-T'] as const),
  ...options({ ...connecting(to, folder, agent), ...(proxy === undefined ? {} : { ProxyCommand: proxy }) }),
  ...['-l', to.user, '--', to.host, command],
];

/** What is said where the connection is gone, or takes no more sessions: ssh would open one of its own then. */
export const noConnection = 'holdfast: no session';

const throughControl = (control: string): Argv => [
  ...(['ssh', '-F', 'none', '-T', '-S', control] as const),
  ...options({ ...quiet, ControlMaster: 'no', ProxyCommand: `sh -c "echo '${noConnection}' >&2"` }),
];

export const sessionCommand = ({ host, user }: SshAddress, control: string, command: string): Argv => [
  ...throughControl(control),
  ...['-l', user, '--', host, command],
];

/** For ssh's ProxyCommand: what reaches on from a host that a connection leads to. */
export const onwardCommand = ({ host, user }: SshAddress, control: string): string =>
  [...throughControl(control), '-l', user, '-W', '[%h]:%p', '--', host].map(shellQuoted).join(' ');

const shellQuoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
