// Somebody else at work on the same host, past our eyes: entries of storage.cfg and jobs.cfg change.
import type { PveHost } from './host.ts';
import type { PveState } from './state.ts';

export type ConfigFile = 'storage' | 'jobs' | 'user';

/** Alters one value in that file, so that its digest is another; where there is nothing to alter, something new appears. */
export function foreignHand({ state }: PveHost, file: ConfigFile, name: string | undefined): void {
  if (file === 'storage') alterStorage(state, name);
  else if (file === 'jobs') alterJob(state, name);
  else alterRole(state, name);
}

function alterRole({ roles }: PveState, name = 'SomebodyElses'): void {
  const present = roles[name] ?? [];
  roles[name] = present.includes('Pool.Audit')
    ? present.filter((privilege) => privilege !== 'Pool.Audit')
    : [...present, 'Pool.Audit'];
}

function alterStorage(state: PveState, name: string | undefined): void {
  const found = state.storages.find(({ storage, type }) => (name === undefined ? type === 'pbs' : storage === name));
  if (found === undefined) {
    state.storages.push({
      storage: name ?? 'somebody-elses',
      type: 'dir',
      options: { path: '/mnt/new', content: 'iso' },
    });
    return;
  }
  found.options['prune-backups'] = found.options['prune-backups'] === 'keep-last=2' ? 'keep-last=3' : 'keep-last=2';
}

function alterJob(state: PveState, name: string | undefined): void {
  const found = name === undefined ? state.jobs[0] : state.jobs.find(({ id }) => id === name);
  if (found === undefined) {
    state.jobs.push({
      id: name ?? 'somebody-elses',
      options: { schedule: 'sun 04:00', enabled: 1, all: 1, storage: 'local' },
    });
    return;
  }
  found.options['comment'] = found.options['comment'] === 'changed by hand' ? 'changed again' : 'changed by hand';
}
