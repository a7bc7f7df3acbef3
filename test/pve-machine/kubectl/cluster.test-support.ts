// A cluster for a test: its folder, its kubectl, and what the test wants of it. `startCluster()` gives an empty one with two nodes.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reconcile, setReplicas } from '../../../lab/host/kubectl/controller.ts';
import { fill, type NewVolume, type NewWorkload, type Placed } from '../../../lab/host/kubectl/fill.ts';
import { newCluster } from '../../../lab/host/kubectl/new-cluster.ts';
import type { Item, ItemOf, OwnerReference, Workload } from '../../../lab/host/kubectl/objects.ts';
import { resourceNamed } from '../../../lab/host/kubectl/resources.ts';
import {
  type Api,
  all,
  type Behaviour,
  create,
  type Delay,
  dueAfter,
  find,
  remove,
  type State,
  withState,
} from '../../../lab/host/kubectl/store.ts';
import type { KubernetesEntry } from '../../../src/model/estate.ts';

export type Asked = Readonly<{ exitCode: number; stdout: string; stderr: string }>;
export type Audited = Readonly<{ command: string; argv: readonly string[]; exitCode?: number; api?: string }>;

export interface Cluster extends Disposable {
  readonly folder: string;
  /** the executable: put its folder first in PATH, or call it by this path */
  readonly kubectl: string;
  readonly bin: string;
  readonly kubeconfig: string;
  readonly context: string;
  /** as the estate has it, for a cluster that is asked from `machine` */
  entry(machine: string): KubernetesEntry;
  /** asks it as an operator would, outside of what is tested */
  ask(...args: readonly string[]): Asked;

  /** a volume with its claim; Bound, unless told otherwise */
  volume(given: NewVolume): Placed;
  statefulSet(given: NewWorkload): void;
  deployment(given: NewWorkload): void;
  daemonSet(given: NewWorkload): void;
  job(given: NewWorkload): void;
  cronJob(given: NewWorkload & Readonly<{ schedule: string }>): void;
  pod(given: NewWorkload): void;
  autoscaler(given: Readonly<{ kind: string; namespace: string; name: string; least: number; most: number }>): void;
  /** any object, as it would be written for the API server */
  put(plural: string, item: Partial<Item> & Readonly<{ metadata: { name: string; namespace?: string } }>): void;
  take(plural: string, namespace: string | undefined, name: string): void;
  /** deletes the claim; its volume is Released, as with the reclaim policy Retain */
  release(namespace: string, claim: string): void;
  scale(kind: 'StatefulSet' | 'Deployment', namespace: string, name: string, replicas: number): void;

  one(plural: string, namespace: string | undefined, name: string): Item | undefined;
  items<Plural extends keyof ItemOf>(plural: Plural): readonly ItemOf[Plural][];
  replicas(kind: 'StatefulSet' | 'Deployment', namespace: string, name: string): number | undefined;
  audit(): readonly Audited[];

  api(state: Api): void;
  /** the API changes after that many requests: `apiAfter({ asks: 2 }, 'refused')` */
  apiAfter(delay: Delay, state: Api): void;
  /** `forbid('list', 'persistentvolumes')`, `forbid('update', 'statefulsets/scale', 'apps')`; `*` for any */
  forbid(verb: string, resource: string, namespace?: string): void;
  allowAll(): void;
  behave(change: Partial<Behaviour>): void;
  /** lets the controllers work without a request */
  tick(): void;
}

