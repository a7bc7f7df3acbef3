// What the owner of the demo's servers wants, as an estate file: first with two mistakes that are easily made, then mended.
import type { Server } from './simulated.ts';

const hosts = ['ruapehu', 'pihanga', 'hikurangi'] as const;
const policy = 'schedule: "03:30", keep_daily: 7, keep_monthly: 3, keep_yearly: 1';

/** Where the owner's wishes begin in the text; before it stands how the servers are reached. */
export const wishesBegin = '    runs_on:';
/** Where the second of its storages begins; the next ones are like the first. */
export const othersBegin = '  - name: pbs-pihanga\n    on: [pihanga]';

export function wish(server: (name: string) => Server): string {
  const pbs = server('pbs-pihanga');
  const reached = (name: string, realm: 'pve' | 'pbs'): string => `  - name: ${name}
    url: ${server(name).url}
    fingerprint: "${server(name).fingerprint}"
    token: { id: holdfast@${realm}!ops, secret: { file: ${name}.token } }
`;
  return `estate: home
time_zone: UTC
places: [{ site: home, hosts: [${hosts.join(', ')}, pbs-pihanga, truenas] }]

pve:
${hosts.map((host) => reached(host, 'pve')).join('')}
pbs:
${reached('pbs-pihanga', 'pbs')}    runs_on: { pve: pihanga, guest: 101 }     # the PBS is itself a virtual machine, on pihanga
    datastores:
      - name: pbs-datastore
        comment: on the NAS, over NFS
        stored_on: truenas
        gc: "05:00"
        namespaces: [${hosts.join(', ')}]
        prune: { ${policy} }
        verify: { schedule: "sat 18:15", again_after: 30d }

pbs_storages:
${hosts
  .map(
    (host) => `  - name: pbs-pihanga
    on: [${host}]
    server: 127.0.0.1
    port: ${new URL(pbs.url).port}
    datastore: pbs-datastore
    namespace: ${host}
    username: holdfast@pbs!storage
    password: { file: storage.token }
    fingerprint: "${pbs.fingerprint}"
    prune_backups: { keep_all: 1 }            # the PBS removes what is old; the hosts remove nothing
`,
  )
  .join('')}
backup_jobs:
  - { name: nightly, schedule: "02:00", select: all, storage: pbs-pihanga, mode: snapshot, compress: zstd }
`;
}

/** Each host's own backups are pruned, and what was there before is left alone. */
export const prunedByHost = (text: string): string =>
  replaced(
    text,
    `        prune: { ${policy} }\n`,
    `        prune:\n${hosts.map((host) => `          - { id: nightly-${host}, namespace: ${host}, ${policy} }\n`).join('')}`,
  );

/** On the host of the PBS all guests but the PBS. */
export const withoutThePbs = (text: string): string =>
  replaced(
    text,
    '  - { name: nightly, schedule: "02:00", select: all,',
    '  - { name: nightly, on: [pihanga], schedule: "02:00", select: { all_but: [101] }, storage: pbs-pihanga, mode: snapshot, compress: zstd }\n  - { name: nightly, on: [ruapehu, hikurangi], schedule: "02:00", select: all,',
  );

/** A job for the largest guest that needs a place of its own on the host meanwhile, or the same one without. */
export const withLargeGuest = (text: string, staged: boolean): string =>
  `${text.trimEnd()}\n  - { name: records, on: [ruapehu], schedule: "sun 12:00", select: { guests: [201] }, storage: pbs-pihanga${staged ? ', fleecing: { storage: thick }' : ''} }\n`;

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the estate has no ${from}`);
  return text.replace(from, to);
}
