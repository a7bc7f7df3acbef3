import type { ProxmoxApi } from '../proxmox/api.ts';
import type { Node } from '../proxmox/pve.ts';
import type { PveStorage } from '../proxmox/pve-storage.ts';

/** A PVE server as storages see it: what it holds, and through whom it is asked. */
export type PveSide = Readonly<{
  api: ProxmoxApi;
  /** undefined where no login for it could be used */
  configure: ProxmoxApi | undefined;
  nodes: readonly Node[];
  entries: readonly PveStorage[];
}>;
