// The volume group: what LVM knows of its volumes, and where their bytes are. Each volume is a sparse file under its UUID; an active one
// has a link under its name in `dev/`, as it has a device node on a real host.
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sparseCopy } from './sparse-copy.ts';

export type Volume = {
  name: string;
  uuid: string;
  bytes: number;
  originUuid: string;
  tags: string[];
  active: boolean;
  writable: boolean;
  /** is activated by `-K` only */
  skips: boolean;
  autoactivates: boolean;
};

/** In chunks of 64 KiB and blocks of 4 KiB, as the kernel counts them. */
export type Pool = {
  name: string;
  uuid: string;
  chunks: number;
  usedByOthers: number;
  metadata: number;
  metadataUsed: number;
};

/** What goes wrong at present; each is a fault of the lab. */
export type Wrong = { dataFull: boolean; metadataFull: boolean; bad: string[] };

export type Group = Readonly<{
  name: string;
  pool: Pool;
  wrong: Wrong;
  volumes: readonly Volume[];
  find(name: string): Volume | undefined;
  /** a file with the bytes of a volume */
  fileOf(volume: Volume): string;
  isOpen(volume: Volume): boolean;
  /** that are really there, holes left out */
  bytesIn(volume: Volume): number;
  dataUsed(): number;
  metadataUsed(): number;
  add(given: Pick<Volume, 'name' | 'bytes'>): Volume;
  snapshot(of: Volume, name: string, more: Pick<Volume, 'tags' | 'skips' | 'active'>): Volume;
  remove(volume: Volume): void;
  grow(volume: Volume, bytes: number): void;
  /** what was changed in a volume is now so on the disk, too */
  settle(): void;
}>;

const chunk = 64 * 1024;

/** As LVM writes them: 6-4-4-4-4-4-6 letters and digits. */
const newUuid = (): string =>
  [6, 4, 4, 4, 4, 4, 6].map((length) => randomBytes(8).toString('hex').slice(0, length)).join('-');

export function volumeGroup(folder: string, name: string, poolName: string, isOpen: (lv: string) => boolean): Group {
  const [files, nodes] = [join(folder, 'volumes'), join(folder, 'dev', name)];
  for (const one of [files, nodes]) mkdirSync(one, { recursive: true, mode: 0o700 });
  const volumes: Volume[] = [];
  // The disks of guests lie in the same pool, as on the host this is modelled on: most of it is theirs.
  const pool: Pool = {
    ...{ name: poolName, uuid: newUuid(), chunks: 16_384, usedByOthers: 9_200 },
    ...{ metadata: 4096, metadataUsed: 700 },
  };
  const wrong: Wrong = { dataFull: false, metadataFull: false, bad: [] };
  const fileOf = ({ uuid }: Pick<Volume, 'uuid'>): string => join(files, `${uuid}.img`);
  const put = (volume: Volume): Volume => {
    volumes.push(volume);
    settle();
    return volume;
  };
  const settle = (): void => {
    rmSync(nodes, { recursive: true, force: true });
    mkdirSync(nodes, { mode: 0o700 });
    for (const volume of volumes) if (volume.active) symlinkSync(fileOf(volume), join(nodes, volume.name));
    const file = join(folder, 'lvm.json');
    writeFileSync(`${file}.new`, JSON.stringify({ name, pool, volumes }, undefined, 1));
    renameSync(`${file}.new`, file);
  };
  const fresh = { originUuid: '', tags: [], active: true, writable: true, skips: false, autoactivates: true };
  return {
    ...{ name, pool, wrong, volumes, fileOf, settle },
    find: (wanted) => volumes.find((one) => one.name === wanted),
    bytesIn: (volume) => bytesOf(fileOf(volume)),
    isOpen: (volume) => volume.active && isOpen(volume.name),
    // Snapshots share what they hold with their origin, so only live volumes count.
    dataUsed: () =>
      wrong.dataFull
        ? Math.ceil(pool.chunks * 0.93)
        : pool.usedByOthers +
          volumes.reduce(
            (sum, one) => (one.originUuid === '' ? sum + Math.ceil(bytesOf(fileOf(one)) / chunk) : sum),
            0,
          ),
    metadataUsed: () => (wrong.metadataFull ? Math.ceil(pool.metadata * 0.84) : pool.metadataUsed),
    add: (given) => put({ ...fresh, uuid: newUuid(), ...given }),
    snapshot: (of, named, more) => {
      const made: Volume = { ...fresh, ...more, name: named, uuid: newUuid(), bytes: of.bytes, originUuid: of.uuid };
      sparseCopy(fileOf(of), fileOf(made));
      pool.metadataUsed += 1;
      return put(made);
    },
    remove: (volume) => {
      volumes.splice(volumes.indexOf(volume), 1);
      rmSync(fileOf(volume), { force: true });
      pool.metadataUsed -= 1;
      settle();
    },
    grow: (volume, bytes) => {
      truncateSync(fileOf(volume), bytes);
      volume.bytes = bytes;
      settle();
    },
  };
}

const bytesOf = (file: string): number => (statSync(file, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
