// What OpenSSH says when it could not connect, as a fault an operator can act on. Its words are those of openssh-portable.
import { createHash } from 'node:crypto';
import { Fault } from '../fault.ts';
import { cut, shown } from '../values/text.ts';
import type { SshAddress } from './ssh-options.ts';

type Known = readonly [pattern: RegExp, remedy: string];

const unreachable: readonly Known[] = [
  [/Could not resolve hostname/, 'correct its name, or see why this machine cannot look it up'],
  [/Connection refused/, 'see whether its sshd runs, and listens at that port'],
  [/No route to host|Network is unreachable/, 'see whether it is up, and how this machine reaches its network'],
  [/timed out/i, 'see whether it is up, and whether a firewall drops the connection'],
  [
    /stdio forwarding failed|administratively prohibited/,
    'see whether the jump host reaches it and may forward (AllowTcpForwarding)',
  ],
  [
    /Connection (closed|reset)|kex_exchange_identification/,
    'see the log of its sshd: it closed the connection itself (MaxStartups, a block list)',
  ],
];

/** @param name of the machine in the estate */
export function sshFault(name: string, to: SshAddress, says: string): Fault {
  const where = `${name} (${to.user}@${to.host}:${to.port})`;
  const text = cut(shown(says), 500);
  const differs = hostKeyProblem(to, says);
  if (differs !== undefined)
    return new Fault('ssh-host-key-differs', {
      where,
      says: `${differs}; nothing was sent to it`,
      remedy: `find out why, at its own console (\`ssh-keygen -lf /etc/ssh/ssh_host_${fileOf(to.hostKey)}_key.pub\`); if it was set up anew, pin its key with \`holdfast trust ${name}\``,
    });
  if (/Permission denied \(/.test(says))
    return new Fault('ssh-login-refused', {
      where,
      says: text,
      remedy: `see that the public half of the key stands in ${to.user}'s authorized_keys there; the log of its sshd says why it was refused`,
    });
  const [, remedy] = unreachable.find(([pattern]) => pattern.test(says)) ?? [];
  return new Fault('machine-unreachable', {
    where,
    says: text === '' ? 'ssh ended without a word' : text,
    remedy: remedy ?? 'try it by hand: `ssh -v`',
  });
}

const fileOf = (hostKey: string): string => /^(?:ssh-|ecdsa)(ed25519|rsa)?/.exec(hostKey)?.[1] ?? 'ecdsa';

/** As ssh-keygen -l has it. */
export const fingerprintOf = (hostKey: string): string => {
  const blob = Buffer.from(hostKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
};

function hostKeyProblem({ hostKey }: SshAddress, says: string): string | undefined {
  const pinned = `the estate pins ${hostKey.split(' ')[0]} ${fingerprintOf(hostKey)}`;
  const offered = /no matching host key type found\. Their offer: (\S+)/.exec(says)?.[1];
  if (offered !== undefined) return `${pinned}, it has no key of that type (only ${shown(offered)})`;
  if (!/HOST IDENTIFICATION HAS CHANGED|Host key verification failed/.test(says)) return undefined;
  const seen = /SHA256:[A-Za-z0-9+/]+/.exec(says)?.[0];
  return `${pinned}, it shows ${seen ?? 'another key'}`;
}

/** Of what ssh said in the place of a session. */
export const sessionsRefused = (where: string): Fault =>
  new Fault('ssh-sessions-refused', {
    where,
    says: 'its sshd takes no second session in a connection',
    remedy: 'set MaxSessions to 10, as it is without a word of its own, in its sshd_config',
  });
