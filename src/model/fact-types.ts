// The facts there are: what is asked, and what is answered. How each is fetched stands in observed/facts.ts, under its name.
import type { TimeZone } from '../values/time-zone.ts';

/** A guest as PVE's list of resources has it. */
export type GuestSeen = Readonly<{
  vmid: number;
  type: 'qemu' | 'lxc';
  node: string;
  name: string;
  /** `unknown`: its node is down or silent, which is not the same as stopped */
  status: string;
  template: boolean;
  pool: string | undefined;
}>;

export type SnapshotSeen = Readonly<{
  type: string;
  id: string;
  /** epoch seconds */
  time: number;
  finished: boolean;
  protected: boolean;
  owner: string;
  /** bytes; undefined without a manifest */
  size: number | undefined;
  verified: 'ok' | 'failed' | undefined;
}>;

export type FactTypes = {
  /** guests this identity may see, of one PVE server (a node or a whole cluster) */
  guests: { ask: unknown; answer: readonly GuestSeen[] };
  /** snapshots of one namespace of a datastore */
  snapshots: { ask: Readonly<{ store: string; namespace: string }>; answer: readonly SnapshotSeen[] };
  /** the zone of a PBS, by which its days begin */
  'time-zone': { ask: unknown; answer: TimeZone };
};
