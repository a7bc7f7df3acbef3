// Everything one operator protects, as the estate file says it, checked and with its defaults filled in. Keys are spelled as
// in the file. Sections that belong to one kind of resource (`pbs_storages`, a datastore's `prune`) are that kind's own.
import type { Digest } from '../values/canonical.ts';
import type { Duration } from '../values/duration.ts';
import type { Fingerprint } from '../values/fingerprint.ts';
import type { Keep } from '../values/retention.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import type { Identity } from './step.ts';

export type Token = Readonly<{ id: string; secret: SecretReference }>;
export type Login = Readonly<{ username: string; password: SecretReference }>;

/** How a server is reached. Pinned or CA-verified: there is no third way. */
export type Connection = Readonly<{
  name: string;
  url: string;
  /** the node this command runs on, through its `pvesh`; it needs no url, no certificate and no token */
  through?: 'pvesh' | undefined;
  fingerprint?: Fingerprint | undefined;
  trust?: 'ca' | undefined;
  /** one token for everything works, and is a finding */
  token?: Token | undefined;
  login?: Login | undefined;
  identities?: Readonly<Partial<Record<Identity, Token>>> | undefined;
}>;

export type PveServer = Connection & Readonly<{ product: 'pve' }>;

export type Datastore = Readonly<{
  name: string;
  stored_on?: string | undefined;
  namespaces?: readonly string[] | undefined;
}> &
  Readonly<Record<string, unknown>>;

export type PbsServer = Connection &
  Readonly<{
    product: 'pbs';
    runs_on?: Readonly<{ pve: string; guest: number }> | undefined;
    datastores: readonly Datastore[];
    /** whether it was written which they are, and be it none at all */
    saysDatastores?: boolean;
  }> &
  /** sections brought by kinds, by their name in the file: `remotes`, `users` */
  Readonly<Record<string, unknown>>;

export type Place = Readonly<{ site: string; hosts: readonly string[] }>;

/** Where commands run; what follows the name says how it is reached. A `pct`, `docker` or `kubectl` machine lies within another. */
export type MachineEntry = Readonly<{ name: string }> &
  Readonly<
    | {
        local: true;
        /** where its commands lie, in place of the system's own folders */
        commands_in?: readonly string[] | undefined;
      }
    | { ssh: SshAccess }
    | { pct: Readonly<{ on: string; guest: number }> }
    | { docker: Readonly<{ on: string; container: string }> }
    | { kubectl: PodAccess }
  >;

/** By its name, or by labels where that changes. */
export type PodAccess = Readonly<{
  cluster: string;
  namespace: string;
  pod?: string | undefined;
  selector?: string | undefined;
  container?: string | undefined;
}>;

export type SshAccess = Readonly<{
  host: string;
  port: number;
  user: string;
  /** the private key; it goes to an agent of our own, never to a file or an argument */
  key?: SecretReference | undefined;
  /** the only host key that is taken for this machine's: `ssh-ed25519 AAAA...` */
  host_key: string;
  /** a machine of the estate, reached by ssh itself, through which this one is */
  jump?: string | undefined;
  /** the narrow way in: with it, `key` is only for installing it */
  gate?: GateAccess | undefined;
  /** in the place of all else: only a folder of it is served */
  rsync?: RsyncAccess | undefined;
}>;

/** Keys that start rrsync(1) in that folder and can do nothing else: one of them reads, the other one adds. */
export type RsyncAccess = Readonly<{
  root: string;
  read?: SecretReference | undefined;
  append?: SecretReference | undefined;
}>;

/** A key for each role; none of them can do more than the verbs of its role (threat model 3.2). */
export type GateAccess = Readonly<{
  user: string;
  observe: SecretReference;
  snap: SecretReference;
  copy: SecretReference;
  /** addresses that the keys may be used from */
  from: readonly string[];
  volume_groups: readonly string[];
}>;

/** A Kubernetes cluster, asked with `kubectl` on one of the machines. */
export type KubernetesEntry = Readonly<{
  name: string;
  /** where kubectl runs: a name of `machines` */
  machine: string;
  /** a file on that machine; kubectl's own choice where it is left out */
  kubeconfig?: string | undefined;
  context?: string | undefined;
  /** the program, where it is none of the system's own folders: `/snap/bin/microk8s.kubectl` */
  kubectl?: string | undefined;
}>;

/** What every layer entry has; each kind of layer adds its own fields. */
export type LayerEntry = Readonly<{
  name: string;
  kind: string;
  machine: string;
  workload: string;
  keep: Keep;
}>;

/** What every channel entry has; each kind of channel adds its own fields. */
export type ChannelEntry = Readonly<{ name: string; kind: string }>;

export type Tier = Readonly<{
  name: string;
  rpo?: string | undefined;
  rto?: string | undefined;
  copies?: number | undefined;
  media?: number | undefined;
  offsite?: boolean | undefined;
  verify_every?: string | undefined;
  drill_every?: string | undefined;
}>;
export type Workload = Readonly<{ name: string; tier?: string | undefined; description?: string | undefined }>;
/** How hard a job may work the machines it runs on. */
export type Budget = Readonly<{
  nice?: number | undefined;
  io?: 'idle' | 'best-effort' | undefined;
  /** bytes a second, as `20 MiB` */
  limit?: string | undefined;
}>;

export type Schedule = Readonly<{
  job: string;
  schedule?: string | undefined;
  time_zone?: string | undefined;
  after?: readonly (string | Readonly<{ job: string; needs?: 'done' | 'usable' | undefined }>)[] | undefined;
  jitter?: string | undefined;
  catch_up?: boolean | undefined;
  window?: string | undefined;
  deadline?: string | undefined;
  budget?: Budget | undefined;
}>;
export type Exclusion = Readonly<{ subject: string; reason: string; owner: string; review_by: string }>;

export type Estate = Readonly<{
  name: string;
  time_zone: string;
  /** how long a plan that was looked at may still be applied */
  approval_expires: Duration;
  places: readonly Place[];
  pve: readonly PveServer[];
  pbs: readonly PbsServer[];
  machines: readonly MachineEntry[];
  kubernetes: readonly KubernetesEntry[];
  layers: readonly LayerEntry[];
  tiers: readonly Tier[];
  workloads: readonly Workload[];
  schedules: readonly Schedule[];
  exclusions: readonly Exclusion[];
  channels: readonly ChannelEntry[];
  /** sections brought by kinds, by their name in the file */
  sections: Readonly<Record<string, unknown>>;
  /** of the whole, includes and defaults in: what a plan calls `desired` */
  digest: Digest;
  /** the file it was read from, absolute */
  file: string;
  /** `file:line:column` of a value, by its path (`['pbs_storages', 0, 'name']`); the file as seen from the estate's folder */
  placeOf(path: readonly (string | number)[]): string;
}>;

/** The part of an estate that a worker, or a recovery long after, needs to reach the world. It holds references, no secrets. */
export type Connections = Readonly<{
  pve: readonly PveServer[];
  pbs: readonly PbsServer[];
  machines: readonly MachineEntry[];
  kubernetes: readonly KubernetesEntry[];
}>;
