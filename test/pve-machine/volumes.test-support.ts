// The machine's volumes as a test wants them: the thin pool, volumes with a file system and files in them, opened or encrypted.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type Pool = Readonly<{ megabytes: number; metadataMegabytes: number }>;
export const roomyPool: Pool = { megabytes: 8192, metadataMegabytes: 16 };

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
/** A shell on the machine that must succeed; its output without the last line end. */
export type Must = (script: string, stdin?: string | Uint8Array) => Promise<string>;

export interface Volumes {
  make(given: NewVolume): Promise<Volume>;
  /** many small ones in one go, `vm-9999-pvc-0001` and on, of one file system */
  makeMany(count: number, filesystem?: 'ext4' | 'none', megabytes?: number): Promise<readonly Volume[]>;
  /** mounted as its pod has it, below /var/lib/pods; a LUKS volume through the mapper `pod-LV` */
  open(volume: Volume): Promise<string>;
  close(volume: Volume): Promise<void>;
  /** everything in the volume group goes, and an empty pool is there again */
  reset(pool?: Pool): Promise<void>;
}

export const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The volume groups of a new machine. */
export async function makeGroups(must: Must, pool: Pool): Promise<void> {
  await must(`set -e
    pvcreate -qq -ff -y /dev/backup-disk; vgcreate -qq backup /dev/backup-disk
    lvcreate -qq -y -l 100%FREE -n data backup
    mke2fs -q -t ext4 /dev/backup/data; mount -t ext4 /dev/backup/data /mnt/backup
    pvcreate -qq -ff -y /dev/pve-disk; vgcreate -qq pve /dev/pve-disk
    ${poolCommands(pool)}`);
}

// `root` is what a Proxmox host has beside its pool, and nobody's to touch.
const poolCommands = ({ megabytes, metadataMegabytes }: Pool): string => `
    lvcreate -qq -y -L 8M -n root pve
    lvcreate -qq -y -L ${megabytes}M --poolmetadatasize ${metadataMegabytes}M --type thin-pool -n data pve`;

export function volumesOf(must: Must): Volumes {
  const uuidOf = (lv: string) => must(`lvs --noheadings -o lv_uuid pve/${lv} | tr -d ' '`);
  const placed = async (lv: string, luks: string | undefined): Promise<Volume> => ({
    lv,
    device: `/dev/pve/${lv}`,
    uuid: await uuidOf(lv),
    luks,
  });
  const mapper = (lv: string) => `pod-${lv}`;
  const open = async ({ lv, luks }: Volume) => {
    const at = `/var/lib/pods/${lv}`;
    const source = luks === undefined ? `/dev/pve/${lv}` : `/dev/mapper/${mapper(lv)}`;
    const unlock = luks === undefined ? '' : `cryptsetup open --key-file=- /dev/pve/${lv} ${mapper(lv)}`;
    await must(`set -e; lvchange -ay pve/${lv}; ${unlock}\nmkdir -p ${at}; mount ${source} ${at}`, luks ?? '');
    return at;
  };
  const close = async ({ lv, luks }: Volume) => {
    const lock = luks === undefined ? '' : `cryptsetup close ${mapper(lv)}`;
    await must(`set -e; umount /var/lib/pods/${lv}; ${lock}`);
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
    reset: async (pool = roomyPool) => {
      await must(`set -e
        for pid in $(cat /run/watchers 2>/dev/null); do kill "$pid" 2>/dev/null || true; done; rm -f /run/watchers
        for name in $(dmsetup info -c --noheadings -o name -S suspended=Suspended); do dmsetup resume "$name"; done
        grep -o '^/dev/mapper/[^ ]* [^ ]*' /proc/mounts | while read -r device at; do
          case "$at" in /mnt/backup) ;; *) umount "$at" ;; esac; done
        for name in $(dmsetup ls --target crypt -o blkdevname --noheadings 2>/dev/null | awk '$1 != "No" {print $1}'); do dmsetup remove "$name"; done
        vgchange -qq -an pve || true
        vgremove -qq -ff -y pve
        blkdiscard -f /dev/pve-disk; pvcreate -qq -ff -y /dev/pve-disk; vgcreate -qq pve /dev/pve-disk
        ${poolCommands(pool)}`);
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
