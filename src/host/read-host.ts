// One host, read from within: what `doctor` judges when there is no estate. As root, read-only, within a minute.
import { Fault } from '../fault.ts';
import type { HostFacts } from '../model/host.ts';
import { sayOddFile } from './odd-lines.ts';
import { readPbs } from './pbs.ts';
import { readPve } from './pve.ts';
import { type HostMachine, type Reader, type ReadOptions, reader } from './reader.ts';

/** A Fault `no-proxmox-here` where neither PVE nor PBS is installed below the root; anything less is in the facts' `unread`. */
export async function readHost(machine: HostMachine, options: ReadOptions): Promise<HostFacts> {
  const reading = reader(machine, options);
  const [pve, pbs] = await Promise.all([
    oneOf(reading, '/usr/bin/pvesh', '/etc/pve/storage.cfg'),
    oneOf(reading, '/usr/sbin/proxmox-backup-manager', '/etc/proxmox-backup/datastore.cfg'),
  ]);
  if (!pve && !pbs) throw noProxmox(options.root);
  const at = reading.now();
  const node = await readNode(reading);
  const [pveFacts, pbsFacts] = await Promise.all([
    pve ? readPve(reading, node) : undefined,
    pbs ? readPbs(reading) : undefined,
  ]);
  return { at, node, pve: pveFacts, pbs: pbsFacts, unread: [...reading.unread] };
}

const oneOf = async (reading: Reader, program: string, file: string): Promise<boolean> =>
  (await reading.exists(program)) || (await reading.exists(file));

/** Proxmox names a node by the first label of its host name. */
async function readNode(reading: Reader): Promise<string> {
  const hides = 'which guests and storages belong to this host';
  const told = await reading.text('/etc/hostname', hides);
  const name = told === undefined || told === 'nothing there' ? '' : (told.value.trim().split('.')[0] ?? '');
  if (/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name)) return name;
  if (told !== undefined) sayOddFile(reading, '/etc/hostname', 'no host name stands there', hides);
  return 'unknown';
}

const noProxmox = (root: string): Fault =>
  new Fault('no-proxmox-here', {
    where: root === '/' ? 'this host' : root,
    says: 'neither Proxmox VE nor Proxmox Backup Server is installed here',
    remedy: 'run doctor on a PVE or PBS host as root, or name an estate: `holdfast --estate FILE doctor`',
  });