export function startCluster(name = 'homelab'): Cluster {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cluster-'));
  const bin = join(folder, 'bin');
  const files = { kubectl: join(bin, 'kubectl'), kubeconfig: join(folder, 'kubeconfig') };
  mkdirSync(bin);
  newCluster(folder, name, files.kubeconfig);
  const program = join(import.meta.dirname, 'kubectl.ts');
  const quoted = [process.execPath, '--disable-warning=ExperimentalWarning', program].map(quote).join(' ');
  writeFileSync(files.kubectl, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  chmodSync(files.kubectl, 0o755);
  return clusterAt(name, folder, bin, files);
}

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

function clusterAt(
  name: string,
  folder: string,
  bin: string,
  files: Readonly<{ kubectl: string; kubeconfig: string }>,
): Cluster {
  const look = <Result>(work: (state: State) => Result): Result => withState(folder, work);
  const change = <Result>(work: (state: State) => Result): Result =>
    look((state) => {
      const result = work(state);
      reconcile(state);
      return result;
    });
  const workload = (state: State, kind: string, namespace: string, which: string): Workload => {
    const found = find(state, resourceNamed(kind), namespace, which);
    if (found === undefined) throw new Error(`there is no ${kind} ${namespace}/${which}`);
    return found as Workload;
  };
  return {
    folder,
    bin,
    ...files,
    context: name,
    entry: (machine) => ({ name, machine, kubeconfig: files.kubeconfig, context: name }),
    ask: (...args) => {
      const ended = spawnSync(files.kubectl, ['--kubeconfig', files.kubeconfig, ...args], {
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      });
      return { exitCode: ended.status ?? 255, stdout: ended.stdout, stderr: ended.stderr };
    },
    volume: (given) => change((state) => fill.volume(state, given)),
    statefulSet: (given) => change((state) => fill.workload(state, 'statefulsets', given)),
    deployment: (given) => change((state) => fill.workload(state, 'deployments', given)),
    daemonSet: (given) => change((state) => fill.workload(state, 'daemonsets', given)),
    job: (given) => change((state) => fill.workload(state, 'jobs', given)),
    cronJob: (given) => change((state) => fill.cronJob(state, given)),
    pod: (given) => change((state) => fill.pod(state, given)),
    autoscaler: (given) => change((state) => fill.autoscaler(state, given)),
    put: (plural, { metadata: { name: own, namespace, ...given }, ...body }) =>
      change((state) => {
        const item = create(state, plural, { namespace, name: own }, body);
        item.metadata = { ...item.metadata, ...given };
      }),
    take: (plural, namespace, own) =>
      change((state) => {
        const item = find(state, resourceNamed(plural), namespace, own);
        if (item !== undefined) remove(state, plural, item);
      }),
    release: (namespace, claim) => change((state) => fill.release(state, namespace, claim)),
    scale: (kind, namespace, which, replicas) =>
      change((state) => setReplicas(state, workload(state, kind, namespace, which), replicas)),
    one: (plural, namespace, own) => look((state) => find(state, resourceNamed(plural), namespace, own)),
    items: (plural) => look((state) => all(state, plural)),
    replicas: (kind, namespace, which) => look((state) => workload(state, kind, namespace, which).spec?.replicas),
    audit: () => auditOf(folder),
    api: (api) => look((state) => void Object.assign(state.behaviour, { api })),
    apiAfter: (delay, becomes) =>
      look((state) => void Object.assign(state.behaviour, { apiLater: { due: dueAfter(state, delay), becomes } })),
    forbid: (verb, resource, namespace) =>
      look(
        (state) =>
          void state.behaviour.denied.push({ verb, resource, ...(namespace === undefined ? {} : { namespace }) }),
      ),
    allowAll: () => look((state) => void Object.assign(state.behaviour, { denied: [] })),
    behave: (behaviour) => change((state) => void Object.assign(state.behaviour, behaviour)),
    tick: () => look(reconcile),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function auditOf(folder: string): readonly Audited[] {
  const file = join(folder, 'audit.ndjson');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Audited);
}

/** An owner that is none of the cluster's own kinds: what an operator manages. */
export const customOwner = (kind: string, name: string): OwnerReference => ({
  apiVersion: 'postgresql.cnpg.io/v1',
  kind,
  name,
  uid: randomUUID(),
  controller: true,
});
