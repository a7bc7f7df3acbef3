// The machine's disks as they were at a moment, kept on this machine as sparse copies: a test goes back to them without a reboot,
// and by a power cut where something inside holds on to a volume.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Must } from './groups.test-support.ts';
import type { OuterShell } from './outer-shell.test-support.ts';

export interface Checkpoints {
  /** the disks as they are now, everything closed; one of that name is replaced */
  checkpoint(name: string): Promise<void>;
  /** the disks as they were then, volume groups up and /mnt/backup mounted; whatever was open is closed */
  rollback(name: string): Promise<void>;
}

export type Switched = Readonly<{
  shell: OuterShell;
  must: Must;
  disks: readonly string[];
  isOn(): boolean;
  powerOff(): Promise<void>;
  boot(): Promise<void>;
}>;

// What tests leave open: hanging devices first, then mounts, then mappers over volumes, from the top down.
const closeAll = `set -e
  for pid in $(cat /run/watchers 2>/dev/null); do kill "$pid" 2>/dev/null || true; done; rm -f /run/watchers /run/filled
  for name in $(dmsetup info -c --noheadings -o name -S suspended=Suspended 2>/dev/null); do dmsetup resume "$name"; done
  tac /proc/mounts | while read -r device at rest; do
    case "$device" in /dev/mapper/*|/dev/dm-*|/dev/loop*) umount "$(printf "$at")" ;; esac; done
  for turn in 1 2 3; do dmsetup info -c --noheadings -o name,uuid,open | while IFS=: read -r name uuid open; do
    case "$uuid" in LVM-*) ;; *) [ -z "$name" ] || [ "$open" != 0 ] || dmsetup remove --retry "$name" ;; esac; done; done
  losetup -D; rm -rf /run/pods
  vgchange -qq -an pve backup
  blockdev --flushbufs /dev/pve-disk; blockdev --flushbufs /dev/backup-disk`;
const openAll = 'set -e; vgchange -qq -ay pve backup >/dev/null; mount -t ext4 /dev/backup/data /mnt/backup';

const copy = (from: string, to: string) => execFileSync('cp', ['--sparse=always', from, to]);
const kept = (disk: string, name: string) => `${disk}.${name}`;

/** Disks of a new machine, kept for the next one that wants the same. */
export function keepNewDisks(disks: readonly string[], folder: string): void {
  if (existsSync(folder)) return;
  const half = mkdtempSync(`${folder}.half-`);
  for (const disk of disks) copy(kept(disk, 'new'), join(half, basename(disk)));
  try {
    renameSync(half, folder);
  } catch {
    // Another machine was quicker.
    rmSync(half, { recursive: true });
  }
}

/** False where there are none yet. */
export function takeNewDisks(disks: readonly string[], folder: string): boolean {
  if (!existsSync(folder)) return false;
  for (const disk of disks) for (const to of [disk, kept(disk, 'new')]) copy(join(folder, basename(disk)), to);
  return true;
}

const patience = 90_000;

/** False where something holds on, or nothing answers. */
async function isClosed(shell: OuterShell): Promise<boolean> {
  const over = new AbortController();
  const late = pause(patience, false, { signal: over.signal }).catch(() => false);
  const closing = shell
    .sh(closeAll)
    .then(({ exitCode }) => exitCode === 0)
    .catch(() => false);
  const closed = await Promise.race([closing, late]);
  over.abort();
  return closed;
}

export function checkpointsOf(machine: Switched): Checkpoints {
  return {
    checkpoint: async (name) => {
      await machine.must(closeAll);
      for (const disk of machine.disks) copy(disk, kept(disk, name));
      await machine.must(openAll);
    },
    rollback: async (name) => {
      for (const disk of machine.disks)
        if (!existsSync(kept(disk, name))) throw new Error(`there is no checkpoint ${name}`);
      const closed = machine.isOn() && (await isClosed(machine.shell));
      if (!closed) await machine.powerOff();
      // In place: QEMU keeps the file open.
      for (const disk of machine.disks) copy(kept(disk, name), disk);
      if (closed) await machine.must(openAll);
      else await machine.boot();
    },
  };
}
