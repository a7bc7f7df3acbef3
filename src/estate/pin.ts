// Puts a certificate's fingerprint into the text of an estate file, at every entry that names the server, and changes no other
// byte: comments, order and quotes stay. Pure; places come from the tree that the yaml library made of the text.
import { isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';
import type { Fingerprint } from '../values/fingerprint.ts';
import { readYaml } from './yaml-text.ts';

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
  const last = [...edits.values()].sort((one, other) => other.from - one.from);
  const changed = last.reduce((made, { from, to, put }) => `${made.slice(0, from)}${put}${made.slice(to)}`, text);
  return { text: changed, pins: entries.map(({ pin }) => pin) };
}

const same = (one: Listener, other: Listener): boolean =>
  one.port === other.port && one.host.toLowerCase() === other.host.toLowerCase();

export const isSame = (written: string | undefined, fingerprint: Fingerprint): boolean =>
  written?.toUpperCase() === fingerprint;

type Edit = Readonly<{ from: number; to: number; put: string }>;
type Entry = Readonly<{ pin: Pin; edit(fingerprint: Fingerprint): Edit }>;

function entriesIn(text: string): readonly Entry[] {
  const { root, lines } = readYaml(text);
  const anchors = new Map<string, Node>();
  collect(root, anchors);
  const follow = (node: unknown): unknown => (isAlias(node) ? anchors.get(node.source) : node);
  const mapsIn = (holder: unknown, key: string): readonly YAMLMap[] => {
    const list = follow(isMap(holder) ? holder.get(key, true) : undefined);
    return isSeq(list) ? list.items.map(follow).filter((entry) => isMap(entry)) : [];
  };
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
          isScalar(held) ? replaced(text, held, fingerprint) : added(text, entry, key, fingerprint),
      },
    ];
  });
}

function collect(node: unknown, anchors: Map<string, Node>): void {
  if (isPair(node)) {
    collect(node.key, anchors);
    collect(node.value, anchors);
  } else if (isMap(node) || isSeq(node) || isScalar(node)) {
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (!isScalar(node)) for (const item of node.items) collect(item, anchors);
  }
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

function replaced(text: string, held: Scalar, fingerprint: Fingerprint): Edit {
  const [from = 0, end = 0] = held.range ?? [];
  // A block's value ends behind its line.
  const to = from + text.slice(from, end).trimEnd().length;
  const quote = text[from] === "'" ? "'" : text[from] === '"' || to - from === 0 ? '"' : '';
  // A text over several lines, or one that a tag or a block mark begins, is written anew.
  const isPlain = quote === '' && /^[0-9A-Za-z:._-]*$/.test(text.slice(from, to));
  const put = quote === '' && !isPlain ? `"${fingerprint}"` : `${quote}${fingerprint}${quote}`;
  return { from, to, put };
}

/** Behind the pair that says where the server is: on a line of its own, or within the braces. */
function added(text: string, entry: YAMLMap, key: string, fingerprint: Fingerprint): Edit {
  const pair = entry.items.find((one) => isScalar(one.key) && one.key.value === key) as Pair<Scalar, Node> | undefined;
  const end = pair?.value?.range?.[1] ?? entry.range?.[0] ?? 0;
  if (entry.flow === true) return { from: end, to: end, put: `, fingerprint: "${fingerprint}"` };
  const start = pair?.key.range?.[0] ?? 0;
  const column = start - (text.lastIndexOf('\n', start - 1) + 1);
  const next = text.indexOf('\n', end);
  const at = next < 0 ? text.length : text[next - 1] === '\r' ? next - 1 : next;
  const line = text.includes('\r\n') ? '\r\n' : '\n';
  return { from: at, to: at, put: `${line}${' '.repeat(column)}fingerprint: "${fingerprint}"` };
}
