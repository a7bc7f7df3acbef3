// Which volumes are to be protected in one moment: those that one workload uses together.
import { type ClusterVolume, type Inventory, type WorkloadRef, workloadText } from './cluster.ts';

/** Volumes that belong together, because one workload uses them all; one that nobody uses is a group of its own. */
export type VolumeGroup = Readonly<{ volumes: readonly ClusterVolume[]; workloads: readonly WorkloadRef[] }>;

/** Each volume stands in exactly one group: two workloads that share a volume share their group. In the order of the volumes. */
export function groupsOf({ volumes }: Inventory): readonly VolumeGroup[] {
  let groups: { volumes: ClusterVolume[]; users: Map<string, WorkloadRef> }[] = [];
  for (const volume of volumes) {
    const users = new Map(volume.used_by.map((user) => [workloadText(user), user]));
    const related = groups.filter((group) => [...users.keys()].some((user) => group.users.has(user)));
    const [first] = related;
    if (first === undefined) {
      groups.push({ volumes: [volume], users });
      continue;
    }
    for (const { volumes: more, users: theirs } of related.slice(1)) {
      first.volumes.push(...more);
      for (const [text, user] of theirs) first.users.set(text, user);
    }
    first.volumes.push(volume);
    for (const [text, user] of users) first.users.set(text, user);
    groups = groups.filter((group) => group === first || !related.includes(group));
  }
  return groups.map((group) => ({ volumes: group.volumes, workloads: [...group.users.values()] }));
}
