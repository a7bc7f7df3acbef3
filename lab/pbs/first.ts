// What the PBS holds when the lab starts: the leavings of a few weeks, and the logins that Holdfast and the storages use.
import { createHash } from 'node:crypto';
import { utc } from '../../src/values/time-zone.ts';
import roles from './roles.json' with { type: 'json' };
import { snapshotOf } from './snapshots.ts';
import type { BackupType, Datastore, PbsState, Snapshot } from './state.ts';

export type FirstPbs = Readonly<{
  /** epoch milliseconds */
  now: number;
  node: string;
  /** 4.2.3 without */
  version?: string;
  /** what `holdfast@pbs` and its token `ops` may do; as an auditor who manages datastores without */
  opsGrants?: readonly Grant[];
  /** other first content, list by list: `{ datastores: [...], snapshots: [] }` */
  instead?: Partial<Omit<PbsState, 'product' | 'node' | 'version' | 'instanceId'>>;
}>;
export type Grant = Readonly<{ path: string; role: string }>;

/** Enough for all that the API can configure. */
export const everyGrant: readonly Grant[] = [{ path: '/', role: 'Admin' }];
const fewGrants: readonly Grant[] = [
  { path: '/', role: 'Audit' },
  { path: '/datastore', role: 'DatastoreAdmin' },
];

const tib = 1024 ** 4;
const gib = 1024 ** 3;
const day = 86_400;

const datastores: readonly Datastore[] = [
  {
    name: 'tank',
    path: '/mnt/datastore/tank',
    comment: 'backups of both hosts',
    options: { 'gc-schedule': 'sat 05:00' },
    total: 8 * tib,
    used: Math.round(3.2 * tib),
  },
  { name: 'archive', path: '/mnt/datastore/archive', options: {}, total: 4 * tib, used: Math.round(0.4 * tib) },
];

type Row = Readonly<{ type: BackupType; id: string; gigabytes: number; daysAgo: readonly number[]; comment: string }>;
const rows: readonly Row[] = [
  { type: 'vm', id: '101', gigabytes: 32, daysAgo: [1, 2, 3, 4, 8, 15, 22, 36], comment: 'web' },
  { type: 'vm', id: '102', gigabytes: 64, daysAgo: [1, 2, 9], comment: 'database' },
  { type: 'ct', id: '110', gigabytes: 8, daysAgo: [1, 8, 15], comment: 'dns' },
];
const ofAnotherHost: Row = { type: 'host', id: 'workshop', gigabytes: 12, daysAgo: [20, 50], comment: '' };

export function firstPbsState({ now, node, version = '4.2.3', opsGrants = fewGrants, instead }: FirstPbs): PbsState {
  return {
    product: 'pbs',
    node,
    version,
    timeZone: utc,
    datastores: datastores.map((datastore) => ({ ...datastore, options: { ...datastore.options } })),
    snapshots: firstSnapshots(now),
    namespaces: [{ store: 'tank', name: 'workshop' }],
    pruneJobs: [
      {
        id: 'workshop-weekly',
        options: {
          store: 'tank',
          ns: 'workshop',
          schedule: 'sun 04:30',
          'keep-weekly': 8,
          comment: 'of the workshop, not ours',
        },
      },
    ],
    ...nothingConfigured(),
    ...aroundIt(now),
    instanceId: createHash('md5').update(node).digest('hex'),
    tasks: [],
    users: ['root@pam', 'holdfast@pbs', 'workshop@pbs'].map((id) => ({ id, enable: true, expire: 0 })),
    tokens: ['ops', 'storage'].map((name) => ({
      id: `holdfast@pbs!${name}`,
      enable: true,
      expire: Math.floor(now / 1000) + 300 * day,
    })),
    acl: [
      ...['holdfast@pbs', 'holdfast@pbs!ops'].flatMap((authId) =>
        opsGrants.map(({ path, role }) => entry(authId, path, role)),
      ),
      entry('holdfast@pbs!storage', '/datastore/tank', 'DatastoreBackup'),
      entry('workshop@pbs', '/datastore/tank/workshop', 'DatastorePowerUser'),
    ],
    roles: structuredClone(roles),
    ...(instead === undefined ? {} : structuredClone(instead)),
  };
}

const nothingConfigured = () => ({
  ...{ groupNotes: [], leftovers: [], verifyJobs: [], syncJobs: [], remotes: [], trafficRules: [], s3Clients: [] },
  ...{ encryptionKeys: [], notifications: [], metricServers: [] },
});

const services: readonly (readonly [id: string, description: string])[] = [
  ['chrony', 'chrony, an NTP client/server'],
  ['cron', 'Regular background program processing daemon'],
  ['postfix', 'Postfix Mail Transport Agent'],
  ['proxmox-backup', 'Proxmox Backup API Server'],
  ['proxmox-backup-proxy', 'Proxmox Backup API Proxy Server'],
  ['ssh', 'OpenBSD Secure Shell server'],
  ['systemd-journald', 'Journal Service'],
];

/** What is not PBS's own config: the machine, and the services elsewhere that it can reach. */
const aroundIt = (now: number) => ({
  s3Services: [{ endpoint: 's3.lab.example', buckets: [{ name: 'backups' }, { name: 'spare' }] }],
  devices: ['8f2f2d0a-3c4e-4b8e-9d1f-6a5b4c3d2e1f'],
  reachable: ['metrics.lab.example:8086', 'metrics.lab.example:8089', 'gotify.lab.example:443'],
  services: services.map(([id, description]) => ({ id, description, running: true, enabled: true })),
  journal: [
    {
      time: Math.floor(now / 1000) - 60,
      line: `${new Date(now - 60_000).toISOString().slice(0, 19)} systemd[1]: Started proxmox-backup-proxy.service - Proxmox Backup API Proxy Server.`,
    },
  ],
});

const entry = (authId: string, path: string, role: string) => ({ authId, path, role, propagate: true });

function firstSnapshots(now: number): Snapshot[] {
  const lastNight = Math.floor(now / 1000 / day) * day - day + 3 * 3600;
  const of = (row: Row, namespace: string, owner: string): Snapshot[] =>
    row.daysAgo.map((days) =>
      snapshotOf({
        store: 'tank',
        namespace,
        type: row.type,
        id: row.id,
        time: lastNight - (days - 1) * day,
        size: row.gigabytes * gib,
        owner,
        ...(row.comment === '' ? {} : { comment: row.comment }),
        protected: row.id === '101' && days === 36,
      }),
    );
  return [
    ...rows.flatMap((row) => of(row, '', 'holdfast@pbs!storage')),
    ...of(ofAnotherHost, 'workshop', 'workshop@pbs'),
  ];
}
