// Retention on the PVE entry and a prune job on the datastore behind it: what stays is only what both keep, and the login of
// the storage must be able to delete (facts: pve-api section 3).
import type { Consequence, Look } from '../contracts/consequence.ts';
import type { Fields } from '../contracts/resource.ts';
import type { Note } from '../model/plan.ts';
import { type Configured, configured, textOf } from './compare/configured.ts';
import { keepIn, keepText, prunes, prunesBy, reaches } from './compare/policies.ts';
import { isEnabled, labelOf, storagesOf, type Target } from './compare/storages.ts';

export const doubleRetention: Consequence = {
  name: 'double-retention',
  asks: () => [],
  judge: (look) => {
    const jobs = Map.groupBy(
      configured(look, 'pbs-prune-job').filter(({ after }) => prunes(after)),
      ({ server, after }) => `${server} ${textOf(after?.['store'])}`,
    );
    return { notes: jobs.size === 0 ? [] : twice(look, jobs) };
  },
};

function twice(look: Look, jobs: ReadonlyMap<string, readonly Configured[]>): readonly Note[] {
  const storages = storagesOf(look);
  const pruningAt = (target: Target): readonly Configured[] =>
    (jobs.get(`${target.pbs} ${target.store}`) ?? []).filter(
      ({ after }) => after !== undefined && reaches(after, target.namespace),
    );
  const of = (one: Configured, storage: Configured | undefined, job: Fields | undefined): readonly Note[] => {
    const fields = storage?.after;
    const keep = prunesBy(job, fields);
    const target = storages.targetOf(storage, fields);
    if (keep === undefined || target === undefined || !isEnabled(fields)) return [];
    const pruning = pruningAt(target);
    if (pruning.length === 0 || !(one.declared || pruning.some(({ declared }) => declared))) return [];
    const others = pruning.map(({ name, after }) => `${name} (${keepText(keepIn(after?.['keep']) ?? {})})`).join(', ');
    const says = `PVE prunes ${labelOf(target)} by ${keepText(keep)} after each backup, and so does the prune job ${others} on ${target.pbs}: only what both keep stays. Leave it to the PBS: write prune_backups: { keep_all: 1 } here, and the login needs no right to delete`;
    return [{ subject: one.subject, level: 'warning', says }];
  };
  return [
    ...storages.all.flatMap((storage) => of(storage, storage, undefined)),
    ...configured(look, 'pve-backup-job').flatMap((job) => {
      const { server, after } = job;
      // Where the job says nothing of its own, its storage was spoken of.
      if (!isEnabled(after) || keepIn(after['prune_backups']) === undefined) return [];
      return of(job, storages.named(server, after['storage']), after);
    }),
  ];
}
