// The objects of a cluster, as their authors write them: volumes of the Proxmox CSI driver, and what uses them.
import { randomUUID } from 'node:crypto';
import { nameInStorage } from './attachments.ts';
import type { Autoscaler, Claim, Item, OwnerReference, Pod, Volume, Workload } from './objects.ts';
import { all, create, type Given, remove, type State, touch } from './store.ts';

export type NewVolume = Readonly<{
  namespace: string;
  claim: string;
  /** `REGION/ZONE/STORAGE/VOLUME`, or the older `STORAGE:VOLUME`; made of a new UUID where it is left out */
  handle?: string;
  /** the persistent volume's own name: `pvc-UUID` */
  name?: string;
  phase?: 'Bound' | 'Released' | 'Available';
  driver?: string;
  storageClass?: string;
  gigabytes?: number;
  /** as Kubernetes writes it (`16Mi`), where it is no whole number of those */
  size?: string;
  reclaim?: 'Retain' | 'Delete';
  fsType?: 'ext4' | 'xfs';
}>;

/** What was placed: the persistent volume's name, its handle, and its name in storage. */
export type Placed = Readonly<{ volume: string; handle: string; lv: string }>;

export type NewWorkload = Readonly<{
  namespace: string;
  name: string;
  replicas?: number;
  /** claims mounted by every pod */
  claims?: readonly string[];
  /** names of claim templates: `data` becomes the claim `data-NAME-0` of the first pod */
  claimTemplates?: readonly string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  owner?: OwnerReference;
  containers?: readonly string[];
  parallel?: boolean;
}>;

const driverName = 'csi.proxmox.sinextra.dev';

function volume(state: State, given: NewVolume): Placed {
  const uuid = randomUUID();
  const handle = given.handle ?? `homelab/ruapehu/local-lvm/vm-9999-pvc-${uuid}`;
  const lv = nameInStorage(handle);
  const name = given.name ?? lv.replace(/^vm-\d+-/, '');
  const phase = given.phase ?? 'Bound';
  const storageClassName = given.storageClass ?? 'proxmox-lvm';
  const storage = given.size ?? `${given.gigabytes ?? 1}Gi`;
  const both = { accessModes: ['ReadWriteOnce'], storageClassName, volumeMode: 'Filesystem' };
  const claim =
    phase === 'Bound'
      ? create<Claim>(
          state,
          'persistentvolumeclaims',
          { namespace: given.namespace, name: given.claim },
          { spec: { ...both, resources: { requests: { storage } }, volumeName: name }, status: { phase: 'Bound' } },
        )
      : undefined;
  const reference = {
    kind: 'PersistentVolumeClaim',
    namespace: given.namespace,
    name: given.claim,
    uid: claim?.metadata.uid ?? randomUUID(),
  };
  create<Volume>(
    state,
    'persistentvolumes',
    { name },
    {
      spec: {
        ...both,
        capacity: { storage },
        ...(phase === 'Available' ? {} : { claimRef: reference }),
        csi: { driver: given.driver ?? driverName, volumeHandle: handle, fsType: given.fsType ?? 'ext4' },
        persistentVolumeReclaimPolicy: given.reclaim ?? 'Retain',
      },
      status: { phase },
    },
  );
  return { volume: name, handle, lv };
}

const labelsOf = (given: NewWorkload): Record<string, string> => given.labels ?? { app: given.name };

const podSpec = (given: NewWorkload) => ({
  containers: (given.containers ?? ['main']).map((name) => ({ name, image: 'registry.example/app:1' })),
  volumes: (given.claims ?? []).map((claimName, index) => ({
    name: `volume-${index}`,
    persistentVolumeClaim: { claimName },
  })),
});

const head = (given: NewWorkload): Given => ({
  namespace: given.namespace,
  name: given.name,
  labels: labelsOf(given),
  annotations: given.annotations,
  owner: given.owner,
});

const specOf = (given: NewWorkload) => ({
  selector: { matchLabels: labelsOf(given) },
  template: { metadata: { labels: labelsOf(given) }, spec: podSpec(given) },
});

function workload(
  state: State,
  plural: 'statefulsets' | 'deployments' | 'daemonsets' | 'jobs',
  given: NewWorkload,
): void {
  const counted = plural === 'statefulsets' || plural === 'deployments';
  const templates = (given.claimTemplates ?? []).map((name) => ({
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'proxmox-lvm' },
  }));
  create<Workload>(state, plural, head(given), {
    spec: {
      ...specOf(given),
      ...(counted ? { replicas: given.replicas ?? 1 } : {}),
      ...(templates.length === 0 ? {} : { volumeClaimTemplates: templates }),
      ...(plural === 'statefulsets'
        ? { podManagementPolicy: given.parallel === true ? 'Parallel' : 'OrderedReady' }
        : {}),
    },
  });
}

function cronJob(state: State, given: NewWorkload & Readonly<{ schedule: string }>): void {
  create<Item>(state, 'cronjobs', head(given), {
    spec: { schedule: given.schedule, jobTemplate: { spec: { template: { spec: podSpec(given) } } } },
  });
}

function pod(state: State, given: NewWorkload): void {
  create<Pod>(state, 'pods', head(given), { spec: podSpec(given), status: { phase: 'Pending', conditions: [] } });
}

type NewAutoscaler = Readonly<{ kind: string; namespace: string; name: string; least: number; most: number }>;

function autoscaler(state: State, { kind, namespace, name, least, most }: NewAutoscaler): void {
  create<Autoscaler>(
    state,
    'horizontalpodautoscalers',
    { namespace, name },
    { spec: { scaleTargetRef: { kind, name }, minReplicas: least, maxReplicas: most } },
  );
}

function release(state: State, namespace: string, name: string): void {
  const claim = all(state, 'persistentvolumeclaims').find(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
  );
  if (claim === undefined) throw new Error(`there is no claim ${namespace}/${name}`);
  remove(state, 'persistentvolumeclaims', claim);
  for (const one of all(state, 'persistentvolumes'))
    if (one.spec?.claimRef?.uid === claim.metadata.uid) {
      one.status = { phase: 'Released' };
      touch(state, one);
    }
}

export const fill = { volume, workload, cronJob, pod, autoscaler, release };
