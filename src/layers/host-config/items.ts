// What belongs to the configuration of a host, item by item: each is taken alone, and fails alone. Pure.
import table from './items.json' with { type: 'json' };
import type { HostConfigEntry, Role } from './schema.ts';

export type Special = 'volume groups' | 'luks headers' | 'partition tables';

export type Item = Readonly<{
  name: string;
  required: boolean;
  /** files and folders; those that are not there are left out */
  paths: readonly string[];
  /** names below them that are no configuration: what changes by itself, locks, raw databases */
  except: readonly string[];
  /** SQLite databases, copied online; a folder: every `*.db` in it */
  databases: readonly string[];
  commands: Readonly<Record<string, readonly string[]>>;
  takes: Special | undefined;
  /** block devices beside those that are found */
  devices: readonly string[];
}>;

type Row = Readonly<{ name: string; required: readonly string[] }> & Partial<Omit<Item, 'name' | 'required'>>;

const plain = { paths: [], except: [], databases: [], commands: {}, takes: undefined, devices: [] } as const;

export function itemsOf(entry: HostConfigEntry): readonly Item[] {
  const known = (table as readonly Row[]).map((row): Item => {
    const devices = row.takes === 'luks headers' ? entry.luks : [];
    const required = row.required.some((role) => entry.roles.includes(role as Role)) || devices.length > 0;
    return { ...plain, ...row, devices, required };
  });
  const own = entry.also.map((path): Item => ({ ...plain, name: path, paths: [path], required: true }));
  return [...known, ...(entry.roles.includes('holdfast') || entry.holdfast ? itemsOfHoldfast(entry) : []), ...own];
}

const inDatabase = ['*.db', '*.db-wal', '*.db-shm', '*.db-journal'];

/** Its runs' folders and locks are of this machine and moment; its journal is copied online, never raw. */
function itemsOfHoldfast({ holdfast }: HostConfigEntry): readonly Item[] {
  const state = holdfast?.state ?? '/var/lib/holdfast';
  const estate = holdfast?.estate ?? ['/etc/holdfast/estate.yaml'];
  const guard = holdfast?.guard ?? '/etc/holdfast/guard.yaml';
  const key = holdfast?.signing_key;
  const items: Item[] = [
    {
      ...plain,
      ...{ name: 'holdfast-state', required: true, paths: [state], databases: [state] },
      except: ['runs', 'locks', ...inDatabase],
    },
    { ...plain, name: 'holdfast-estate', required: true, paths: estate },
    { ...plain, name: 'holdfast-guard', required: false, paths: [guard] },
  ];
  return key === undefined ? items : [...items, { ...plain, name: 'signing-key', required: true, paths: [key] }];
}
