// The volumes of 3.1 and whose they are: one workload with two, a namespace that is excluded, a name that a released volume and a live
// one have, one that nobody knows, and what only looks like a volume.
import { type Estate, estateIn } from '../../test/e2e/estate.test-support.ts';
import { lookAt, type PoolLook, smallPool, volumesEstate } from '../../test/e2e/volumes.test-support.ts';
import { type Cluster, startCluster } from '../../test/pve-machine/kubectl/cluster.test-support.ts';
import { type PveMachine, startPveMachine } from '../../test/pve-machine/pve-machine.test-support.ts';

const uuid = (digit: number): string => `vm-9999-pvc-${`${digit}`.repeat(8)}-1111-4222-8333-444455556666`;
export const lvs = {
  db: uuid(1),
  library: uuid(2),
  excluded: uuid(3),
  released: uuid(4),
  live: uuid(5),
  nobodys: uuid(6),
  late: uuid(7),
} as const;
export const wanted: readonly string[] = [lvs.db, lvs.library, lvs.released, lvs.live, lvs.nobodys];

export type LvmPlace = Readonly<{
  machine: PveMachine;
  cluster: Cluster;
  look: PoolLook;
  estate: Estate;
  /** the same estate, as one that has never run */
  another(): Estate;
  stop(): Promise<void>;
}>;

/** Every kind of metadata, and names that no shell likes; the last is no UTF-8. */
const withMetadata = `chown 1234:4321 owned; chmod 4750 owned; ln owned owned-too; ln -s /etc/shadow out-of-here; mkfifo pipe
  truncate -s 20M sparse; setfattr -n user.comment -v kept plain; setfacl -m u:1234:r--,g:99:rwx plain
  touch -d 2001-02-03T04:05:06.789012345Z plain; mkdir 'a"b'; chmod 2711 'a"b'; echo x >"a\\"b/it's -rf \\$(touch x)"
  echo x >"$(printf 'new\\nline')"; echo x >"$(printf 'bad\\377name')"`;

export async function startLvmPlace(): Promise<LvmPlace> {
  const machine = await startPveMachine({ pool: smallPool });
  const cluster = startCluster();
  const { must, makeVolume } = machine;
  await makeVolume({ name: lvs.db, filesystem: 'ext4', files: { plain: 'x', owned: 'o' }, script: withMetadata });
  for (const name of [lvs.library, lvs.excluded, lvs.released, lvs.live, lvs.nobodys])
    await makeVolume({ name, filesystem: 'none', megabytes: 8 });
  // What fits the pattern, or nearly: a guest's disk, PVE's snapshot of one of ours, somebody's snapshot, a volume of another pool.
  await must(`set -e; lvcreate -qq -y -V 8M -T pve/data -n vm-100-disk-0
    lvcreate -qq -s -n snap_${lvs.db}_before pve/${lvs.db}; lvcreate -qq -s -n before-upgrade pve/${lvs.db}
    lvcreate -qq -y -L 16M --poolmetadatasize 4M --type thin-pool -n other pve
    lvcreate -qq -y -V 8M -T pve/other -n vm-9999-pvc-elsewhere`);
  const handle = (lv: string) => `homelab/pve/local-lvm/${lv}`;
  cluster.volume({ namespace: 'photos', claim: 'db', handle: handle(lvs.db) });
  cluster.volume({ namespace: 'photos', claim: 'library', handle: `local-lvm:${lvs.library}` });
  cluster.volume({ namespace: 'dbaas', claim: 'mysql', handle: handle(lvs.excluded) });
  cluster.volume({ namespace: 'wiki', claim: 'data', handle: handle(lvs.released), phase: 'Released' });
  cluster.volume({ namespace: 'wiki', claim: 'data', handle: handle(lvs.live) });
  cluster.deployment({ namespace: 'photos', name: 'photos', claims: ['db', 'library'] });
  const exclude = [{ namespace: 'dbaas', reason: 'has dumps', owner: 'ops', review_by: '2099-01-01' }];
  const made: Estate[] = [];
  const another = () => {
    const estate = estateIn(volumesEstate(machine, cluster, { exclude }), 'lvm');
    made.push(estate);
    return estate;
  };
  return {
    ...{ machine, cluster, look: lookAt(machine), estate: another(), another },
    stop: async () => {
      for (const estate of made) estate.close();
      cluster[Symbol.dispose]();
      await machine.stop();
    },
  };
}
