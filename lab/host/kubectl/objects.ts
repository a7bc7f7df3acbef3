// The objects of the cluster, as far as its controllers look into them. What else is written in one is kept as it is.
export type OwnerReference = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

export type Metadata = {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  generation?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
};

type Fields = { [key: string]: unknown };

export type Item<Spec extends object = Fields, Status extends object = Fields> = {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  spec?: Spec;
  status?: Status;
};

export type Condition = { type: string; status: 'True' | 'False'; reason?: string; message?: string };
export type PodVolume = { name: string; persistentVolumeClaim?: { claimName: string; readOnly?: boolean } } & Fields;
export type PodSpec = { nodeName?: string; containers: ({ name: string } & Fields)[]; volumes?: PodVolume[] } & Fields;
export type Pod = Item<PodSpec, { phase: string; conditions: Condition[] } & Fields>;
export type Template = { metadata?: { labels?: Record<string, string> }; spec: PodSpec };

export type WorkloadSpec = {
  replicas?: number;
  selector: { matchLabels: Record<string, string> };
  template: Template;
  volumeClaimTemplates?: { metadata: { name: string }; spec: Fields }[];
} & Fields;
export type Workload = Item<WorkloadSpec>;

export type Claim = Item<{ volumeName?: string; storageClassName?: string } & Fields, { phase: string } & Fields>;
export type ClaimReference = { kind: string; namespace: string; name: string; uid: string };
export type Volume = Item<
  { csi: { driver: string; volumeHandle: string; fsType?: string } & Fields; claimRef?: ClaimReference } & Fields,
  { phase: string } & Fields
>;
export type Attachment = Item<
  { attacher: string; nodeName: string; source: { persistentVolumeName: string } },
  { attached: boolean }
>;
export type Autoscaler = Item<
  { scaleTargetRef: { kind: string; name: string }; minReplicas: number; maxReplicas: number } & Fields
>;

export type ItemOf = {
  persistentvolumes: Volume;
  persistentvolumeclaims: Claim;
  pods: Pod;
  statefulsets: Workload;
  deployments: Workload;
  daemonsets: Workload;
  replicasets: Workload;
  jobs: Workload;
  volumeattachments: Attachment;
  horizontalpodautoscalers: Autoscaler;
};
