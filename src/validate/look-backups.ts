// The last backups of each node, as far as they tell that PBS may not write where its datastore lies (mission row 2.2). PBS writes
// as `backup`, uid and gid 34: what is prepared by another hand on a NAS mostly belongs to root (facts: failure-signatures,
// `pbs-permission-13`).
import { asFault } from '../fault.ts';
import { type ProxmoxApi, path } from '../proxmox/api.ts';
import { rows, text, whole } from '../proxmox/decode.ts';
import { taskLog } from '../proxmox/task-log.ts';
import { parseUpid } from '../values/upid.ts';
import { patience } from './asked.ts';
import type { Check } from './check.ts';
import { stateOf } from './judge-login.ts';
import type { PveSide } from './pve-side.ts';

const looked = 20;

export const lookAtBackups = async (server: string, { api, nodes }: PveSide): Promise<readonly Check[]> =>
  (
    await Promise.all(
      nodes.filter(({ status }) => status === 'online').map(({ node }) => ofNode(api, `${server}/${node}`, node)),
    )
  ).flat();

async function ofNode(api: ProxmoxApi, from: string, node: string): Promise<readonly Check[]> {
  try {
    const upid = await lastThatFailed(api, node);
    if (upid === undefined) return [];
    const read = parseUpid(upid);
    if (read === undefined) return [];
    const lines: string[] = [];
    await taskLog(api, read, (more) => lines.push(...more)).read({ timeout: patience });
    return refusedIn(lines).map((line) => notAllowed(from, upid, line));
  } catch (error) {
    const fault = asFault(error, from);
    const state = stateOf(fault) === 'unreachable' ? 'unreachable' : 'warning';
    return [{ check: 'backups', state, from, seen: fault.says, remedy: fault.remedy }];
  }
}

/** Undefined where the newest backup on the node went well: what failed before it is over. */
async function lastThatFailed(api: ProxmoxApi, node: string): Promise<string | undefined> {
  const { data } = await api.get(
    path`/nodes/${node}/tasks`,
    { typefilter: 'vzdump', source: 'archive', limit: looked },
    { timeout: patience },
  );
  const [newest] = rows(api, 'tasks', data)
    .filter((row) => whole(row['endtime']) !== undefined)
    .sort((one, other) => (whole(other['starttime']) ?? 0) - (whole(one['starttime']) ?? 0));
  const status = newest === undefined ? 'OK' : (text(newest['status']) ?? '');
  return status === 'OK' || status.startsWith('WARNINGS: ') ? undefined : text(newest?.['upid']);
}

/** Both spellings that PBS has for it. */
const notPermitted = /Permission denied \(os error 13\)|EACCES: Permission denied|EPERM: Operation not permitted/;

/** The first line that says so, and of these one that names the place. */
export function refusedIn(lines: readonly string[]): readonly string[] {
  const found = lines.filter((line) => notPermitted.test(line));
  const named = found.find((line) => placeIn(line) !== undefined) ?? found[0];
  return named === undefined ? [] : [named];
}

/** The datastore's own folder: what stands before `.chunks`, or before the group's type. */
export const placeIn = (line: string): string | undefined =>
  /"(\/[^"]*?)\/(?:\.chunks|\.lock|ns|vm|ct|host)(?:\/[^"]*)?"/.exec(line)?.[1];

function notAllowed(from: string, upid: string, line: string): Check {
  const place = placeIn(line) ?? 'the folder of the datastore';
  return {
    check: 'backups',
    state: 'warning',
    from,
    seen: `the last backup failed, since PBS may not write to ${place}: ${line} (task ${upid})`,
    remedy: `PBS writes as backup, uid 34 and gid 34. On the host whose disk it is: \`chown -R 34:34\` on the dataset behind ${place} (100034:100034 where the PBS is an unprivileged container), or let the export map everybody to 34 (TrueNAS: Mapall user and group; Maproot where root must make the folders). Then \`setpriv --reuid 34 --regid 34 --clear-groups test -w ${place}/.chunks\` on the PBS must say nothing`,
  };
}
