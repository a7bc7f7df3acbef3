// The storages of storage.cfg, and the free bytes this node sees on them.
import type { HostStorage, PbsHome } from '../model/host.ts';
import { flag, isRow, set, text, whole } from '../proxmox/decode.ts';
import { bytes, type Size } from '../values/size.ts';
import { isThick, traitsOf } from '../values/storage-type.ts';
import { notUnderstood } from './command.ts';
import { sayOddFile, sayOddLines } from './odd-lines.ts';
import type { Reader, Told } from './reader.ts';
import { retentionIn } from './retention.ts';
import { parseSections, type Section } from './section-config.ts';

const file = '/etc/pve/storage.cfg';
const hides = 'where backups go, and what a backup stages on this host';

/** `home` is filled in afterwards: where a PBS runs takes more than its entry to tell. */
export async function readStorages(reader: Reader, node: string): Promise<readonly HostStorage[] | undefined> {
  const [told, free] = await Promise.all([reader.text(file, hides), readFree(reader, node)]);
  if (told === undefined) return undefined;
  if (told === 'nothing there') {
    sayOddFile(reader, file, 'there is no such file', hides);
    return undefined;
  }
  const { sections, oddLines } = parseSections(told.value);
  sayOddLines(reader, file, oddLines, hides);
  const storages = sections.map((section) => storageFrom(section, told, free));
  return storages.some(({ name }) => name === 'local') ? storages : [...storages, usualLocal(told, free)];
}

type Free = ReadonlyMap<string, Size>;

async function readFree(reader: Reader, node: string): Promise<Free> {
  const hidden = 'how much is free on the storages of this node';
  const told = await reader.ask(['/usr/bin/pvesh', 'get', `/nodes/${node}/storage`, '--output-format', 'json'], hidden);
  if (told === undefined) return new Map();
  if (!Array.isArray(told.value)) {
    reader.missed(told.source, notUnderstood(told.source, 'it is no list of storages'), hidden);
    return new Map();
  }
  // An inactive storage reports zeros, which are no figures.
  const active = told.value.filter(isRow).filter((row) => flag(row['active']));
  return new Map(
    active.flatMap((row) => {
      const [name, free] = [text(row['storage']), whole(row['avail'])];
      return name === undefined || free === undefined ? [] : [[name, bytes(free)] as const];
    }),
  );
}

// They go into the commands that remedies print.
const words = (text: string | undefined): readonly string[] => set(text).filter((word) => /^[\w.-]+$/.test(word));

const notYetKnown: PbsHome = { at: 'unknown', because: 'nobody was asked' };

function storageFrom({ type, id, values }: Section, { source, at }: Told<string>, free: Free): HostStorage {
  const nodes = words(values.get('nodes'));
  const mount = values.get('is_mountpoint');
  const made = { sparse: flag(values.get('sparse')), preallocation: values.get('preallocation') };
  const [server, datastore] = [values.get('server'), values.get('datastore')];
  return {
    name: id,
    type,
    content: words(values.get('content') ?? (type === 'pbs' ? 'backup' : '')),
    nodes: nodes.length === 0 ? undefined : nodes,
    disabled: flag(values.get('disable')),
    path: pathOf(type, id, values),
    mountDemanded: mount !== undefined && (mount.startsWith('/') || flag(mount)),
    thick: isThick(type, made),
    snapshots: traitsOf(type)?.snapshots,
    retention: retentionIn(values),
    free: free.get(id),
    pbs:
      type === 'pbs' && server !== undefined && datastore !== undefined
        ? { server, datastore, namespace: values.get('namespace') ?? '', home: notYetKnown }
        : undefined,
    source,
    at,
  };
}

const mounted = new Set(['nfs', 'cifs', 'glusterfs', 'cephfs']);

const pathOf = (type: string, id: string, values: ReadonlyMap<string, string>): string | undefined =>
  values.get('path') ?? (mounted.has(type) ? `/mnt/pve/${id}` : undefined);

// PVE adds this entry by itself where the file has none; a job without a storage goes there.
const usualLocal = ({ source, at }: Told<string>, free: Free): HostStorage => ({
  name: 'local',
  type: 'dir',
  content: ['backup', 'images', 'iso', 'rootdir', 'snippets', 'vztmpl'],
  nodes: undefined,
  disabled: false,
  path: '/var/lib/vz',
  mountDemanded: false,
  thick: false,
  snapshots: false,
  retention: { text: 'keep-all=1', keepsAll: true },
  free: free.get('local'),
  pbs: undefined,
  source,
  at,
});
