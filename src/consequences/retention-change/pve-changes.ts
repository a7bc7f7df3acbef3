// Storages and backup jobs of PVE whose retention changes: PVE prunes a guest's backups right after each new one, by the job's
// word, else by the storage's (facts: pve-api section 3).
import type { Look } from '../../contracts/consequence.ts';
import type { GuestSeen } from '../../model/fact-types.ts';
import type { Step } from '../../model/step.ts';
import { compareKeep, type Keep } from '../../values/retention.ts';
import { type Configured, configured, textOf } from '../compare/configured.ts';
import { isYetToBeMade } from '../compare/datastores.ts';
import { keepIn, prunesBy } from '../compare/policies.ts';
import { takes } from '../compare/selection.ts';
import { isEnabled, keyOf, type Storages, storagesOf, type Target } from '../compare/storages.ts';

export type PveChange = Readonly<{
  step: Step;
  server: string;
  /** undefined where the storage leads to no PBS of the estate */
  target: Target | undefined;
  /** nothing is there yet that could be removed */
  isEmpty: boolean;
  /** what was kept there until now; undefined: everything */
  until: Keep | undefined;
  /** undefined: each node's /etc/vzdump.conf decides, since nothing else does any more */
  keep: Keep | undefined;
  /** after whose backup it is pruned */
  when: string;
  concerns(guest: GuestSeen): boolean;
}>;

type Changing = Omit<PveChange, 'isEmpty'>;

export function pveChanges(look: Look): readonly PveChange[] {
  const isEmpty = isYetToBeMade(look);
  const jobs = configured(look, 'pve-backup-job');
  const storages = storagesOf(look);
  const byStorage = Map.groupBy(
    jobs.filter(({ after }) => isEnabled(after)),
    ({ server, after }) => `${server} ${textOf(after?.['storage'])}`,
  );
  const changes = [
    ...storages.all.flatMap((one) => ofStorage(storages, one, byStorage.get(`${one.server} ${one.name}`) ?? [])),
    ...jobs.flatMap((one) => ofJob(storages, one)),
  ];
  return changes.map((one) => ({ ...one, isEmpty: one.target !== undefined && isEmpty(one.target) }));
}

function ofStorage(storages: Storages, storage: Configured, jobs: readonly Configured[]): readonly Changing[] {
  const { step, server, name, before, after } = storage;
  if (step === undefined || !isEnabled(after)) return [];
  const target = storages.targetOf(storage, after);
  const until = sameTarget(storages.targetOf(storage, before), target) ? prunesBy(undefined, before) : undefined;
  const keep = prunesBy(undefined, after);
  if (isSame(until, keep) || (keep === undefined && keepIn(after['prune_backups']) !== undefined)) return [];
  // A job that says itself what is kept does not ask the storage.
  const own = jobs.flatMap(({ after: job }) =>
    job !== undefined && keepIn(job['prune_backups']) === undefined && job['remove'] !== false ? [job] : [],
  );
  if (jobs.length > 0 && own.length === 0) return [];
  const when = `right after a guest's next backup to ${name}`;
  const concerns = (guest: GuestSeen): boolean => own.length === 0 || own.some((job) => takes(job, guest));
  return [{ step, server, target, until, keep, when, concerns }];
}

function ofJob(storages: Storages, { step, server, name, before, after }: Configured): readonly Changing[] {
  if (step === undefined || !isEnabled(after) || keepIn(after['prune_backups']) === undefined) return [];
  const storage = storages.named(server, after['storage']);
  const keep = prunesBy(after, storage?.after);
  // Another storage is another place, of which this job removed nothing until now.
  const samePlace = isEnabled(before) && textOf(before['storage']) === textOf(after['storage']);
  const until = samePlace ? prunesBy(before, storage?.before) : undefined;
  if (keep === undefined || isSame(until, keep)) return [];
  const target = storages.targetOf(storage, storage?.after);
  const when = `right after a guest's next backup by ${name}`;
  return [{ step, server, target, until, keep, when, concerns: (guest) => takes(after, guest) }];
}

const sameTarget = (one: Target | undefined, other: Target | undefined): boolean =>
  one !== undefined && other !== undefined && keyOf(one) === keyOf(other);

const isSame = (one: Keep | undefined, other: Keep | undefined): boolean =>
  one === undefined || other === undefined ? one === other : compareKeep(one, other) === 'same';
