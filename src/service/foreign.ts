// Other things on this host that look like backups: timers, services and cron lines that somebody once made (an old script that
// hung on a retired NAS and brought the host down, homelab-reality #23). They are shown, and left alone.
import type { Files } from '../machines/machine.ts';
import { cut, shown } from '../values/text.ts';

export type Foreign = Readonly<{ file: string; line: string }>;

const looksLikeBackup =
  /\b(backup|rsync|rsnapshot|borg(matic)?|restic|rclone|duplicity|duplicati|kopia|vzdump|proxmox-backup-client|pg_dump(all)?|mysqldump|mariadb-dump|lvcreate|zfs send|sanoid|syncoid|tar c)/i;

const unitFolder = '/etc/systemd/system';
const cronFolders = [
  '/etc/cron.d',
  '/etc/cron.hourly',
  '/etc/cron.daily',
  '/etc/cron.weekly',
  '/etc/cron.monthly',
  '/var/spool/cron/crontabs',
];
const mostRead = 256 * 1024;

// What Debian and Proxmox themselves bring, and what we wrote.
const usual = new Set(['/etc/cron.daily/dpkg', '/etc/cron.d/e2scrub_all', '/etc/cron.d/mdadm']);

export async function foreignBackups(files: Files, ours: string): Promise<readonly Foreign[]> {
  const units = (await listed(files, unitFolder)).filter((file) => /\.(service|timer)$/.test(file) && file !== ours);
  const crons = ['/etc/crontab', ...(await Promise.all(cronFolders.map((folder) => listed(files, folder)))).flat()];
  const found = await Promise.all([
    ...units.map((file) => linesOf(files, file, (line) => /^Exec(Start|StartPre|StartPost)\s*=/.test(line))),
    ...crons.filter((file) => !usual.has(file)).map((file) => linesOf(files, file, (line) => !/^\s*(#|$)/.test(line))),
  ]);
  return found.flat();
}

async function listed(files: Files, folder: string): Promise<readonly string[]> {
  const names = await files.list(folder).catch(() => undefined);
  return (names ?? []).map((name) => `${folder}/${name}`);
}

/** The first such line of a file; one that cannot be read is left out, it may be a folder or a broken link. */
async function linesOf(files: Files, file: string, counts: (line: string) => boolean): Promise<readonly Foreign[]> {
  const content = await files.read(file, mostRead).catch(() => undefined);
  if (content === undefined) return [];
  const line = new TextDecoder()
    .decode(content)
    .split('\n')
    .find((one) => counts(one) && looksLikeBackup.test(one));
  return line === undefined ? [] : [{ file, line: cut(shown(line.trim()), 160) }];
}
