// Objects as a cluster shows them, as short as a test wants them, and a cluster that lists them.
import type { Kubernetes, KubernetesList } from '../../../machines/kubernetes.ts';
import type { Json } from '../../../values/canonical.ts';

type Extra = Readonly<{ [key: string]: Json }>;

const uid = (namespace: string, name: string): string => `uid-${namespace}-${name}`;

export const proxmoxHandle = (lv: string): string => `homelab/ruapehu/local-lvm/${lv}`;

export const volume = (
  name: string,
  handle: string,
  claim: string | undefined,
  extra: Readonly<{ phase?: string; claimUid?: string }> = {},
): Json => {
  const [namespace = '', claimName = ''] = claim?.split('/') ?? [];
  const reference = { namespace, name: claimName, uid: extra.claimUid ?? uid(namespace, claimName) };
  return {
    metadata: { name, uid: `uid-${name}` },
    spec: {
      csi: { driver: 'csi.proxmox.sinextra.dev', volumeHandle: handle, volumeAttributes: { storage: 'local-lvm' } },
      storageClassName: 'proxmox-lvm',
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      accessModes: ['ReadWriteOnce'],
      ...(claim === undefined ? {} : { claimRef: reference }),
    },
    status: { phase: extra.phase ?? 'Bound' },
  };
};

export const claim = (namespace: string, name: string, volumeName: string): Json => ({
  metadata: { namespace, name, uid: uid(namespace, name) },
  spec: { volumeName, storageClassName: 'proxmox-lvm', accessModes: ['ReadWriteOnce'] },
  status: { phase: 'Bound' },
});

export const using = (...claims: readonly string[]): Json => ({
  spec: { volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) },
});

export const owned = (kind: string, name: string, apiVersion = 'apps/v1'): Extra => ({
  ownerReferences: [{ apiVersion, kind, name, controller: true, uid: `uid-${name}` }],
});

export const controller = (namespace: string, name: string, spec: Extra, metadata: Extra = {}): Json => ({
  metadata: { namespace, name, ...metadata },
  spec,
  status: typeof spec['replicas'] === 'number' ? { replicas: spec['replicas'], readyReplicas: spec['replicas'] } : {},
});

export const pod = (
  namespace: string,
  name: string,
  claims: readonly string[],
  metadata: Extra = {},
  phase = 'Running',
): Json => ({
  metadata: { namespace, name, ...metadata },
  spec: {
    nodeName: 'worker-1',
    volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  },
  status: { phase, conditions: [{ type: 'Ready', status: phase === 'Running' ? 'True' : 'False' }] },
});

/** A cluster that holds these objects and lets nobody scale anything. */
export const clusterOf = (objects: Partial<Record<KubernetesList, readonly Json[]>>): Kubernetes => ({
  name: 'homelab',
  list: async (what) => objects[what] ?? [],
  get: async (what, namespace, name) =>
    (objects[what] ?? []).find((object) => {
      const { metadata } = object as { metadata: { namespace?: string; name: string } };
      return metadata.name === name && (metadata.namespace ?? '') === namespace;
    }),
  scale: async () => {
    throw new Error('this cluster is only looked at');
  },
});
