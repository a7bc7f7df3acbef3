// The machine's volumes as a test wants them: the thin pool, volumes with a file system and files in them, opened or encrypted.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Must, type Pool, poolCommands } from './groups.test-support.ts';

export type NewVolume = Readonly<{
  /** `vm-9999-pvc-UUID` where it is left out */
  name?: string;
  filesystem: 'ext4' | 'xfs' | 'none';
  /** xfs has at least 300 */
  megabytes?: number;
  /** encrypted with LUKS; the key, as `cryptsetup --key-file=-` takes it */
  luks?: string;
  /** by their path in the volume */
  files?: Readonly<Record<string, string | Uint8Array>>;
  /** shell, in the volume's root folder */
  script?: string;
}>;

export type Volume = Readonly<{ lv: string; device: string; uuid: string; luks: string | undefined }>;

export interface Volumes {
  make(given: NewVolume): Promise<Volume>;
  /** many small ones in one go, `vm-9999-pvc-0001` and on, of one file system */
  makeMany(count: number, filesystem?: 'ext4' | 'none', megabytes?: number): Promise<readonly Volume[]>;
  /**
   * Mounted below /var/lib/pods as its pod has it, which runs in a guest: over a loop device, so that the host does not know of the
   * file system and a snapshot finds it as a power cut would. (What is mounted from the volume itself, the kernel freezes and
   * flushes for a snapshot.) A LUKS volume is opened over it as the mapper `pod-LV`.
   */
  open(volume: Volume): Promise<string>;
  close(volume: Volume): Promise<void>;
  /** the disks as they were when the machine was new, with another empty pool where one is named; the clock is left as it is */
  reset(pool?: Pool): Promise<void>;
}

const podFolder = (lv: string): string => `/var/lib/pods/${lv}`;

export function volumesOf(must: Must, own: Pool, backToNew: () => Promise<void>): Volumes {
  const uuidOf = (lv: string) => must(`lvs --noheadings -o lv_uuid pve/${lv} | tr -d ' '`);
  const placed = async (lv: string, luks: string | undefined): Promise<Volume> => ({
    lv,
    device: `/dev/pve/${lv}`,
    uuid: await uuidOf(lv),
    luks,
  });
  const mapper = (lv: string) => `pod-${lv}`;
  const open = async ({ lv, luks }: Volume) => {
    const at = podFolder(lv);
    const unlock =
      luks === undefined ? '' : `cryptsetup open --key-file=- "$disk" ${mapper(lv)}; disk=/dev/mapper/${mapper(lv)}`;
    await must(
      `set -e; lvchange -ay pve/${lv}; mkdir -p ${at} /run/pods
        disk=$(losetup --direct-io=on -f --show /dev/pve/${lv}); echo "$disk" >/run/pods/${lv}
        ${unlock}
        mount "$disk" ${at}`,
      luks ?? '',
    );
    return at;
  };
  const close = async ({ lv, luks }: Volume) => {
    const lock = luks === undefined ? '' : `cryptsetup close ${mapper(lv)}`;
    await must(`set -e; umount ${podFolder(lv)}; ${lock}\nlosetup -d "$(cat /run/pods/${lv})"; rm /run/pods/${lv}`);
  };
  return {
    make: async (given) => {
      const lv = given.name ?? `vm-9999-pvc-${randomUUID()}`;
      const megabytes = given.megabytes ?? (given.filesystem === 'xfs' ? 320 : 64);
      const device = given.luks === undefined ? `/dev/pve/${lv}` : `/dev/mapper/${mapper(lv)}`;
      const make = { ext4: `mke2fs -q -t ext4 ${device}`, xfs: `mkfs.xfs -q ${device}`, none: 'true' }[
        given.filesystem
      ];
      const encrypt = `cat >/run/key; cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file=/run/key /dev/pve/${lv}; cryptsetup open --key-file=/run/key /dev/pve/${lv} ${mapper(lv)}; rm /run/key`;
      const unlocked = given.luks === undefined ? '' : encrypt;
      await must(
        `set -e; lvcreate -qq -y -V ${megabytes}M -T pve/data -n ${lv}; ${unlocked}\n${make}`,
        given.luks ?? '',
      );
      if (given.filesystem !== 'none') {
        const at = `/var/lib/pods/${lv}`;
        const tree = packed(given.files ?? { 'hello.txt': `of ${lv}\n` });
        await must(
          `set -e; mkdir -p ${at}; mount ${device} ${at}; tar -x -C ${at}; cd ${at}\n${given.script ?? ''}`,
          tree,
        );
        await must(`umount /var/lib/pods/${lv}`);
      }
      if (given.luks !== undefined) await must(`cryptsetup close ${mapper(lv)}`);
      return await placed(lv, given.luks);
    },
    makeMany: async (count, filesystem = 'ext4', megabytes = 16) => {
      const names = Array.from({ length: count }, (_, index) => `vm-9999-pvc-${String(index + 1).padStart(4, '0')}`);
      const commands = names.map((lv) => `lvcreate -y -V ${megabytes}M -T pve/data -n ${lv}`).join('\n');
      await must('lvm >/dev/null', `${commands}\n`);
      // One file system is made and copied: mke2fs is slow where everything is emulated.
      if (filesystem === 'ext4')
        await must(`set -e; truncate -s ${megabytes}M /tmp/one.img; mke2fs -q -t ext4 /tmp/one.img
          for lv in ${names.join(' ')}; do dd if=/tmp/one.img of=/dev/pve/$lv bs=1M conv=sparse,notrunc status=none; done
          rm /tmp/one.img; sync`);
      const uuids = await must("lvs --noheadings -S 'lv_name=~^vm-9999-pvc-' -o lv_name,lv_uuid pve");
      const known = new Map(uuids.split('\n').map((line) => line.trim().split(/\s+/) as [string, string]));
      return names.map((lv) => ({ lv, device: `/dev/pve/${lv}`, uuid: known.get(lv) ?? '', luks: undefined }));
    },
    open,
    close,
    reset: async (pool) => {
      await backToNew();
      if (pool !== undefined && JSON.stringify(pool) !== JSON.stringify(own))
        await must(`set -e; lvremove -qq -y pve/data pve/root${poolCommands(pool)}`);
    },
  };
}

function packed(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-files-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    // Without the folder itself: the volume's own root keeps its mode.
    const list = Object.keys(files).length === 0 ? ['-T', '/dev/null'] : Object.keys(files).map((name) => `./${name}`);
    return execFileSync('tar', ['-C', folder, '-c', '-f', '-', '--', ...list], { maxBuffer: 2 ** 29 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
