// `trust ssh://HOST` and `trust MACHINE`: shows the host keys that an sshd really shows, and pins one in the estate. No login
// is ever tried.
import { type HostPin, hostKeyPinnedIn, sshHostsIn } from '../estate/pin-host-key.ts';
import { Fault } from '../fault.ts';
import { localMachine } from '../machines/local.ts';
import { fingerprintOf } from '../machines/ssh-faults.ts';
import { type EstateText, write } from '../trust-files.ts';
import { seconds } from '../values/duration.ts';
import { cut, shown } from '../values/text.ts';
import type { TrustedHostKey } from './answers.ts';
import { type Answer, flag, type Invocation } from './command.ts';
import { misused } from './open.ts';
import { agreed, writtenAsText } from './trust-consent.ts';

type Target = Readonly<{ host: string; port: number; jump: string | undefined; chosen(pin: HostPin): boolean }>;

/** Undefined where what was typed is about a certificate. */
export function sshTarget(typed: string, texts: readonly EstateText[]): Target | undefined {
  const machine = texts.flatMap(({ text }) => sshHostsIn(text)).find(({ name }) => name === typed);
  if (machine !== undefined) return { ...machine.listener, jump: machine.jump, chosen: ({ name }) => name === typed };
  if (!typed.startsWith('ssh://')) return undefined;
  const [, host = '', port = '22'] =
    /^ssh:\/\/(?:[^@/\s]+@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(?::(\d{1,5}))?\/?$/.exec(typed) ?? [];
  if (host === '' || Number(port) < 1 || Number(port) > 65535)
    throw misused('trust', `"${shown(typed)}" is no host with a port`, 'write it as ssh://HOST:PORT');
  const at = { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  return {
    ...{ ...at, jump: undefined },
    chosen: ({ listener }) => listener.port === at.port && listener.host.toLowerCase() === at.host.toLowerCase(),
  };
}

export async function trustHostKey(
  invocation: Invocation,
  target: Target,
  texts: readonly EstateText[],
): Promise<Answer<TrustedHostKey>> {
  const { host, port, chosen } = target;
  invocation.show(`looking at ${host}:${port}`);
  const keys = await keysOf(target, invocation);
  const found = texts.flatMap((file) => {
    const [first] = sshHostsIn(file.text).filter(chosen);
    return first === undefined ? [] : [{ file, ...hostKeyPinnedIn(file.text, chosen, chosenKey(keys, first.from)) }];
  });
  const entries = found.flatMap(({ file, text, pins }) => {
    const now = sshHostsIn(text);
    return pins.map(({ name, line, from }) => {
      const put = now.find((pin) => pin.name === name)?.from;
      const change = put === from ? ('none' as const) : ('pinned' as const);
      return { entry: { file: file.file, line, name: name ?? null, from: from ?? null, change }, put };
    });
  });
  const said = (written: boolean, text: string): Answer<TrustedHostKey> => ({
    exit: entries.length === 0 ? 'failed' : 'fine',
    value: {
      ...{ host, port, keys: keys.map((key) => ({ key, fingerprint: fingerprintOf(key) })) },
      ...{ entries: entries.map(({ entry }) => entry), written },
    },
    text,
  });
  const seen = `${host}:${port} shows the host keys\n${keys.map((key) => `  ${nameOf(key)}\n`).join('')}`;
  const line = `  host_key: ${chosenKey(keys, undefined)}\n`;
  if (entries.length === 0)
    return said(
      false,
      `${seen}No machine of the estate is reached at ${host}:${port} by ssh; nothing was written. The line for one that is:\n${line}`,
    );
  const list = entries
    .map(({ entry, put }) => {
      const where = `${shown(entry.file)}:${entry.line} machines ${shown(entry.name ?? '')}`.trimEnd();
      if (entry.change === 'none') return `${where}\n  pins it already\n`;
      return `${where}\n  old  ${entry.from === null ? 'none' : nameOf(entry.from)}\n  new  ${nameOf(put ?? '')}\n`;
    })
    .join('');
  const changes = found.filter(({ file, text }) => text !== file.text);
  if (changes.length === 0) return said(false, `${seen}${list}Nothing is to be pinned; nothing was written.\n`);
  if (flag(invocation, 'dryRun')) return said(false, `${seen}${list}Dry run: nothing was written.\n`);
  const whole = `${seen}${list}${howToCompare}`;
  if (!flag(invocation, 'yes')) await agreed(invocation, whole, 'host key');
  const { files } = localMachine({ name: 'this machine', clock: invocation.surroundings.clock });
  const taken = await write(changes, files);
  return said(true, `${flag(invocation, 'yes') ? whole : ''}${writtenAsText(changes, taken)}`);
}

const howToCompare =
  'Compare it with what the machine itself prints, at its own console: for k in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $k; done\n';

const nameOf = (key: string): string => `${shown(key.split(' ')[0] ?? '')} ${fingerprintOf(key)}`;

/** Of the type that is pinned, where it still has one; else the best. */
function chosenKey(keys: readonly string[], pinned: string | undefined): string {
  const types = [
    pinned?.split(' ')[0] ?? '',
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
  ];
  const found = types.map((type) => keys.find((key) => key.startsWith(`${type} `))).find((key) => key !== undefined);
  return found ?? keys[0] ?? '';
}

async function keysOf(
  { host, port, jump }: Target,
  { surroundings: { clock } }: Invocation,
): Promise<readonly string[]> {
  const notSeen = (says: string, remedy: string) =>
    new Fault('host-key-not-seen', { where: `${host}:${port}`, says, remedy });
  if (jump !== undefined)
    throw notSeen(
      `it lies behind ${jump}, and is not looked at from here`,
      `run on ${jump}: ssh-keyscan -p ${port} ${host}; compare the key at its own console, and write it as its host_key`,
    );
  const { run } = localMachine({ name: 'this machine', clock });
  const scanned = await run(['ssh-keyscan', '-T', '10', '-p', String(port), host], { deadline: seconds(60) });
  const keys = scanned.stdout
    .split('\n')
    .map(
      (line) => /^\S+ ((?:ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa) [A-Za-z0-9+/]+={0,2})$/.exec(line)?.[1],
    )
    .filter((key) => key !== undefined);
  if (keys.length > 0) return keys;
  const says = scanned.stderr
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('; ');
  throw notSeen(
    says === '' ? 'no sshd answered' : cut(shown(says), 300),
    'see whether the machine is up, its sshd runs, and this machine reaches that port',
  );
}
