// A task's log, read in pages as it grows.
import { cut, shown } from '../values/text.ts';
import type { Upid } from '../values/upid.ts';
import type { CallOptions, ProxmoxApi } from './api.ts';
import { rows, whole } from './decode.ts';
import { taskLogPath } from './task-path.ts';

export type HandLines = (lines: readonly string[]) => void;

const page = 500;
// A log that grows faster than it is read is read on at the next look.
const pagesAtOnce = 100;
const longestLine = 4096;

export function taskLog(
  api: ProxmoxApi,
  upid: Upid,
  hand: HandLines,
): Readonly<{ read(options: CallOptions): Promise<void> }> {
  let read = 0;
  const readPage = async (options: CallOptions): Promise<boolean> => {
    // PVE counts the lines to pass over, PBS names the first line wanted.
    const start = api.product === 'pve' ? read : read + 1;
    const { data } = await api.get(taskLogPath(api, upid), { start, limit: page }, options);
    const came = rows(api, 'task log', data).map((line, index) => ({
      n: whole(line.n) ?? read + index + 1,
      t: String(line.t ?? ''),
    }));
    const fresh = came.filter((line) => line.n > read && !isPlaceholder(line));
    read = Math.max(read, ...fresh.map((line) => line.n));
    if (fresh.length > 0) hand(fresh.map((line) => cut(shown(line.t), longestLine)));
    return fresh.length > 0 && came.length >= page;
  };
  return {
    read: async (options) => {
      for (let count = 0; count < pagesAtOnce && (await readPage(options)); count += 1);
    },
  };
}

// PVE's list view cannot bear an empty log, so the server makes up a first line.
const isPlaceholder = (line: Readonly<{ n: number; t: string }>): boolean =>
  line.n === 1 && (line.t === 'no content' || line.t.startsWith('unable to open file - '));
