// Every guest of the cluster, from /etc/pve/nodes, which each node has whole; which of them run, and which pool they are in,
// PVE is asked.
import { Fault } from '../fault.ts';
import type { HostGuest } from '../model/host.ts';
import { flag, isRow, text, whole } from '../proxmox/decode.ts';
import { parsePropertyString } from '../proxmox/property-string.ts';
import { sameAddress } from './addresses.ts';
import { notUnderstood } from './command.ts';
import { disksIn } from './disks.ts';
import { type KeyValues, parseKeyValues } from './key-values.ts';
import { sayOddFile, sayOddLines } from './odd-lines.ts';
import type { Reader, Told } from './reader.ts';

/** `told` guests tell their addresses when asked: containers, and VMs with a guest agent. */
export type GuestFile = Readonly<{ guest: HostGuest; tells: boolean; pool: string | undefined }>;
export type GuestsRead = Readonly<{
  files: readonly GuestFile[] | undefined;
  /** false where nobody could say who is in which pool */
  poolsKnown: boolean;
}>;

const folders = { vm: 'qemu-server', ct: 'lxc' } as const;
const hides = 'which guests there are, and so whether each is protected';

export async function readGuests(reader: Reader): Promise<GuestsRead> {
  const live = await readLive(reader);
  const nodes = await reader.names('/etc/pve/nodes', hides);
  if (nodes === 'nothing there' || nodes?.length === 0) reader.missed('/etc/pve/nodes', noCluster(), hides);
  if (nodes === undefined || nodes === 'nothing there' || nodes.length === 0)
    return { files: undefined, poolsKnown: live !== undefined };
  const files: GuestFile[] = [];
  for (const node of nodes) {
    if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(node)) {
      sayOddFile(reader, `/etc/pve/nodes/${node}`, 'that is no name a node can have', hides);
      continue;
    }
    for (const kind of ['vm', 'ct'] as const) files.push(...(await readFolder(reader, node, kind, live)));
  }
  files.sort((one, other) => one.guest.vmid - other.guest.vmid);
  return { files, poolsKnown: live !== undefined };
}

async function readFolder(
  reader: Reader,
  node: string,
  kind: 'vm' | 'ct',
  live: Live | undefined,
): Promise<GuestFile[]> {
  const folder = `/etc/pve/nodes/${node}/${folders[kind]}`;
  const names = await reader.names(folder, hides);
  if (names === undefined || names === 'nothing there') return [];
  const files: GuestFile[] = [];
  for (const name of names) {
    const [, vmid] = /^([1-9]\d{2,8})\.conf$/.exec(name) ?? [];
    if (vmid === undefined) continue;
    const told = await reader.text(`${folder}/${name}`, `whether guest ${vmid} is protected`);
    if (told === undefined || told === 'nothing there') continue;
    const config = parseKeyValues(told.value);
    sayOddLines(reader, told.source, config.oddLines, `what else guest ${vmid} is made of`);
    files.push(guestFrom(Number(vmid), node, kind, told, config, live?.get(Number(vmid))));
  }
  return files;
}

const noCluster = (): Fault =>
  new Fault('host-cluster-files-missing', {
    where: '/etc/pve/nodes',
    says: 'the cluster file system shows no nodes',
    remedy: 'it is not mounted while pve-cluster is down: `systemctl status pve-cluster`, then run doctor again',
  });

type Live = ReadonlyMap<number, Readonly<{ running: boolean | undefined; pool: string | undefined }>>;

async function readLive(reader: Reader): Promise<Live | undefined> {
  const hidden = 'which guests run, and which are in the pools that backup jobs go by';
  const told = await reader.ask(
    ['/usr/bin/pvesh', 'get', '/cluster/resources', '--type', 'vm', '--output-format', 'json'],
    hidden,
  );
  if (told === undefined) return undefined;
  if (!Array.isArray(told.value)) {
    reader.missed(told.source, notUnderstood(told.source, 'it is no list of guests'), hidden);
    return undefined;
  }
  const running = { running: true, stopped: false } as const;
  return new Map(
    told.value.filter(isRow).map((row) => {
      const status = text(row['status']);
      return [
        whole(row['vmid']) ?? 0,
        {
          running: status === 'running' || status === 'stopped' ? running[status] : undefined,
          pool: text(row['pool']),
        },
      ];
    }),
  );
}

function guestFrom(
  vmid: number,
  node: string,
  kind: 'vm' | 'ct',
  { source, at }: Told<string>,
  { values }: KeyValues,
  live: { running: boolean | undefined; pool: string | undefined } | undefined,
): GuestFile {
  const cards = [...values].filter(([key]) => /^net\d+$/.test(key)).map(([, value]) => value);
  const guest: HostGuest = {
    kind,
    vmid,
    name: values.get(kind === 'vm' ? 'name' : 'hostname') ?? `${kind.toUpperCase()}${vmid}`,
    node,
    template: flag(values.get('template')),
    running: live?.running,
    disks: disksIn(kind, values),
    macs: cards
      .flatMap((card) => card.match(/\b(?:[0-9A-F]{2}:){5}[0-9A-F]{2}\b/gi) ?? [])
      .map((mac) => mac.toLowerCase()),
    addresses: staticAddresses(values),
    source,
    at,
  };
  const agent = parsePropertyString(values.get('agent') ?? '', 'enabled').get('enabled');
  return { guest, tells: kind === 'ct' || flag(agent), pool: live?.pool };
}

/** Of a container's `netN`, and of the `ipconfigN` that cloud-init gives a VM. */
function staticAddresses(values: ReadonlyMap<string, string>): readonly string[] {
  const lines = [...values].filter(([key]) => /^(?:net|ipconfig)\d+$/.test(key));
  return lines.flatMap(([, line]) => {
    const options = parsePropertyString(line);
    return [options.get('ip'), options.get('ip6')].flatMap(
      (address) => sameAddress(address?.split('/')[0] ?? '') ?? [],
    );
  });
}
