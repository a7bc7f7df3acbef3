// The estate of the host with a cluster's volumes, as an operator would write it: that of examples/s3, as far as the lab goes.
import type { LabHost } from '../host/host.ts';

const quoted = (path: string): string => JSON.stringify(path);

export const volumesText = ({
  name,
  bin,
  kubeconfig,
}: LabHost): string => `# A host with a Kubernetes cluster's volumes on its thin pool, simulated in the folder beside this file.
estate: house
time_zone: UTC

machines:
  # Its commands are those in that folder and no others: LVM and kubectl of the lab, never of this machine.
  - name: ${name}
    local: true
    commands_in: [${quoted(bin)}]

kubernetes:
  - { name: cluster, machine: ${name}, kubeconfig: ${quoted(kubeconfig)} }

workloads:
  - { name: cluster-volumes, description: every claim of the cluster; each is named NAMESPACE/CLAIM by itself }

layers:
  # Found by pattern: a volume that was created yesterday is in it without anybody writing it down.
  - name: volumes
    kind: lvm-thin
    machine: ${name}
    volume_group: pve
    pool: data
    volumes: vm-*-pvc-*
    kubernetes: cluster
    workload: cluster-volumes
    keep: { keep_last: 7 }
    exclude:
      - { namespace: dbaas, reason: "has dumps of its own", owner: ops, review_by: 2099-06-01 }
      - { namespace: monitoring, reason: "collected anew", owner: ops, review_by: 2099-06-01 }

schedules:
  - { job: volumes, schedule: "03:00", jitter: 5m, window: 30m, deadline: 2h }
`;
