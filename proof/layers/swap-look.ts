// What a restored volume is looked at with: everything that must be as it was where a restore leads back, in one text that can be
// compared, and what must never be left.
import { processesOf } from '../../test/e2e/estate.test-support.ts';
import { type Homelab, homelabLv } from '../../test/e2e/homelab.test-support.ts';

export const authorities = 'lvs, findmnt, dmsetup, sha256sum in the pod; cluster.json of kubectl';

/** Volumes with their UUIDs, tags and activation, what the pod has mounted and reads, and its replicas. */
export async function picture({ machine, replicas, cluster }: Homelab): Promise<string> {
  cluster.tick();
  const pod = `/var/lib/pods/${homelabLv}`;
  const seen = await machine.must(`lvs --noheadings -o lv_name,lv_uuid,lv_active,lv_tags --separator ' ' pve | sort
    findmnt -n -o TARGET,FSTYPE ${pod} || echo 'the pod has nothing mounted'
    sha256sum ${pod}/library.db`);
  return `${seen}\nreplicas ${replicas()}`;
}

/** In words; nothing where a run left nothing of its own but restore points. */
export async function leftOn({ machine }: Homelab, run: string): Promise<readonly string[]> {
  const seen = await machine.must(`lvs --noheadings -o lv_name -S 'lv_name=~^hf_.*_[con]_' pve
    lvs --noheadings -o lv_name -S 'lv_name=~^hf_ && lv_active=active' pve | sed 's/^ */active /'
    lvs --noheadings -o lv_name,lv_tags -S 'lv_name=~^hf_' pve | grep -v hf.sealed= | sed 's/^ */unsealed /' || true
    dmsetup ls | grep '^hf-' | sed 's/^/mapper /' || true
    grep -o ' /run/h[^ ]* ' /proc/mounts | sed 's/^/mount/' || true
    dmsetup info -c --noheadings -o name -S suspended=Suspended | grep ^pve | sed 's/^/suspended /' || true`);
  const there = seen.split('\n').map((line) => line.trim());
  return [...there.filter(Boolean), ...processesOf(run).map((pid) => `process ${pid}`)];
}
