// What is known of a cluster, as far as backups need it. JSON throughout: it is remembered for the day on which the cluster
// does not answer.

export type Claim = Readonly<{ namespace: string; name: string }>;
export const claimText = ({ namespace, name }: Claim): string => `${namespace}/${name}`;

/** Who is responsible for a pod: `Deployment media/jellyfin`; of a kind that Kubernetes does not know where an operator is. */
export type WorkloadRef = Readonly<{ kind: string; namespace: string; name: string }>;
export const workloadText = ({ kind, namespace, name }: WorkloadRef): string => `${kind} ${namespace}/${name}`;

export type ClusterPod = Readonly<{
  name: string;
  node: string | null;
  phase: string;
  ready: boolean;
  ending: boolean;
}>;

/** What runs pods, or would: one that is scaled to 0 has none, and its claims all the same. */
export type ClusterWorkload = WorkloadRef &
  Readonly<{
    replicas: number | null;
    ready: number | null;
    /** what made it, where that is of a kind that Kubernetes itself does not know: an operator watches over it */
    operator: WorkloadRef | null;
    /** names of claims in its namespace */
    claims: readonly string[];
    pods: readonly ClusterPod[];
    /** marks of something that may set it back to what a repository says: `Argo CD (tracking-id media:apps/...)` */
    gitops: readonly string[];
  }>;

export type ClusterVolume = Readonly<{
  /** the name of the PersistentVolume */
  volume: string;
  driver: string | null;
  handle: string | null;
  /** PVE's storage and the logical volume in it, where the handle tells them */
  storage: string | null;
  lv: string | null;
  /** `Bound`, `Released`, `Available`, `Failed` */
  phase: string;
  /** of a volume that was released: the claim it belonged to */
  claim: Claim | null;
  /** the claim of that name is bound to this very volume now; a released volume and its successor have the same claim */
  live: boolean;
  storage_class: string | null;
  /** `Filesystem`, or `Block`: a disk in which there need be no file system */
  mode: string;
  bytes: number | null;
  reclaim_policy: string | null;
  used_by: readonly WorkloadRef[];
}>;

export type Inventory = Readonly<{
  cluster: string;
  volumes: readonly ClusterVolume[];
  workloads: readonly ClusterWorkload[];
}>;
