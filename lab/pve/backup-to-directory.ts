// A backup as an archive in a directory of the host: one Volume more.
import { instantAt } from '../../src/values/instant.ts';
import { decideRetention } from '../../src/values/retention-decide.ts';
import { keepFromProxmox } from '../../src/values/retention-property.ts';
import { utc } from '../../src/values/time-zone.ts';
import type { BackupTarget, Problem } from './backup.ts';
import type { PveHost } from './host.ts';
import { retentionIn } from './retention.ts';
import { fitsDirectory, isUnmounted, writtenBytes } from './room.ts';
import type { StorageEntry, Volume } from './state.ts';

const endings = { qemu: 'vma.zst', lxc: 'tar.zst' } as const;
// Archives are packed.
const packed = 0.8;

const full = 'zstd: error 70 : Write error : cannot write block : No space left on device ';
const noSpace: Readonly<Record<'qemu' | 'lxc', Problem>> = {
  qemu: { before: [full], why: 'vma_queue_write: write error - Broken pipe' },
  lxc: {
    before: [`INFO: ${full}`],
    why: "command 'set -o pipefail && tar cpf - ... | zstd --rsyncable --threads=1' failed: exit code 70",
  },
};

export function directoryTarget({ state }: PveHost, entry: StorageEntry): BackupTarget {
  const { storage, options } = entry;
  if (isUnmounted(state, entry))
    throw new Error(
      `could not activate storage '${storage}': unable to activate storage '${storage}' - directory is expected to be a mount point but is not mounted: '${options['path']}'`,
    );
  const ofGuest = (vmid: number): readonly Volume[] =>
    state.volumes.filter((volume) => volume.storage === storage && volume.vmid === vmid);
  return {
    begin: (guest, now) => {
      const { vmid, type } = guest;
      const size = Math.max(1, Math.round(writtenBytes(guest) * packed));
      const ctime = Math.max(now, Math.max(0, ...ofGuest(vmid).map((volume) => volume.ctime)) + 1);
      const name = `vzdump-${type}-${vmid}-${stamp(ctime)}.${endings[type]}`;
      return {
        name: `vzdump archive '${String(options['path'])}/dump/${name}'`,
        problem: (at) => (at === 'open' || fitsDirectory(state, entry, size) ? undefined : noSpace[type]),
        finish: async (notes = '') => {
          const volid = `${storage}:backup/${name}`;
          const disk = state.disks[storage];
          if (disk !== undefined) (disk.mounted ? disk : state.hardware.root).used += size;
          state.volumes.push({ storage, volid, vmid, guest: type, ctime, size, notes });
        },
      };
    },
    prune: async ({ vmid }, params, log) => {
      const retention = retentionIn(params, options);
      if (retention === undefined) return;
      const text = retention.map(([name, count]) => `${name}=${count}`);
      log(`INFO: prune older backups with retention: ${text.join(', ')}`);
      const keep = keepFromProxmox(text.join(','));
      const points = ofGuest(vmid).map((volume) => ({
        id: volume.volid,
        takenAt: instantAt(volume.ctime * 1000),
        finished: true,
      }));
      const gone = ('problem' in keep ? [] : decideRetention(points, keep, utc))
        .filter(({ verdict }) => verdict === 'remove')
        .map(({ point }) => point.id);
      for (const id of gone) log(`INFO: removing backup '${id}'`);
      state.volumes = state.volumes.filter(({ volid }) => !gone.includes(volid));
      log(`INFO: pruned ${gone.length} backup(s)`);
    },
  };
}

/** `2026_01_31-02_00_05`, as the names of archives have it. */
const stamp = (epochSeconds: number): string =>
  new Date(epochSeconds * 1000).toISOString().slice(0, 19).replaceAll('-', '_').replaceAll(':', '_').replace('T', '-');
