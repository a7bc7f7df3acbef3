// S0's estate, as `examples/s0` has it, with the lab's addresses.
import { hosts, pbsText, pveText, type World } from './world.ts';

export function s0(world: World): string {
  const { port, fingerprint } = world.at('pbs-pihanga');
  const storages = hosts.map(
    (host) => `  - name: pbs-pihanga
    server: 127.0.0.1
    port: ${port}
    datastore: pbs-datastore
    namespace: ${host}
    username: backup@pbs!pve
    password: { file: secrets/backup.token }
    fingerprint: "${fingerprint}"
    prune_backups: { keep_all: 1 }
    on: [${host}]
`,
  );
  return `${s0Pbs(world)}pbs_storages:
${storages.join('')}backup_jobs:
  - { name: nightly, on: [ruapehu, hikurangi], schedule: "02:00", select: all, storage: pbs-pihanga, mode: snapshot, compress: zstd, repeat_missed: true }
  - { name: nightly, on: [pihanga], schedule: "02:00", select: { all_but: [101] }, storage: pbs-pihanga, mode: snapshot, compress: zstd, repeat_missed: true }
exclusions:
  - { subject: vm/101, reason: "the PBS itself; its configuration is kept beside it", owner: anna, review_by: 2027-06-30 }
`;
}

const s0Pbs = (world: World): string => `estate: s0
time_zone: UTC
places:
  - { site: home, hosts: [ruapehu, pihanga, hikurangi, truenas] }
${pveText(world, hosts)}pbs:
${pbsText(
  world,
  'pbs-pihanga',
  `runs_on: { pve: pihanga, guest: 101 }
datastores:
  - name: pbs-datastore
    path: /mnt/pbs-datastore
    stored_on: truenas
    gc: daily
    namespaces: [ruapehu, pihanga, hikurangi]
    prune: { schedule: "03:30", keep_daily: 7, keep_monthly: 3, keep_yearly: 1 }
    verify: { schedule: "sat 18:15", again_after: 30d }
users:
  - { id: backup@pbs, comment: writes the backups of the hosts }
tokens:
  - { id: "backup@pbs!pve", comment: writes the backups of the hosts, save_to: { file: secrets/backup.token } }
acl:
  - { path: /datastore/pbs-datastore, role: DatastoreBackup, for: [backup@pbs, "backup@pbs!pve"] }`,
)}`;
