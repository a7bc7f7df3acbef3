// A Kubernetes cluster, as far as backups need one: which volumes belong to whom, who uses them, and how many replicas run.
// The cluster's own names and shapes are kept (kubernetes.io/docs/reference/kubernetes-api); what is read is parsed by its reader.
import type { Json } from '../values/canonical.ts';

/** What is read of it, by the plural names that kubectl takes. */
export type KubernetesList =
  | 'persistentvolumes'
  | 'persistentvolumeclaims'
  | 'pods'
  | 'statefulsets'
  | 'deployments'
  | 'daemonsets'
  | 'replicasets'
  | 'jobs'
  | 'cronjobs'
  | 'horizontalpodautoscalers'
  | 'volumeattachments';

export type Scalable = 'statefulset' | 'deployment';

export interface Kubernetes {
  readonly name: string;
  /**
   * The `items` of one list, of every namespace.
   *
   * @throws Fault `cluster-unreachable` where its API does not answer, `cluster-forbidden` where these rights do not suffice
   */
  list(what: KubernetesList, signal?: AbortSignal): Promise<readonly Json[]>;
  /** one object, or undefined where there is none of that name */
  get(what: KubernetesList, namespace: string, name: string, signal?: AbortSignal): Promise<Json | undefined>;
  /**
   * Sets the number of replicas. `from` is what it must be now.
   *
   * @throws Fault `scale-changed` where somebody else has scaled it meanwhile
   */
  scale(kind: Scalable, namespace: string, name: string, to: number, from: number, signal?: AbortSignal): Promise<void>;
}
