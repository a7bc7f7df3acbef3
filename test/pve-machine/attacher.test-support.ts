// Lets a cluster's pods really open their volumes on the tests' PVE host: `cluster.behave({ attacher: attacherFor(machine, ...) })`.
// What a pod has is mounted there below /var/lib/pods as a guest has it, and a pod whose volume does not open does not start.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SshFacts } from './outer-shell.test-support.ts';

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

// $1 attach or detach, $2 the volume's name; the LUKS key comes on standard input, if there is one. Twice is as good as once.
const there = `set -e
at=/var/lib/pods/$2; mapper=pod-$2; mkdir -p "$at" /run/pods
if [ "$1" = attach ]; then
  mountpoint -q "$at" && exit 0
  lvchange -ay "pve/$2"
  disk=$(losetup --direct-io=on -f --show "/dev/pve/$2"); echo "$disk" >"/run/pods/$2"
  give_up() { cryptsetup close "$mapper" 2>/dev/null || true; losetup -d "$(cat "/run/pods/$2")"; rm "/run/pods/$2"; exit 1; }
  if [ "$(blkid -p -o value -s TYPE "$disk")" = crypto_LUKS ]; then
    cryptsetup open --key-file=- "$disk" "$mapper" || give_up "$@"
    disk=/dev/mapper/$mapper
  fi
  mount "$disk" "$at" || give_up "$@"
else
  ! mountpoint -q "$at" || umount "$at"
  [ ! -e "/dev/mapper/$mapper" ] || cryptsetup close "$mapper"
  if [ -e "/run/pods/$2" ]; then losetup -d "$(cat "/run/pods/$2")"; rm "/run/pods/$2"; fi
fi`;

/** `folder` is one that lives as long as the cluster (its own); `keys` are by the volumes' names. */
export function attacherFor(ssh: SshFacts, folder: string, keys: Readonly<Record<string, string>> = {}): string[] {
  const own = mkdtempSync(join(folder, 'attacher-'));
  for (const [lv, key] of Object.entries(keys)) writeFileSync(join(own, lv), key, { mode: 0o600 });
  const settings = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ConnectTimeout=30'];
  const words = ['ssh', '-F', 'none', '-i', ssh.keyFile, '-p', String(ssh.port), '-o', 'LogLevel=ERROR'];
  const full = [...words, ...settings.flatMap((setting) => ['-o', setting]), `${ssh.user}@${ssh.host}`];
  const program = join(own, 'attacher');
  const script = `#!/bin/sh
# $1 attach or detach, $2 the volume's handle, $3 its name in storage
key=${quote(own)}/$3; [ -e "$key" ] || key=/dev/null
exec ${full.map(quote).join(' ')} sh -c ${quote(quote(there))} sh "$1" "$3" <"$key"
`;
  writeFileSync(program, script, { mode: 0o755 });
  return [program];
}
