// The two estates of a lab as text, as an operator would write them.
export type LabServer = Readonly<{ name: string; product: 'pve' | 'pbs'; url: string; fingerprint: string }>;

export type EstateParts = Readonly<{ pve: readonly LabServer[]; pbs: readonly LabServer[] }>;

export const serverText = ({ name, url, fingerprint }: LabServer, realm: 'pve' | 'pbs'): string => `  - name: ${name}
    url: ${url}
    fingerprint: "${fingerprint}"
    token: { id: holdfast@${realm}!ops, secret: { file: ${name}.token } }
`;

export type PlaceText = Readonly<{ site: string; hosts: readonly string[] }>;
export const namesOf = (servers: readonly LabServer[]): readonly string[] => servers.map(({ name }) => name);

/** Down to the list of PBS, which whoever writes it fills in. */
export const hostsText = ({ pve }: EstateParts, places: readonly PlaceText[]): string => `estate: lab
time_zone: UTC

places:
${places.map(({ site, hosts }) => `  - { site: ${site}, hosts: [${hosts.join(', ')}] }\n`).join('')}
pve:
${pve.map((one) => serverText(one, 'pve')).join('')}
pbs:
`;

const connections = (parts: EstateParts): string =>
  `${hostsText(parts, [{ site: 'lab', hosts: namesOf([...parts.pve, ...parts.pbs]) }])}${parts.pbs.map((one) => serverText(one, 'pbs')).join('')}`;

/** Of the PBS that the hosts write to. */
export const portOf = ({ pbs: [main] }: EstateParts): string => (main === undefined ? '' : new URL(main.url).port);

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
    port: ${portOf(parts)}
    datastore: tank
    username: holdfast@pbs!storage
    password: { file: storage.token }
    fingerprint: "${parts.pbs[0]?.fingerprint}"
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
