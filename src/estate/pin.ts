// Puts a certificate's fingerprint into the text of an estate file, at every entry that names the server, and changes no other
// byte: comments, order and quotes stay. Pure; places come from the tree that the yaml library made of the text.
import { isScalar, type Node, type YAMLMap } from 'yaml';
import type { Fingerprint } from '../values/fingerprint.ts';
import { added, type Edit, edited, entriesOf, replaced } from './pin-text.ts';

/** A server by where it listens; the host without brackets. */
export type Listener = Readonly<{ host: string; port: number }>;

/** Where entries that name a server stand; `remotes` are those of a PBS, by which it reaches another. */
type Section = 'pve' | 'pbs' | 'pbs_storages' | 'remotes';

export type Pin = Readonly<{
  section: Section;
  /** the entry's own name; undefined where it has none */
  name: string | undefined;
  listener: Listener;
  line: number;
  /** as it stands there; undefined where it has none */
  from: string | undefined;
  /** it is verified by the authorities this machine trusts, and stays so */
  byAuthority: boolean;
}>;

export type Pinned = Readonly<{ text: string; pins: readonly Pin[] }>;

/** Every entry of the text that names a server, so that a caller can tell which ports a host has. */
export const listenersIn = (text: string): readonly Pin[] => entriesIn(text).map(({ pin }) => pin);

/** `pins`: the entries of that server, as they stood. The text is the same where none has another fingerprint. */
export function pinnedIn(text: string, listener: Listener, fingerprint: Fingerprint): Pinned {
  const entries = entriesIn(text).filter(({ pin }) => same(pin.listener, listener));
  const edits = new Map<number, Edit>();
  for (const entry of entries) {
    const edit = entry.pin.byAuthority || isSame(entry.pin.from, fingerprint) ? undefined : entry.edit(fingerprint);
    // Two entries may share one fingerprint through an alias.
    if (edit !== undefined) edits.set(edit.from, edit);
  }
  const changed = edited(text, [...edits.values()]);
  return { text: changed, pins: entries.map(({ pin }) => pin) };
}

const same = (one: Listener, other: Listener): boolean =>
  one.port === other.port && one.host.toLowerCase() === other.host.toLowerCase();

export const isSame = (written: string | undefined, fingerprint: Fingerprint): boolean =>
  written?.toUpperCase() === fingerprint;

type Entry = Readonly<{ pin: Pin; edit(fingerprint: Fingerprint): Edit }>;

function entriesIn(text: string): readonly Entry[] {
  const { root, lines, follow, mapsIn } = entriesOf(text);
  const entries: readonly (readonly [Section, YAMLMap])[] = [
    ...(['pve', 'pbs', 'pbs_storages'] as const).flatMap((section) =>
      mapsIn(root, section).map((entry) => [section, entry] as const),
    ),
    ...mapsIn(root, 'pbs').flatMap((pbs) => mapsIn(pbs, 'remotes').map((entry) => ['remotes', entry] as const)),
  ];
  return entries.flatMap(([section, entry]): readonly Entry[] => {
    const value = (key: string): Node | undefined => follow(entry.get(key, true)) as Node | undefined;
    const plain = (key: string): string | undefined => {
      const scalar = value(key);
      return isScalar(scalar) && scalar.value !== null ? String(scalar.value) : undefined;
    };
    const listener = listenerOf[section](plain);
    if (listener === undefined) return [];
    const held = value('fingerprint');
    const line = lines.linePos((held ?? entry).range?.[0] ?? 0).line;
    // A remote without one is verified by the authorities that the PBS trusts.
    const byAuthority = held === undefined && (plain('trust') === 'ca' || section === 'remotes');
    const pin = { section, name: plain('name'), listener, line, from: plain('fingerprint'), byAuthority };
    const key = section === 'pbs_storages' ? 'server' : section === 'remotes' ? 'host' : 'url';
    return [
      {
        pin,
        edit: (fingerprint) =>
          isScalar(held) ? replaced(text, held, fingerprint) : added(text, entry, key, ['fingerprint', fingerprint]),
      },
    ];
  });
}

function ofUrl(url: string | undefined): Listener | undefined {
  const { protocol, hostname, port } = URL.parse(url ?? '') ?? {};
  if (protocol !== 'https:' || hostname === undefined) return undefined;
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port === '' ? 443 : port) };
}

type Plain = (key: string) => string | undefined;
const at =
  (key: string) =>
  (plain: Plain): Listener | undefined => {
    const host = plain(key);
    return host === undefined ? undefined : { host, port: Number(plain('port') ?? 8007) };
  };
const listenerOf: Readonly<Record<Section, (plain: Plain) => Listener | undefined>> = {
  pve: (plain) => ofUrl(plain('url')),
  pbs: (plain) => ofUrl(plain('url')),
  pbs_storages: at('server'),
  remotes: at('host'),
};
