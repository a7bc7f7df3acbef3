// Which backup a task is: a task of several guests names none of them in its id, but its log begins with the command
// (facts: failure-signatures section 1; the order of the options is random there).
import { type CallOptions, type ProxmoxApi, path } from '../../proxmox/api.ts';
import { rows, text } from '../../proxmox/decode.ts';
import { taskLogPath } from '../../proxmox/task-path.ts';
import { seconds } from '../../values/duration.ts';
import type { Clock } from '../../values/instant.ts';
import { parseUpid, type Upid } from '../../values/upid.ts';

export type Backup = Readonly<{ vmids: readonly number[]; storage: string }>;

const began = /\bstarting new backup job: vzdump (.*)$/;

/** What the first lines of a task's log say; undefined where they do not say it (yet). */
export function backupIn(lines: readonly string[]): Backup | undefined {
  const words = lines
    .flatMap((line) => began.exec(line)?.[1] ?? [])
    .at(0)
    ?.trim()
    .split(/\s+/);
  if (words === undefined) return undefined;
  const end = words.findIndex((word) => !/^\d+$/.test(word));
  const vmids = words.slice(0, end === -1 ? words.length : end).map(Number);
  return { vmids, storage: words[words.indexOf('--storage') + 1] ?? '' };
}

/** True, false, or undefined where its log does not tell. */
export async function isBackupOf(
  api: ProxmoxApi,
  upid: Upid,
  { vmids, storage }: Backup,
  options: CallOptions = {},
): Promise<boolean | undefined> {
  const { data } = await api.get(taskLogPath(api, upid), { start: 0, limit: 50 }, options);
  const said = backupIn(rows(api, 'task log', data).map((row) => text(row['t']) ?? ''));
  if (said === undefined) return undefined;
  const same = said.vmids.length === vmids.length && said.vmids.every((vmid) => vmids.includes(vmid));
  return same && said.storage === storage;
}

// A task writes its first line within a moment of its start.
const looks = [0, 1, 2, 4].map(seconds);

/** Our task at work there for that very backup, which a run that was killed left behind. */
export async function runningBackup(
  api: ProxmoxApi,
  node: string,
  backup: Backup,
  clock: Clock,
  options: CallOptions,
): Promise<Upid | undefined> {
  const filter = { source: 'active', typefilter: 'vzdump', userfilter: api.identity, limit: 1000 };
  const { data } = await api.get(path`/nodes/${node}/tasks`, filter, options);
  const only = backup.vmids.length === 1 ? String(backup.vmids[0]) : '';
  for (const row of rows(api, 'tasks', data)) {
    const upid = parseUpid(text(row['upid']) ?? '');
    if (upid === undefined || upid.user !== api.identity || upid.id !== only) continue;
    for (const pause of looks) {
      await clock.sleep(pause, options.signal);
      const is = await isBackupOf(api, upid, backup, options);
      if (is === true) return upid;
      if (is === false) break;
    }
  }
  return undefined;
}
