// One volume of a workload with today's and yesterday's files: a sealed point of yesterday, and today live in a pod that has it
// mounted. LVM, file systems and LUKS are a machine's in QEMU, reached over SSH as an operator's host is; the cluster is a kubectl
// with state, whose pods really open their volumes. What is asked afterwards is asked of lvs, mount and the cluster.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attacherFor } from '../pve-machine/attacher.test-support.ts';
import { type Cluster, startCluster } from '../pve-machine/kubectl/cluster.test-support.ts';
import type { PveMachine } from '../pve-machine/pve-machine.test-support.ts';
import type { NewVolume } from '../pve-machine/volumes.test-support.ts';
import { type Estate, estateIn } from './estate.test-support.ts';

export const homelabPool = { megabytes: 2048, metadataMegabytes: 8 } as const;
export const homelabLv = 'vm-9999-pvc-0a0a0a0a-1111-4222-8333-444455556666';
const handle = `homelab/ruapehu/local-lvm/${homelabLv}`;

export type Owner = 'StatefulSet' | 'Deployment';

export type Homelab = Readonly<{
  machine: PveMachine;
  cluster: Cluster;
  estate: Estate;
  uuid(): Promise<string>;
  inPod(): Promise<string>;
  /** what the pod writes from now on */
  write(text: string): Promise<void>;
  /** names of what begins as ours does */
  names(): Promise<readonly string[]>;
  /** how many points are held because of a restore */
  held(): Promise<number>;
  suspended(): Promise<number>;
  replicas(): number | undefined;
  /** what the node does for its pods once it is on again */
  open(): void;
  close(): void;
}>;

const estateText = (machine: PveMachine, cluster: Cluster) => `
estate: homelab
machines:
  - { name: here, local: true }
  - ${JSON.stringify(machine.machineEntry('pve'))}
kubernetes: [${JSON.stringify({ ...cluster.entry('here'), kubectl: cluster.kubectl })}]
workloads: [{ name: apps }]
layers:
  - { name: volumes, kind: lvm-thin, machine: pve, workload: apps, kubernetes: homelab, keep: { keep_last: 3 }, luks_keys: [{ file: FOLDER/key }] }
`;

/** The volume and its point are made once of each kind of volume. */
export function homelabsOn(machine: PveMachine): (given?: Partial<NewVolume>, owner?: Owner) => Promise<Homelab> {
  const ready = new Set<string>();
  return async (given = {}, owner = 'StatefulSet') => {
    const name = `${given.filesystem ?? 'ext4'}${given.luks === undefined ? '' : '-luks'}`;
    if (ready.size === 0) await machine.checkpoint('empty');
    if (ready.has(name)) await machine.rollback(name);
    else {
      await machine.rollback('empty');
      await machine.makeVolume({ name: homelabLv, filesystem: 'ext4', files: { 'library.db': 'yesterday' }, ...given });
    }
    const cluster = startCluster();
    const keys: Readonly<Record<string, string>> = given.luks === undefined ? {} : { [homelabLv]: given.luks };
    const attacher = attacherFor(machine.ssh, cluster.folder, keys);
    cluster.behave({ attacher });
    cluster.volume({ namespace: 'media', claim: 'jellyfin', handle });
    const estate = estateIn(estateText(machine, cluster), 'homelab');
    writeFileSync(join(estate.folder, 'key'), given.luks ?? 'no key at all', { mode: 0o600 });
    const home = homelab(machine, cluster, estate, owner, attacher);
    if (!ready.has(name)) {
      const taken = await estate.type('run', 'volumes', '--now');
      if (taken.status !== 0) throw new Error(`there is no point of yesterday: ${taken.stdout}${taken.stderr}`);
      await machine.checkpoint(name);
      ready.add(name);
    }
    const workload = { namespace: 'media', name: 'jellyfin', replicas: 1, claims: ['jellyfin'] };
    if (owner === 'StatefulSet') cluster.statefulSet(workload);
    else cluster.deployment(workload);
    await home.write('today');
    return home;
  };
}

function homelab(
  machine: PveMachine,
  cluster: Cluster,
  estate: Estate,
  owner: Owner,
  attacher: readonly string[],
): Homelab {
  const file = `/var/lib/pods/${homelabLv}/library.db`;
  const counted = async (script: string) => Number(await machine.must(`${script} || true`));
  return {
    ...{ machine, cluster, estate },
    uuid: () => machine.must(`lvs --noheadings -o lv_uuid pve/${homelabLv} | tr -d ' '`),
    inPod: async () => (await machine.must(`mountpoint -q ${file.replace(/\/[^/]+$/, '')} && cat ${file}`)).trim(),
    write: async (text) => void (await machine.must(`echo ${text} >${file}; sync ${file}`)),
    names: async () =>
      (await machine.must("lvs --noheadings -o lv_name pve | tr -d ' '"))
        .split('\n')
        .filter((name) => name.startsWith('hf_')),
    held: () => counted("lvs --noheadings -o lv_name,lv_tags pve | grep -c 'hf.held=before'"),
    suspended: () => counted('dmsetup info -c --noheadings -o name,suspended | grep -c Suspended'),
    replicas: () => cluster.replicas(owner, 'media', 'jellyfin'),
    open: () => {
      const [program = '', ...args] = attacher;
      spawnSync(program, [...args, 'attach', handle, homelabLv], { stdio: 'ignore' });
    },
    close: () => {
      estate.close();
      cluster[Symbol.dispose]();
    },
  };
}
