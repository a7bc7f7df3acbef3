// Every fault the lab can be told to have. `at` says where in the way of a request it bites.

export type FaultSpot =
  | 'listener'
  | 'state'
  | 'request'
  | 'chunk-store'
  | 'answer'
  | 'before-write'
  | 'write'
  | 'task'
  | 'host';
type Described = Readonly<{ at: FaultSpot; on: readonly ('pve' | 'pbs' | 'host')[]; means: string }>;
const both = ['pve', 'pbs'] as const;

export const faultCatalogue = {
  down: { at: 'listener', on: both, means: 'the port is closed: connections are refused' },
  'certificate-changed': { at: 'listener', on: both, means: 'another certificate is shown from now on' },
  reset: { at: 'request', on: both, means: 'the connection is cut when the request is read; nothing is carried out' },
  slow: { at: 'request', on: both, means: 'the answer waits `milliseconds`, or without them never comes' },
  html: { at: 'request', on: both, means: 'a page of some proxy answers with 200; nothing is carried out' },
  'huge-body': { at: 'request', on: both, means: 'an answer of `bytes` bytes (10 GB) streams out' },
  unauthorized: { at: 'request', on: both, means: '401, as after a token was revoked' },
  forbidden: { at: 'request', on: both, means: '403, as after a role was taken away' },
  'error-500': { at: 'request', on: both, means: '500 with a text that says nothing' },
  'start-storm': {
    at: 'request',
    on: both,
    means: 'overloaded: every other request is refused (595 on PVE, a reset on PBS), the rest is never answered',
  },
  'stale-nfs': {
    at: 'chunk-store',
    on: ['pbs'],
    means:
      'the disk of a datastore went away beneath the service: every backup and every look into it is refused, until the services are restarted',
  },
  'full-datastore': { at: 'state', on: ['pbs'], means: 'a datastore is full: backups break off halfway' },
  'failed-verify': {
    at: 'state',
    on: ['pbs'],
    means: 'a chunk of the newest snapshot has rotted, and a verification has just found it',
  },
  'page-cache-memory': {
    at: 'state',
    on: ['pve'],
    means: 'a VM shows 96% of its memory as used, all of it page cache: the guest itself is idle',
  },
  'forwarder-596': { at: 'request', on: ['pve'], means: '596: the node that was asked cannot speak TLS with the next' },
  'half-body': { at: 'answer', on: both, means: 'the request is carried out, the answer breaks off half-way' },
  'answer-lost': {
    at: 'answer',
    on: both,
    means: 'the request is carried out, the connection is cut before the answer',
  },
  'foreign-change': {
    at: 'before-write',
    on: both,
    means: 'just before the next write somebody else changes that config file: its digest and a value in it are new',
  },
  'lock-timeout': {
    at: 'write',
    on: both,
    means: 'the config file stays locked by somebody else: "got lock request timeout"',
  },
  'no-quorum': { at: 'write', on: ['pve'], means: 'config files cannot be written: "no quorum!"' },
  'task-never-ends': { at: 'task', on: both, means: 'the next task starts and makes no progress until it is stopped' },
  'pool-full': {
    at: 'host',
    on: ['host'],
    means: 'the thin pool holds 93 % of its data, or as `object` says, 84 % of its `metadata`',
  },
  'cluster-down': { at: 'host', on: ['host'], means: 'the API of the cluster refuses connections' },
  'bad-volume': { at: 'host', on: ['host'], means: 'no snapshot can be taken of the volume of a claim: an I/O error' },
  'pods-not-ready': { at: 'host', on: ['host'], means: 'pods start, and are never ready, in the namespace of a claim' },
  'task-fails': { at: 'task', on: both, means: 'the next task ends with an error' },
} as const satisfies Readonly<Record<string, Described>>;

export type FaultName = keyof typeof faultCatalogue;
export const faultNames = Object.keys(faultCatalogue) as readonly FaultName[];
export const isFaultName = (name: string): name is FaultName => Object.hasOwn(faultCatalogue, name);
