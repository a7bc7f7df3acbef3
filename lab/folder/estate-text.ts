// The two estates of a lab as text, as an operator would write them.
export type LabServer = Readonly<{ name: string; product: 'pve' | 'pbs'; url: string; fingerprint: string }>;

export type EstateParts = Readonly<{ pve: readonly LabServer[]; pbs: LabServer }>;

const server = ({ name, url, fingerprint }: LabServer, realm: 'pve' | 'pbs'): string => `  - name: ${name}
    url: ${url}
    fingerprint: "${fingerprint}"
    token: { id: holdfast@${realm}!ops, secret: { file: ${name}.token } }
`;

const connections = ({ pve, pbs }: EstateParts): string => `estate: lab
time_zone: UTC

places:
  - { site: lab, hosts: [${[...pve, pbs].map(({ name }) => name).join(', ')}] }

pve:
${pve.map((one) => server(one, 'pve')).join('')}
pbs:
${server(pbs, 'pbs')}`;

/** Nothing but the way to each server. */
export const connectionsText = (
  parts: EstateParts,
): string => `# How the servers of the lab are reached, and nothing more.
${connections(parts)}`;

/** More than the servers hold when the lab starts, so that the first plan has changes. */
export const estateText = (
  parts: EstateParts,
): string => `# Two PVE hosts and one PBS, simulated on this machine. More is declared here than they hold: see \`holdfast plan\`.
${connections(parts)}    datastores:
      - name: tank
        # The PBS prunes, once a day. The namespaces below are somebody else's, with a prune job of their own.
        prune: { schedule: "03:30", max_depth: 0, keep_daily: 7, keep_weekly: 4, keep_monthly: 6 }

pbs_storages:
  - name: pbs-pihanga
    server: 127.0.0.1
    port: ${new URL(parts.pbs.url).port}
    datastore: tank
    username: holdfast@pbs!storage
    password: { file: storage.token }
    fingerprint: "${parts.pbs.fingerprint}"
    # PVE keeps everything: its token on the PBS may write backups, and not remove any.
    prune_backups: { keep_all: 1 }
    description: every guest of both hosts

backup_jobs:
  - name: nightly
    schedule: "02:00"
    select: all
    # The storage that both hosts have today; the new one takes over once it has proved itself.
    storage: old-pbs
    notes_template: "{{guestname}} on {{node}}"
`;
