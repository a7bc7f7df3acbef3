// A cluster that holds nothing yet: its state in a folder, and the kubeconfig that leads there.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kubeconfig } from './configuration.ts';
import { type Behaviour, create, type State } from './store.ts';

const user = 'system:serviceaccount:holdfast:backup';

export function newCluster(folder: string, name: string, kubeconfig: string): void {
  const state: State = {
    server: 'https://10.0.20.100:6443',
    user,
    nodes: ['k8s-node1', 'k8s-node2'],
    revision: 1000,
    asked: 0,
    objects: {},
    due: {},
    behaviour: calm(),
  };
  for (const node of state.nodes) create(state, 'nodes', { name: node }, {});
  for (const plural of ['default', 'kube-system']) create(state, 'namespaces', { name: plural }, {});
  writeFileSync(join(folder, 'cluster.json'), JSON.stringify(state));
  const text = JSON.stringify(kubeconfigOf(name, state.server, folder), undefined, 2);
  writeFileSync(kubeconfig, text, { mode: 0o600 });
}

const calm = (): Behaviour => ({
  api: 'up',
  // What no backup needs, nobody gave it.
  denied: [{ verb: '*', resource: 'secrets' }],
  podStarts: { asks: 0 },
  podLeaves: { asks: 0 },
  detaches: { asks: 0 },
  staysForEver: [],
  neverReady: [],
  attachmentStays: [],
  meddlers: [],
});

const kubeconfigOf = (name: string, server: string, folder: string): Kubeconfig => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': name,
  clusters: [{ name, cluster: { server, extensions: [{ name: 'folder', extension: { folder } }] } }],
  users: [{ name: 'backup', user: {} }],
  contexts: [{ name, context: { cluster: name, user: 'backup' } }],
});
