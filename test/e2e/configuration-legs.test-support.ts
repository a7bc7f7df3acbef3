// Two journeys of a configuration, leg by leg: what is declared from there on, at which request of it a run is killed, and what
// the server must hold in the end. Each leg begins where the one before ended, and no two of a kind follow each other: the moment
// is told by the steps of the last run.
import type { Lab } from '../../lab/lab.ts';
import type { PbsState } from '../../lab/pbs/state.ts';
import type { PveState } from '../../lab/pve/state.ts';

export type Leg = Readonly<{
  /** the step at which it is killed */
  kind: string;
  /** the request that is held meanwhile */
  at: readonly [method: 'POST' | 'PUT' | 'DELETE', path: string];
  /** requests of the same step that are answered before the kill */
  past?: Leg['at'];
  /** what is declared beside the way to the servers */
  declares: string;
  /** what is typed after `apply --yes` */
  typed?: readonly string[];
  /** as the lab holds it; undefined where it is not there */
  thing(): object | undefined;
  /** what it is like then, in part; undefined: gone */
  becomes: object | undefined;
  /** a step of two requests: between them it is not there */
  goesAndComes?: true;
  /** who must be let in with the secret in that file of the lab */
  secret?: readonly [login: string, file: string];
}>;

export type Journey = Readonly<{ server: string; legs(lab: Lab): readonly Leg[] }>;

type Held = Pick<Leg, 'thing' | 'becomes'>;
type Rest = Omit<Leg, 'kind' | 'at' | 'declares' | 'thing' | 'becomes'>;

const leg = (kind: string, at: Leg['at'], declares: string, held: Held, rest: Rest = {}): Leg => ({
  ...{ kind, at, declares },
  ...held,
  ...rest,
});

const removing = (subject: string): Rest => ({ typed: ['--prune', '--confirm', subject] });

function stateOf<State>(lab: Lab, name: string): State {
  const server = lab.servers[name];
  if (server === undefined) throw new Error(`the lab has no server ${name}`);
  return server.state as State;
}

function onPve(lab: Lab): readonly Leg[] {
  const state = stateOf<PveState>(lab, 'ruapehu');
  const { url = '', fingerprint = '' } = lab.servers['pbs-pihanga'] ?? {};
  const storage = (more: string): string =>
    `pbs_storages: [{ name: kept, on: [ruapehu], server: 127.0.0.1, port: ${new URL(url).port}, username: holdfast@pbs!storage, password: { file: storage.token }, fingerprint: "${fingerprint}", prune_backups: { keep_all: 1 }, ${more} }]\n`;
  const entry = (name: string, schedule: string): string =>
    `{ name: ${name}, on: [ruapehu], schedule: "${schedule}", select: all, storage: old-pbs }`;
  // One job stays throughout: a file that declares nothing prunes nothing.
  const stays = entry('weekly', 'sun 12:00');
  const alone = `backup_jobs: [${stays}]\n`;
  const job = (schedule: string): string => `backup_jobs: [${stays}, ${entry('nightly', schedule)}]\n`;
  const [tank, limited] = [storage('datastore: tank'), storage('datastore: tank, max_protected_backups: 5')];
  const anew = storage('datastore: archive, max_protected_backups: 5');
  const asStorage = (becomes?: object): Held => ({
    ...{ thing: () => state.storages.find((one) => one.storage === 'kept')?.options, becomes },
  });
  const asJob = (becomes?: object): Held => ({
    thing: () => state.jobs.find(({ id }) => id === 'nightly')?.options,
    becomes,
  });
  const replaced: Rest = { typed: ['--confirm', 'pve-storage/ruapehu/kept'], goesAndComes: true };
  const removed: Leg['at'] = ['DELETE', '/storage/kept$'];
  return [
    leg('pve-storage.create', ['POST', '/storage$'], tank + alone, asStorage({ datastore: 'tank' })),
    leg('pve-storage.update', ['PUT', '/storage/kept$'], limited + alone, asStorage({ 'max-protected-backups': 5 })),
    leg('pve-backup-job.create', ['POST', '/cluster/backup$'], limited + job('02:00'), asJob({ schedule: '02:00' })),
    leg('pve-backup-job.update', ['PUT', '/backup/nightly$'], limited + job('03:00'), asJob({ schedule: '03:00' })),
    leg('pve-storage.replace', removed, anew + job('03:00'), asStorage({ datastore: 'archive' }), replaced),
    leg(
      'pve-backup-job.remove',
      ['DELETE', '/backup/nightly$'],
      anew + alone,
      asJob(),
      removing('pve-backup-job/ruapehu/nightly'),
    ),
    leg('pve-storage.replace', ['POST', '/storage$'], limited + alone, asStorage({ datastore: 'tank' }), {
      ...replaced,
      past: removed,
    }),
    leg('pve-storage.remove', removed, alone, asStorage(), removing('pve-storage/ruapehu/kept')),
  ];
}

