// What is read of a cluster's answers (kubernetes.io/docs/reference/kubernetes-api). Whatever else stands in them is passed
// over: clusters of many versions are asked, and each adds fields.
import * as z from 'zod';
import { Fault } from '../../../fault.ts';
import type { Json } from '../../../values/canonical.ts';
import { cut, shown } from '../../../values/text.ts';

const texts = z.record(z.string(), z.string()).nullish();

const ownerReference = z.object({
  apiVersion: z.string().default(''),
  kind: z.string(),
  name: z.string(),
  controller: z.boolean().nullish(),
});
export type OwnerReference = z.infer<typeof ownerReference>;

const metadata = z.object({
  name: z.string(),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  labels: texts,
  annotations: texts,
  ownerReferences: z.array(ownerReference).nullish(),
  deletionTimestamp: z.string().nullish(),
});
export type Metadata = z.infer<typeof metadata>;

const claimReference = z.object({ namespace: z.string(), name: z.string(), uid: z.string().nullish() });

export const persistentVolume = z.object({
  metadata,
  spec: z.looseObject({
    csi: z.object({ driver: z.string(), volumeHandle: z.string() }).nullish(),
    claimRef: claimReference.nullish(),
    storageClassName: z.string().nullish(),
    volumeMode: z.string().nullish(),
    capacity: texts,
    persistentVolumeReclaimPolicy: z.string().nullish(),
  }),
  status: z.object({ phase: z.string().nullish() }).nullish(),
});
export type PersistentVolume = z.infer<typeof persistentVolume>;

export const persistentVolumeClaim = z.object({
  metadata,
  spec: z.object({ volumeName: z.string().nullish(), storageClassName: z.string().nullish() }),
  status: z.object({ phase: z.string().nullish() }).nullish(),
});
export type PersistentVolumeClaim = z.infer<typeof persistentVolumeClaim>;

const podVolume = z.object({
  name: z.string(),
  persistentVolumeClaim: z.object({ claimName: z.string() }).nullish(),
  ephemeral: z.object({}).nullish(),
});
const podSpec = z.object({ volumes: z.array(podVolume).nullish(), nodeName: z.string().nullish() });
export type PodSpec = z.infer<typeof podSpec>;

export const pod = z.object({
  metadata,
  spec: podSpec,
  status: z
    .object({
      phase: z.string().nullish(),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
    })
    .nullish(),
});
export type Pod = z.infer<typeof pod>;

const template = z.object({ spec: podSpec });
const running = z.object({ replicas: z.number().nullish(), readyReplicas: z.number().nullish() }).nullish();

/** Deployments, StatefulSets, DaemonSets, ReplicaSets and Jobs alike; a CronJob's template lies deeper. */
export const controller = z.object({
  metadata,
  spec: z.object({
    replicas: z.number().nullish(),
    template: template.nullish(),
    jobTemplate: z.object({ spec: z.object({ template }) }).nullish(),
    volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).nullish(),
  }),
  status: running,
});
export type Controller = z.infer<typeof controller>;

export const autoscaler = z.object({
  metadata,
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    minReplicas: z.number().nullish(),
    maxReplicas: z.number().nullish(),
  }),
});
export type Autoscaler = z.infer<typeof autoscaler>;

export const volumeAttachment = z.object({
  metadata,
  spec: z.object({
    nodeName: z.string(),
    source: z.object({ persistentVolumeName: z.string().nullish() }),
  }),
  status: z.object({ attached: z.boolean().nullish() }).nullish(),
});

/** @throws Fault `cluster-answer-odd` */
export function parsedAs<Shape>(schema: z.ZodType<Shape>, items: readonly Json[], cluster: string): readonly Shape[] {
  return items.map((item) => {
    const parsed = schema.safeParse(item);
    if (parsed.success) return parsed.data;
    throw new Fault('cluster-answer-odd', {
      where: cluster,
      says: cut(shown(`${nameOf(item)}: ${z.prettifyError(parsed.error).replaceAll('\n', '; ')}`), 500),
      remedy:
        'see it with `kubectl get -o json`; if Kubernetes writes it so, report it with the version of the cluster',
    });
  });
}

function nameOf(item: Json): string {
  const named = z
    .object({ metadata: z.object({ namespace: z.string().optional(), name: z.string() }) })
    .safeParse(item);
  if (!named.success) return 'an object without a name';
  const { namespace, name } = named.data.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}
