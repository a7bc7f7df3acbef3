// The cluster whose volumes lie on the host: filled as its owner left it, with its controllers at work between two requests.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { claims, users } from './claims.ts';
import { megabytes } from './file-system.ts';
import { attached, nameInStorage } from './kubectl/attachments.ts';
import { reconcile } from './kubectl/controller.ts';
import { fill } from './kubectl/fill.ts';
import { newCluster } from './kubectl/new-cluster.ts';
import { all, type Behaviour, withState } from './kubectl/store.ts';

export type Cluster = Readonly<{
  kubeconfig: string;
  /** the volumes that somebody uses right now, by their names in LVM */
  attached(): ReadonlySet<string>;
  change(work: (behaviour: Behaviour) => void): void;
}>;

export const lvOf = (uuid: string): string => `vm-9999-pvc-${uuid}`;

export function startCluster(folder: string, storage: string): Cluster {
  const place = join(folder, 'cluster');
  const kubeconfig = join(folder, 'kubeconfig');
  mkdirSync(place, { mode: 0o700 });
  newCluster(place, 'cluster', kubeconfig);
  withState(place, (state) => {
    for (const { namespace, claim, uuid, released } of claims) {
      const handle = `home/${storage}/local-lvm/${lvOf(uuid)}`;
      fill.volume(state, { namespace, claim, handle, name: `pvc-${uuid}`, size: `${megabytes}Mi` });
      if (released === true) fill.release(state, namespace, claim);
    }
    for (const { kind, claims: used, ...user } of users)
      fill.workload(state, kind === 'Deployment' ? 'deployments' : 'statefulsets', { ...user, claims: used });
    reconcile(state);
  });
  return {
    kubeconfig,
    attached: () =>
      withState(place, (state) => {
        reconcile(state);
        const there = all(state, 'persistentvolumes').filter((volume) => attached(state, volume) !== undefined);
        return new Set(there.map(({ spec }) => nameInStorage(spec?.csi.volumeHandle ?? '')));
      }),
    change: (work) =>
      withState(place, (state) => {
        work(state.behaviour);
        reconcile(state);
      }),
  };
}
