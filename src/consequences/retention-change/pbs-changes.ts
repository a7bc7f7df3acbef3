// Prune jobs of a PBS that this plan makes or changes so that they could remove what stayed until now.
import type { Look } from '../../contracts/consequence.ts';
import type { Fields } from '../../contracts/resource.ts';
import type { Ask } from '../../model/facts.ts';
import type { Step } from '../../model/step.ts';
import { canonical } from '../../values/canonical.ts';
import { compareKeep } from '../../values/retention.ts';
import { configured, textOf, wasRead } from '../compare/configured.ts';
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
  const namespacesIn = namespacesOf(look);
  const isThere = datastoresOf(look);
  return touched.map(({ step, after, server }) => {
    const store = textOf(after['store']);
    const known = isThere(server, store) ? namespacesIn(server, store) : [];
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

/** What is there of a datastore, the root with it, where the plan has read that list already; else undefined. */
function namespacesOf(look: Look): (server: string, store: string) => readonly string[] | undefined {
  const kind = 'pbs-namespace';
  const listed = new Map<string, string[]>();
  const at = (server: string, store: string): string[] => {
    const key = `${server} ${store}`;
    const names = listed.get(key) ?? [''];
    listed.set(key, names);
    return names;
  };
  // One in which something is declared was read, also where nothing was found in it.
  for (const one of look.desired.declared)
    if (one.kind === kind && one.within !== undefined && wasRead(look, kind, one.server)) at(one.server, one.within);
  for (const reading of look.observed.readings)
    if (reading.kind === kind && 'found' in reading.answer)
      for (const { name, within } of reading.answer.found)
        if (within !== undefined) at(reading.server, within).push(name.slice(within.length + 1));
  return (server, store) => listed.get(`${server} ${store}`);
}

/** A datastore that is yet to be made holds nothing; where their list was not read, it may be there. */
function datastoresOf(look: Look): (server: string, store: string) => boolean {
  const lists = new Map(
    look.observed.readings.flatMap((one) =>
      one.kind === 'pbs-datastore' && 'found' in one.answer
        ? [[one.server, new Set(one.answer.found.map(({ name }) => name))] as const]
        : [],
    ),
  );
  return (server, store) => lists.get(server)?.has(store) ?? true;
}
