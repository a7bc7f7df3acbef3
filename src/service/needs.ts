// What the daemon must be allowed on this host for this estate; pure. What no layer here needs is not given.
import { dirname } from 'node:path';
import type { Estate, MachineEntry } from '../model/estate.ts';
import table from './layer-needs.json' with { type: 'json' };

/**
 * `files`: to read what belongs to others. `owners`: to give files to others. `lvm`: volumes, snapshots, LUKS. `trees`: to make copies of
 * files as they are, setuid bits and nodes too, from a source that is mounted apart and shut in. `accounts`: to run a program as another
 * account of this machine.
 */
export type Need = 'files' | 'owners' | 'mount' | 'lvm' | 'trees' | 'accounts';
const everyNeed: readonly Need[] = ['files', 'owners', 'mount', 'lvm', 'trees', 'accounts'];

export type ServiceNeeds = Readonly<{
  needs: ReadonlySet<Need>;
  /** folders that are written to, absolute */
  writes: readonly string[];
  /** names and addresses that are spoken to from here */
  hosts: readonly string[];
  /** what the hardened service cannot do, and what to do instead */
  warnings: readonly string[];
}>;

const known: Readonly<Record<string, readonly string[]>> = table;
const isNeed = (word: string): word is Need => (everyNeed as readonly string[]).includes(word);

export function serviceNeeds(
  estate: Pick<Estate, 'pve' | 'pbs' | 'machines' | 'kubernetes' | 'layers' | 'channels'>,
  destinationsOf: (layer: string) => readonly Readonly<{ machine: string; folder: string }>[],
): ServiceNeeds {
  const local = new Set(estate.machines.filter((one) => 'local' in one).map(({ name }) => name));
  const here = estate.layers.filter(({ machine }) => local.has(machine));
  // A layer of a kind that this table does not know is given all of it, rather than failing at night.
  const needs = new Set(here.flatMap(({ kind }) => (known[kind] ?? everyNeed).filter(isNeed)));
  const destinations = estate.layers.flatMap(({ name }) => destinationsOf(name));
  // A layer makes its own folder where it is to be: what is above it is written to.
  const writes = destinations.filter(({ machine }) => local.has(machine)).map(({ folder }) => dirname(folder));
  if (writes.length > 0) needs.add('files');
  return {
    needs,
    writes: [...new Set(writes)].sort(),
    hosts: hostsOf(estate),
    warnings: warningsOf(estate, local),
  };
}

function hostsOf({
  pve,
  pbs,
  machines,
  layers,
  channels,
}: Pick<Estate, 'pve' | 'pbs' | 'machines' | 'layers' | 'channels'>) {
  const urls = [...pve, ...pbs, ...layers, ...channels].flatMap((one) => {
    const { url } = one as Readonly<{ url?: unknown }>;
    return hostOf(url);
  });
  const reached = machines.flatMap((one) => ('ssh' in one ? [one.ssh.host] : []));
  const local = new Set(machines.filter((one) => 'local' in one).map(({ name }) => name));
  const databases = layers.filter(({ machine }) => local.has(machine)).flatMap(serverOf);
  return [...new Set([...urls, ...reached, ...databases])].sort();
}

function warningsOf({ machines, kubernetes }: Pick<Estate, 'machines' | 'kubernetes'>, local: ReadonlySet<string>) {
  const entered = (one: MachineEntry): boolean => 'pct' in one && local.has(one.pct.on);
  return [
    ...machines
      .filter(entered)
      .map(
        ({ name }) =>
          `${name} is entered by \`pct exec\` on this host, which a service so fenced in may not do: reach it over ssh`,
      ),
    ...kubernetes
      .filter(({ machine }) => local.has(machine))
      .map(
        ({ name }) =>
          `kubectl runs here for ${name}: allow the address of its API server (\`systemctl edit holdfast\`: [Service] IPAddressAllow=ADDRESS)`,
      ),
  ];
}

/** A layer of dumps names the server that its tools speak to; a path is a socket. */
function serverOf(layer: object): readonly string[] {
  const { server } = layer as Readonly<{ server?: Readonly<{ host?: unknown; url?: unknown }> }>;
  if (typeof server?.url === 'string') return hostOf(server.url);
  return typeof server?.host === 'string' && !server.host.startsWith('/') ? [server.host] : [];
}

function hostOf(url: unknown): readonly string[] {
  const host = typeof url === 'string' ? URL.parse(url)?.hostname : undefined;
  return host === undefined || host === '' ? [] : [host.replace(/^\[(.*)\]$/, '$1')];
}
