import type { Upid } from '../values/upid.ts';
import { type ApiPath, type ProxmoxApi, path } from './api.ts';

// A PBS is one node, whatever its host name is at present.
const nodeOf = (api: ProxmoxApi, upid: Upid): string => (api.product === 'pbs' ? 'localhost' : upid.node);

/** Where a task is asked about: on the node that runs it. */
export const taskPath = (api: ProxmoxApi, upid: Upid): ApiPath => path`/nodes/${nodeOf(api, upid)}/tasks/${upid.text}`;
export const taskStatusPath = (api: ProxmoxApi, upid: Upid): ApiPath =>
  path`/nodes/${nodeOf(api, upid)}/tasks/${upid.text}/status`;
export const taskLogPath = (api: ProxmoxApi, upid: Upid): ApiPath =>
  path`/nodes/${nodeOf(api, upid)}/tasks/${upid.text}/log`;
