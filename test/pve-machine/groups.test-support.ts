// The volume groups of a new machine: a thin pool as a Proxmox host has one, and a disk for backups.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A shell on the machine that must succeed; its output without the last line end. */
export type Must = (script: string, stdin?: string | Uint8Array) => Promise<string>;

export type Pool = Readonly<{ megabytes: number; metadataMegabytes: number }>;
export const roomyPool: Pool = { megabytes: 8192, metadataMegabytes: 16 };

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
export const poolCommands = ({ megabytes, metadataMegabytes }: Pool): string => `
    lvcreate -qq -y -L 8M -n root pve
    lvcreate -qq -y -L ${megabytes}M --poolmetadatasize ${metadataMegabytes}M --type thin-pool -n data pve`;

/** Disks that were made the same way are the same. */
export const nameOfDisks = (pool: Pool, backupMegabytes: number): string => {
  const how = createHash('sha256')
    .update(readFileSync(import.meta.filename))
    .digest('hex')
    .slice(0, 8);
  return `disks-${pool.megabytes}-${pool.metadataMegabytes}-${backupMegabytes}-${how}`;
};
