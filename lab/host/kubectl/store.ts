// What the cluster holds, in one file that people can read. One process at a time works on it: the lock is SQLite's on an empty
// file, so it is gone when its process is, and a reader never sees half of a change.
import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Item, ItemOf, Metadata, OwnerReference } from './objects.ts';
import { apiVersionOf, type Resource, resourceNamed } from './resources.ts';

/** How long something takes: the number of requests that still see the state before, or wall time. */
export type Delay = Readonly<{ asks: number } | { milliseconds: number }>;
export type Due = Readonly<{ ask: number } | { at: number }>;
/** `lost`: what was asked for is done, and the answer never comes. `silent`: the server takes the request and says nothing. */
export type Api = 'up' | 'refused' | 'silent' | 'unavailable' | 'unauthorised' | 'lost';
export type Denied = Readonly<{ verb: string; resource: string; namespace?: string | undefined }>;
/** Somebody who puts a workload's replicas back: an operator, or a GitOps tool that heals. */
export type Meddler = Readonly<{ kind: string; namespace: string; name: string; replicas: number; after: Delay }>;

export type Behaviour = {
  api: Api;
  apiLater?: { due: Due; becomes: Api };
  denied: Denied[];
  podStarts: Delay;
  podLeaves: Delay;
  detaches: Delay;
  /** `NAMESPACE/POD`, or `NAMESPACE/PREFIX*` */
  staysForEver: string[];
  neverReady: string[];
  attachmentStays: string[];
  meddlers: Meddler[];
  /** called with `attach` or `detach`, the volume's handle and its name in storage, when a volume comes to a node or leaves it */
  attacher?: string[];
};

export type State = {
  server: string;
  user: string;
  nodes: string[];
  revision: number;
  asked: number;
  objects: Record<string, Item[]>;
  /** when what is under way comes to its end, by `WHAT UID` */
  due: Record<string, Due>;
  behaviour: Behaviour;
};

export function withState<Result>(folder: string, work: (state: State) => Result): Result {
  const lock = new DatabaseSync(join(folder, 'lock'), { timeout: 30_000 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    const file = join(folder, 'cluster.json');
    const before = readFileSync(file, 'utf8');
    const state = JSON.parse(before) as State;
    try {
      return work(state);
    } finally {
      const after = JSON.stringify(state, undefined, 1);
      if (after !== before) {
        writeFileSync(`${file}.new`, after);
        renameSync(`${file}.new`, file);
      }
    }
  } finally {
    lock.close();
  }
}

/** The server's audit log: who asked for what, and the answer. */
export function audit(folder: string, entry: Readonly<Record<string, unknown>>): void {
  appendFileSync(join(folder, 'audit.ndjson'), `${JSON.stringify(entry)}\n`);
}

export function all<Plural extends keyof ItemOf>(state: State, plural: Plural): ItemOf[Plural][];
export function all(state: State, plural: string): Item[];
export function all(state: State, plural: string): Item[] {
  state.objects[plural] ??= [];
  return state.objects[plural];
}

const same = (item: Item, namespace: string | undefined, name: string): boolean =>
  item.metadata.name === name && item.metadata.namespace === namespace;

export function find(state: State, resource: Resource, namespace: string | undefined, name: string): Item | undefined {
  return all(state, resource.plural).find((item) => same(item, resource.namespaced ? namespace : undefined, name));
}

export type Given = Readonly<{
  namespace?: string | undefined;
  name: string;
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
  owner?: OwnerReference | undefined;
}>;

function metadata(state: State, { namespace, name, labels, annotations, owner }: Given): Metadata {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid: randomUUID(),
    resourceVersion: String(++state.revision),
    creationTimestamp: now(),
    generation: 1,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(owner === undefined ? {} : { ownerReferences: [owner] }),
  };
}

/** Puts a new object into the cluster; one of that name is refused, as the API server does. */
export function create<One extends Item>(state: State, plural: string, given: Given, body: Partial<One>): One {
  const resource = resourceNamed(plural);
  if (find(state, resource, given.namespace, given.name) !== undefined)
    throw new Error(`${plural} "${given.name}" already exists`);
  const head = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: metadata(state, given) };
  const item = { ...head, ...body } as One;
  all(state, plural).push(item as Item);
  return item;
}

export function remove(state: State, plural: string, item: Item): void {
  state.objects[plural] = all(state, plural).filter((one) => one.metadata.uid !== item.metadata.uid);
  state.revision += 1;
}

export const touch = (state: State, item: Item): void => {
  item.metadata.resourceVersion = String(++state.revision);
};

export const ownerOf = (item: Item): OwnerReference => ({
  apiVersion: item.apiVersion,
  kind: item.kind,
  name: item.metadata.name,
  uid: item.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

export const dueAfter = (state: State, delay: Delay): Due =>
  'asks' in delay
    ? { ask: state.asked + (delay.asks === 0 ? 0 : delay.asks + 1) }
    : { at: Date.now() + delay.milliseconds };

export const isOver = (state: State, due: Due): boolean =>
  'ask' in due ? state.asked >= due.ask : Date.now() >= due.at;

/** True once the delay is over since this was first asked for this thing; it is forgotten then. */
export function passed(state: State, what: string, uid: string, delay: Delay): boolean {
  const key = `${what} ${uid}`;
  state.due[key] ??= dueAfter(state, delay);
  if (!isOver(state, state.due[key])) return false;
  delete state.due[key];
  return true;
}
