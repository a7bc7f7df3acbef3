// By which logical volume a persistent volume is backed. Proxmox CSI writes handles as `region/zone/storage/vm-9999-pvc-UUID`
// (the zone is empty on shared storage, and images of file storages end in `.raw` or `.qcow2`); older drivers and volumes
// made by hand have PVE's own volume id, `storage:volume`.

export type BackedBy = Readonly<{ storage: string; lv: string }>;

/** What lvm(8) takes for a name. */
const lvName = /^[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,126}$/;

/** Undefined for handles of drivers that make no logical volume of a name we could find. */
export function backedBy(handle: string): BackedBy | undefined {
  const parts = handle.split('/');
  const slashed = parts.length === 4 || parts.length === 5 ? { storage: parts[2], volume: parts.at(-1) } : undefined;
  const colon = /^([^:/]+):([^:/]+)$/.exec(handle);
  const { storage, volume } = slashed ?? { storage: colon?.[1], volume: colon?.[2] };
  if (storage === undefined || storage === '' || volume === undefined) return undefined;
  return lvName.test(volume) ? { storage, lv: volume } : undefined;
}
