// Somebody else at work on the same PBS, past our eyes: an entry of a config file changes just before it is written.
import type { ConfigFile } from './config-file-names.ts';
import type { PbsHost } from './host.ts';
import type { PbsState, Section } from './state.ts';

const sectionsOf: Readonly<Record<Exclude<ConfigFile, 'datastore' | 'user' | 'acl'>, (state: PbsState) => Section[]>> =
  {
    prune: ({ pruneJobs }) => pruneJobs,
    verification: ({ verifyJobs }) => verifyJobs,
    sync: ({ syncJobs }) => syncJobs,
    remote: ({ remotes }) => remotes,
    'traffic-control': ({ trafficRules }) => trafficRules,
    s3: ({ s3Clients }) => s3Clients,
    notifications: ({ notifications }) => notifications,
    metricserver: ({ metricServers }) => metricServers,
    'encryption-keys': ({ encryptionKeys }) => encryptionKeys,
  };

/** Alters that entry of the file, or its first, so that the digest is another; where there is none, one appears. */
export function foreignHandOn({ state }: PbsHost, file: ConfigFile, name?: string): void {
  if (file === 'datastore') alterComment(pick(state.datastores, ({ name: own }) => own, name));
  else if (file === 'user') alterComment(pick([...state.users, ...state.tokens], ({ id }) => id, name));
  else if (file === 'acl') state.acl.push(...foreignGrant(state));
  else alterSection(state, file, name);
}

const pick = <Entry>(entries: readonly Entry[], idOf: (entry: Entry) => string, name?: string): Entry | undefined =>
  name === undefined ? entries[0] : entries.find((entry) => idOf(entry) === name);

const other = (text: unknown): string => (text === 'changed by hand' ? 'changed again' : 'changed by hand');

function alterComment(entry: { comment?: string } | undefined): void {
  if (entry !== undefined) entry.comment = other(entry.comment);
}

function alterSection(state: PbsState, file: keyof typeof sectionsOf, name: string | undefined): void {
  const sections = sectionsOf[file](state);
  const found = pick(sections, ({ id }) => id, name);
  if (found === undefined) sections.push(newcomer(state, file, name ?? 'somebody-elses'));
  else if (file === 's3') found.options['region'] = found.options['region'] === 'by-hand' ? 'again' : 'by-hand';
  else if (file === 'encryption-keys') found.options['hint'] = other(found.options['hint']);
  else found.options['comment'] = other(found.options['comment']);
}

function newcomer(state: PbsState, file: keyof typeof sectionsOf, id: string): Section {
  const store = state.datastores[0]?.name ?? 'tank';
  const now = 1_700_000_000;
  const first: Readonly<Record<keyof typeof sectionsOf, Omit<Section, 'id'>>> = {
    prune: { options: { store, schedule: 'sun 04:00', 'keep-last': 3 } },
    verification: { options: { store, schedule: 'sun 06:00' } },
    sync: { options: { store, remote: 'somewhere', 'remote-store': 'else', schedule: 'sun 07:00' } },
    remote: { options: { host: 'somewhere.example', 'auth-id': 'sync@pbs' } },
    'traffic-control': { options: { network: ['192.0.2.0/24'], 'rate-in': '10 MiB' } },
    s3: { options: { endpoint: 's3.example', 'access-key': 'ELSE' } },
    notifications: { type: 'sendmail', options: { mailto: ['somebody@example.com'] } },
    metricserver: { type: 'influxdb-udp', options: { host: '192.0.2.9:8089', enable: false } },
    'encryption-keys': { options: { created: now, modified: now, kdf: 'none' } },
  };
  return { id, ...first[file] };
}

/** Somebody may look at the remotes from now on, or no more. */
function foreignGrant(state: PbsState): PbsState['acl'] {
  const authId = state.users.at(-1)?.id ?? 'root@pam';
  const path = '/remote';
  const had = state.acl.findIndex((entry) => entry.authId === authId && entry.path === path);
  if (had >= 0) state.acl.splice(had, 1);
  return had >= 0 ? [] : [{ authId, path, role: 'RemoteAudit', propagate: true }];
}
