// A name that leads nowhere: a job for a storage that there is not, a sync job through a remote that nobody made. The servers take
// many of them without a word (facts: pve-api section 4), and the first to say so is the first night's failure.
import type { Consequence, Look } from '../contracts/consequence.ts';
import type { Fields } from '../contracts/resource.ts';
import type { Facts } from '../model/facts.ts';
import type { Note } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import type { Json } from '../values/canonical.ts';
import { answered, unknownNote } from './compare/answered.ts';
import { configured, isOf } from './compare/configured.ts';
import { unique } from './compare/words.ts';

type Reference = Readonly<{
  kind: string;
  field: string;
  /** the key within, where the field is no plain name */
  key?: string;
  /** as in a sentence */
  what: string;
  /** the kind it names */
  to: string;
  /** where the server lists all that there are, also what is no resource of ours */
  folder: string;
  id: string;
  /** what every server of its kind has */
  always?: readonly string[];
}>;

const storage = { kind: 'pve-backup-job', to: 'pve-storage', folder: 'storage', id: 'storage' } as const;
const datastore = { what: 'datastore', to: 'pbs-datastore', folder: 'config/datastore', id: 'name' } as const;
const references: readonly Reference[] = [
  { ...storage, field: 'storage', what: 'storage' },
  { ...storage, field: 'fleecing', key: 'storage', what: 'storage for fleecing' },
  { kind: 'pbs-sync-job', field: 'remote', what: 'remote', to: 'pbs-remote', folder: 'config/remote', id: 'name' },
  { kind: 'pbs-sync-job', field: 'store', ...datastore },
  { kind: 'pbs-prune-job', field: 'store', ...datastore },
  { kind: 'pbs-verify-job', field: 'store', ...datastore },
  {
    ...{ kind: 'pbs-notification-matcher', field: 'targets', what: 'target', to: 'pbs-notification-endpoint' },
    ...{ folder: 'config/notifications/targets', id: 'name', always: ['mail-to-root'] },
  },
];

type Open = Readonly<{ step: Step; server: string; reference: Reference; names: readonly string[] }>;

export const deadReference: Consequence = {
  name: 'dead-reference',
  asks: (look) =>
    openIn(look).map(({ server, reference: { folder, id } }) => ({ fact: 'names' as const, server, folder, id })),
  judge: (look, facts) => {
    const judged = openIn(look).map((open) => judgedOne(open, facts));
    return {
      notes: judged.flatMap(({ notes }) => notes),
      refuses: judged.flatMap(({ refuses }) => refuses),
    };
  },
};

/** References of steps that lead to nothing declared and nothing found: whether there is such a thing has to be asked. */
function openIn(look: Look): readonly Open[] {
  return references.flatMap((reference) => {
    const steps = look.steps.filter((step) => isOf(step, reference.kind) && step.act !== 'remove');
    if (steps.length === 0) return [];
    const known = new Set(
      configured(look, reference.to).flatMap(({ server, name, after }) =>
        after === undefined ? [] : [`${server} ${name}`],
      ),
    );
    return steps.flatMap((step): readonly Open[] => {
      const { server, fields } = step.given as unknown as Readonly<{ server: string; fields: Fields }>;
      const named = namedIn(fields[reference.field], reference.key);
      const names = named.filter(
        (name) => name !== '' && !(reference.always ?? []).includes(name) && !known.has(`${server} ${name}`),
      );
      return names.length === 0 ? [] : [{ step, server, reference, names }];
    });
  });
}

const namedIn = (value: Json | undefined, key: string | undefined): readonly string[] =>
  [(key === undefined ? value : (value as Fields | undefined)?.[key]) ?? ''].flat().map(String);

function judgedOne({ step, server, reference: { what, folder, id }, names }: Open, facts: Facts) {
  const told = answered(facts, { fact: 'names', server, folder, id });
  const none: readonly Note[] = [];
  if ('says' in told)
    return {
      notes: [unknownNote(step.subject, `whether ${server} has the ${what} ${names.join(', ')}`, told.says)],
      refuses: [],
    };
  const dead = unique(names.filter((name) => !told.answer.includes(name)));
  if (dead.length === 0) return { notes: none, refuses: [] };
  const refusal = {
    ...{ step: step.id, subject: step.subject, code: 'reference-unknown' },
    says: `its ${what} ${dead.join(', ')} is neither declared nor on ${server}`,
    remedy:
      told.answer.length === 0
        ? `declare it; ${server} has none yet`
        : `correct the name, or declare it; on ${server} there are ${[...told.answer].sort().slice(0, 8).join(', ')}`,
  };
  return { notes: none, refuses: [refusal] };
}