function onPbs(lab: Lab): readonly Leg[] {
  const state = stateOf<PbsState>(lab, 'pbs-pihanga');
  const store = (more = ''): string =>
    `    datastores: [{ name: killed, path: /mnt/datastore/killed${more} }]\n    users: [{ id: holder@pbs }]\n`;
  const deep = store(', namespaces: [deep]');
  const prune = (schedule: string): string =>
    store(`, namespaces: [deep], prune: { schedule: "${schedule}", keep_daily: 7 }`);
  const token = `${prune('05:30')}    tokens: [{ id: "holder@pbs!key", save_to: { file: holder.token } }]\n`;
  const right = '    acl: [{ path: /datastore/killed, role: DatastoreAudit, for: holder@pbs }]\n';
  const sync = (schedule: string): string =>
    `${right}    sync: [{ name: copying, store: killed, remote_store: tank, schedule: "${schedule}" }]\n`;
  const job = 'holdfast-killed';
  const asPrune = (becomes?: object): Held => ({
    ...{ thing: () => state.pruneJobs.find(({ id }) => id === job)?.options, becomes },
  });
  const asSync = (becomes?: object): Held => ({
    ...{ thing: () => state.syncJobs.find(({ id }) => id === 'copying')?.options, becomes },
  });
  const made = (thing: Leg['thing'], becomes: object): Held => ({ thing, becomes });
  return [
    leg(
      ...(['pbs-datastore.create', ['POST', '/config/datastore$'], store()] as const),
      made(() => state.datastores.find(({ name }) => name === 'killed'), { path: '/mnt/datastore/killed' }),
    ),
    leg(
      ...(['pbs-namespace.create', ['POST', '/killed/namespace$'], deep] as const),
      made(() => state.namespaces.find((one) => one.store === 'killed'), { name: 'deep' }),
    ),
    leg('pbs-prune-job.create', ['POST', '/config/prune$'], prune('04:30'), asPrune({ schedule: '04:30' })),
    leg('pbs-prune-job.update', ['PUT', `/config/prune/${job}$`], prune('05:30'), asPrune({ schedule: '05:30' })),
    leg(
      ...(['pbs-token.create', ['POST', '/token/key$'], token] as const),
      made(() => state.tokens.find(({ id }) => id === 'holder@pbs!key'), { id: 'holder@pbs!key' }),
      { secret: ['holder@pbs!key', 'holder.token'] },
    ),
    leg(
      ...(['pbs-acl.create', ['PUT', '/access/acl$'], token + right] as const),
      made(() => state.acl.find(({ authId }) => authId === 'holder@pbs'), { role: 'DatastoreAudit' }),
    ),
    leg('pbs-sync-job.create', ['POST', '/config/sync$'], token + sync('06:00'), asSync({ schedule: '06:00' })),
    leg('pbs-sync-job.update', ['PUT', '/config/sync/copying$'], token + sync('07:00'), asSync({ schedule: '07:00' })),
    leg(
      ...(['pbs-prune-job.remove', ['DELETE', `/config/prune/${job}$`]] as const),
      ...([token.replace(/, prune: {.*?}/, '') + sync('07:00'), asPrune()] as const),
      removing(`pbs-prune-job/pbs-pihanga/${job}`),
    ),
  ];
}

export const journeys: readonly Journey[] = [
  { server: 'ruapehu', legs: onPve },
  { server: 'pbs-pihanga', legs: onPbs },
];
