// The id of a task on a Proxmox server. PVE and PBS write it alike, but PBS has one more field (the task's own number).
// UPID:node:pid:pstart[:task]:starttime:type:id:user:  (facts: pve-api section 6, pbs-api section 2)
import { type Instant, instantAt } from './instant.ts';

export type Upid = Readonly<{
  text: string;
  node: string;
  startedAt: Instant;
  type: string;
  id: string;
  user: string;
}>;

const pve = /^UPID:([^:\s]+):[0-9A-F]{8}:[0-9A-F]{8,9}:([0-9A-F]{8}):([^:\s]+):([^:\s]*):([^:\s]+):$/i;
const pbs = /^UPID:([^:\s]+):[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8,16}:([0-9A-F]{8}):([^:\s]+):([^:\s]*):([^:\s]+):$/i;

/** Undefined where the text is no UPID: `POST vzdump` may answer the word OK instead of one. */
export function parseUpid(text: string): Upid | undefined {
  const found = pve.exec(text) ?? pbs.exec(text);
  const [, node, start, type, id, user] = found ?? [];
  if (node === undefined || start === undefined || type === undefined || id === undefined || user === undefined)
    return undefined;
  return { text, node, startedAt: instantAt(Number.parseInt(start, 16) * 1000), type, id, user };
}
