// The estate of the full lab as an operator would write it: what the seed estate's three hosts and their PBS are to be.
import { type EstateParts, hostsText, namesOf, portOf, serverText } from './estate-text.ts';

/** More than the servers hold when the lab starts, so that the first plan has changes. */
export function fullEstateText(parts: EstateParts): string {
  const [main, ...others] = parts.pbs;
  if (main === undefined) throw new Error('a lab has a PBS');
  const places = [
    { site: 'home', hosts: [...namesOf(parts.pve), main.name, 'truenas'] },
    { site: 'away', hosts: namesOf(others) },
  ];
  return `# Three PVE hosts and two PBS, simulated on this machine. More is declared here than they hold: see \`holdfast plan\`.
${hostsText(parts, places)}${serverText(main, 'pbs')}    runs_on: { pve: pihanga, guest: 101 }
    datastores:
      - name: pbs-datastore
        stored_on: truenas
        # A namespace for each host that stands alone: ruapehu and hikurangi both have a container 100.
        namespaces: [${namesOf(parts.pve).join(', ')}]
        # The PBS prunes, once a day, each host's backups by themselves. \`workshop\` is somebody else's, with a job of its own.
        prune:
${namesOf(parts.pve)
  .map(
    (name) =>
      `          - { id: nightly-${name}, namespace: ${name}, schedule: "03:30", keep_daily: 7, keep_monthly: 3, keep_yearly: 1 }`,
  )
  .join('\n')}
${others.map((one) => serverText(one, 'pbs')).join('')}
pbs_storages:
  # PVE keeps everything: its token on the PBS may write backups, and not remove any.
${namesOf(parts.pve)
  .map(
    (name) => `  - name: pbs-pihanga
    on: [${name}]
    server: 127.0.0.1
    port: ${portOf(parts)}
    datastore: pbs-datastore
    namespace: ${name}
    username: holdfast@pbs!storage
    password: { file: storage.token }
    fingerprint: "${main.fingerprint}"
    prune_backups: { keep_all: 1 }
    description: every guest of ${name}`,
  )
  .join('\n')}

backup_jobs:
  - name: nightly
    schedule: "02:00"
    select: all
    storage: pbs-pihanga
    mode: snapshot
    compress: zstd
    notes_template: "{{guestname}} on {{node}}"
`;
}
