// The kinds of objects this cluster has, with kubectl's names for them.
import { Refused } from './refused.ts';

export type Resource = Readonly<{
  plural: string;
  singular: string;
  short: string;
  kind: string;
  group: string;
  version: string;
  namespaced: boolean;
}>;

const rows = [
  ['persistentvolumes', 'persistentvolume', 'pv', 'PersistentVolume', '', 'v1', false],
  ['persistentvolumeclaims', 'persistentvolumeclaim', 'pvc', 'PersistentVolumeClaim', '', 'v1', true],
  ['pods', 'pod', 'po', 'Pod', '', 'v1', true],
  ['secrets', 'secret', 'secret', 'Secret', '', 'v1', true],
  ['namespaces', 'namespace', 'ns', 'Namespace', '', 'v1', false],
  ['nodes', 'node', 'no', 'Node', '', 'v1', false],
  ['statefulsets', 'statefulset', 'sts', 'StatefulSet', 'apps', 'v1', true],
  ['deployments', 'deployment', 'deploy', 'Deployment', 'apps', 'v1', true],
  ['daemonsets', 'daemonset', 'ds', 'DaemonSet', 'apps', 'v1', true],
  ['replicasets', 'replicaset', 'rs', 'ReplicaSet', 'apps', 'v1', true],
  ['jobs', 'job', 'job', 'Job', 'batch', 'v1', true],
  ['cronjobs', 'cronjob', 'cj', 'CronJob', 'batch', 'v1', true],
  ['horizontalpodautoscalers', 'horizontalpodautoscaler', 'hpa', 'HorizontalPodAutoscaler', 'autoscaling', 'v2', true],
  ['volumeattachments', 'volumeattachment', 'volumeattachment', 'VolumeAttachment', 'storage.k8s.io', 'v1', false],
  ['storageclasses', 'storageclass', 'sc', 'StorageClass', 'storage.k8s.io', 'v1', false],
] as const;

const resources: readonly Resource[] = rows.map(([plural, singular, short, kind, group, version, namespaced]) => ({
  plural,
  singular,
  short,
  kind,
  group,
  version,
  namespaced,
}));

export const apiVersionOf = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`);
/** As messages of the server name it: `statefulsets.apps`. */
export const groupedPlural = ({ plural, group }: Resource): string => (group === '' ? plural : `${plural}.${group}`);
/** As `-o name` and `scaled` name it: `statefulset.apps`. */
export const groupedSingular = ({ singular, group }: Resource): string =>
  group === '' ? singular : `${singular}.${group}`;

/** By any of the names that kubectl takes: `statefulsets`, `statefulset`, `sts`, `StatefulSet`, `statefulsets.apps`. */
export function resourceNamed(name: string): Resource {
  const [first = '', ...group] = name.toLowerCase().split('.');
  const found = resources.find(
    (one) =>
      [one.plural, one.singular, one.short].includes(first) &&
      (group.length === 0 || [one.group, `${one.version}.${one.group}`].includes(group.join('.'))),
  );
  if (found === undefined) throw new Refused(`error: the server doesn't have a resource type "${name}"`);
  return found;
}

export function resourceOfKind(kind: string): Resource {
  const found = resources.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`this cluster has no objects of the kind ${kind}`);
  return found;
}
