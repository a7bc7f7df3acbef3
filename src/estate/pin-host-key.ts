// Puts a host key into the text of an estate file, at the machines that are reached there by ssh. Pure.
import { isMap, isScalar, type Node, type YAMLMap } from 'yaml';
import type { Listener } from './pin.ts';
import { added, type Edit, edited, entriesOf, replaced } from './pin-text.ts';

export type HostPin = Readonly<{
  /** of the machine */
  name: string | undefined;
  listener: Listener;
  jump: string | undefined;
  line: number;
  /** as it stands there; undefined where it has none */
  from: string | undefined;
}>;

export const sshHostsIn = (text: string): readonly HostPin[] => hostsIn(text).map(({ pin }) => pin);

/** @param names which machines: one by its name, or all at one listener */
export function hostKeyPinnedIn(
  text: string,
  chosen: (pin: HostPin) => boolean,
  hostKey: string,
): Readonly<{ text: string; pins: readonly HostPin[] }> {
  const hosts = hostsIn(text).filter(({ pin }) => chosen(pin));
  const edits = new Map<number, Edit>();
  for (const { pin, edit } of hosts) {
    // Two machines may share one key through an alias.
    if (pin.from !== hostKey) edits.set(edit(hostKey).from, edit(hostKey));
  }
  return { text: edited(text, [...edits.values()]), pins: hosts.map(({ pin }) => pin) };
}

type Host = Readonly<{ pin: HostPin; edit(hostKey: string): Edit }>;

function hostsIn(text: string): readonly Host[] {
  const { root, lines, follow, mapsIn } = entriesOf(text);
  return mapsIn(root, 'machines').flatMap((machine): readonly Host[] => {
    const ssh = follow(machine.get('ssh', true));
    if (!isMap(ssh)) return [];
    const plain = (entry: YAMLMap, key: string): string | undefined => {
      const scalar = follow(entry.get(key, true));
      return isScalar(scalar) && scalar.value !== null ? String(scalar.value) : undefined;
    };
    const host = plain(ssh, 'host');
    if (host === undefined) return [];
    const held = follow(ssh.get('host_key', true)) as Node | undefined;
    const pin = {
      name: plain(machine, 'name'),
      listener: { host, port: Number(plain(ssh, 'port') ?? 22) },
      jump: plain(ssh, 'jump'),
      line: lines.linePos((held ?? ssh).range?.[0] ?? 0).line,
      from: plain(ssh, 'host_key'),
    };
    const edit = (hostKey: string): Edit =>
      isScalar(held) ? replaced(text, held, hostKey) : added(text, ssh, 'host', ['host_key', hostKey]);
    return [{ pin, edit }];
  });
}
