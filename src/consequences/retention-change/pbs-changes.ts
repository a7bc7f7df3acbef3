// Prune jobs of a PBS that this plan makes or changes so that they could remove what stayed until now.
import type { Look } from '../../contracts/consequence.ts';
import type { Fields } from '../../contracts/resource.ts';
import type { Ask } from '../../model/facts.ts';
import type { Step } from '../../model/step.ts';
import { canonical } from '../../values/canonical.ts';
import { compareKeep } from '../../values/retention.ts';
import { configured, textOf } from '../compare/configured.ts';
import { datastoresIn, namespacesIn } from '../compare/datastores.ts';
import { depthOf, keepIn, pruneJobsBy, prunes, reaches } from '../compare/policies.ts';

export type PbsChange = Readonly<{
  step: Step;
  pbs: string;
  store: string;
  job: Fields;
  /** the jobs that removed backups of that datastore until now */
  until: readonly Fields[];
  /** what is asked of each PBS about the namespaces it reaches; nothing where none is there yet */
  asks: readonly Asked[];
}>;
type Asked = Extract<Ask, { fact: 'snapshots' | 'snapshots-below' }>;

export function pbsChanges(look: Look): readonly PbsChange[] {
  const jobs = configured(look, 'pbs-prune-job');
  const touched = jobs.flatMap(({ step, before, after, server }) =>
    step !== undefined && prunes(after) && mayRemoveMore(before, after) ? [{ step, after, server }] : [],
  );
  if (touched.length === 0) return [];
  const until = pruneJobsBy(jobs, 'before');
  const namespaces = namespacesIn(look);
  const isThere = datastoresIn(look);
  return touched.map(({ step, after, server }) => {
    const store = textOf(after['store']);
    const known = isThere(server, store) ? namespaces(server, store) : [];
    const asks = known === undefined ? [below(server, store, after)] : reached(server, store, after, known);
    return { step, pbs: server, store, job: after, until: until.get(`${server} ${store}`) ?? [], asks };
  });
}

const mayRemoveMore = (before: Fields | undefined, after: Fields): boolean => {
  if (before === undefined || !prunes(before)) return true;
  const moved = ['store', 'namespace', 'max_depth'].some(
    (field) => canonical(before[field]) !== canonical(after[field]),
  );
  return moved || compareKeep(keepIn(before['keep']) ?? {}, keepIn(after['keep']) ?? {}) !== 'same';
};

function below(server: string, store: string, job: Fields): Asked {
  const [namespace, depth] = [textOf(job['namespace']), depthOf(job)];
  if (depth === 0) return { fact: 'snapshots', server, store, namespace };
  return { fact: 'snapshots-below', server, store, namespace, depth };
}

const reached = (server: string, store: string, job: Fields, namespaces: readonly string[]): readonly Asked[] =>
  namespaces
    .filter((namespace) => reaches(job, namespace))
    .map((namespace) => ({ fact: 'snapshots', server, store, namespace }));
