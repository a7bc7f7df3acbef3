// A backup session as the PBS itself sees it: one task, whichever way it ends (facts: failure-signatures F1, F2, F5).
import type { PbsHost } from '../pbs/host.ts';
import { type Past, pastOnPbs } from '../tasks/past.ts';
import { volumeTime } from './storage-content.ts';

export type Session = Readonly<{
  store: string;
  namespace: string;
  type: 'vm' | 'ct';
  id: string;
  /** of the snapshot, epoch seconds */
  time: number;
  /** the login of the storage */
  user: string;
}>;

type Ending = Pick<Past, 'exit' | 'log'>;

/** The namespace is not in the id of the task. */
export function leaveTask({ state, now }: PbsHost, session: Session, { exit, log }: Ending): void {
  const { store, type, id, time, user } = session;
  const name = `${type}/${id}/${volumeTime(time)}`;
  const startedAt = Math.min(time, Math.floor(now() / 1000));
  const began = `starting new backup on datastore '${store}' from ::ffff:127.0.0.1: "${name}"`;
  const seconds = Math.max(0, Math.floor(now() / 1000) - startedAt);
  const past = { type: 'backup', id: `${store}:${type}/${id}`, user, startedAt, seconds, exit, log: [began, ...log] };
  state.tasks.push(pastOnPbs(state.node, state.tasks.length + 1, past));
}
