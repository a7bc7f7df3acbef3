// What is removed though things that stay declared rely on it: a datastore that storages lead to, the token they log in with,
// a remote that a sync job copies through.
import type { Consequence, Look } from '../contracts/consequence.ts';
import type { Declared } from '../contracts/resource.ts';
import type { Step } from '../model/step.ts';
import { kindOf, partsOf, plainRef, type Ref, ref } from '../values/ref.ts';
import { listed } from './compare/words.ts';

export const stillNeeded: Consequence = {
  name: 'still-needed',
  asks: () => [],
  judge: (look) => {
    const removals = look.steps.filter(({ act }) => act === 'remove');
    if (removals.length === 0) return {};
    const needing = whoNeeds(look);
    return {
      refuses: removals.flatMap((step) => refusalOf(step, needing.get(step.subject) ?? [])),
      means: removals.flatMap((step) => [...ofDatastore(step), ...ofRight(look, step)]),
    };
  },
};

type One = Look['desired']['declared'][number];
const subjectOf = ({ kind, server, name }: One): Ref => ref(kind, server, name);

function whoNeeds({ desired }: Look): ReadonlyMap<Ref, readonly Ref[]> {
  const needing = new Map<Ref, Ref[]>();
  for (const one of desired.declared)
    for (const subject of one.needs ?? []) {
      const known = needing.get(subject) ?? [];
      needing.set(subject, known);
      known.push(subjectOf(one));
    }
  return needing;
}

function refusalOf(step: Step, needing: readonly Ref[]) {
  if (needing.length === 0) return [];
  const names = listed(needing.map(plainRef), 5);
  return [
    {
      ...{ step: step.id, subject: step.subject, code: 'still-needed' },
      says: `it is no longer declared, and what is still declared needs it: ${names}`,
      remedy: 'declare it again, or take out what needs it in the same plan',
    },
  ];
}

/** The files of a datastore are never removed; that nobody can read them through the PBS any more is another matter. */
function ofDatastore({ id, subject, given }: Step) {
  if (kindOf(subject) !== 'pbs-datastore') return [];
  const { before } = given as Readonly<{ before?: Readonly<{ path?: string }> | null }>;
  const path = before?.path === undefined ? 'its folder' : before.path;
  const says = `its backups stay on the disk, in ${path}, and can be read again only once a datastore is made there (\`reuse: true\`); its namespaces are no longer known to the PBS, and jobs and rights of it stay behind`;
  return [{ step: id, says }];
}

/** A right by which a login of a declared storage may have got in. */
function ofRight({ desired }: Look, { id, subject }: Step) {
  if (kindOf(subject) !== 'pbs-acl') return [];
  const [server = '', name = ''] = partsOf(subject);
  const [, login = ''] = name.split(' ');
  const storages = desired.declared.filter(
    (one) => one.kind === 'pve-storage' && isOn(one, server) && usedBy(String(one.item['username']), login),
  );
  if (storages.length === 0) return [];
  const names = listed(
    storages.map((one) => plainRef(subjectOf(one))),
    5,
  );
  return [
    {
      step: id,
      says: `${names} ${storages.length === 1 ? 'logs' : 'log'} in as ${login} there: without this right it may see nothing any more`,
    },
  ];
}

const isOn = ({ needs = [] }: Declared, server: string): boolean =>
  needs.some((subject) => subject === ref('pbs-acl', server));
/** A token's rights are those that both it and its user have. */
const usedBy = (username: string, login: string): boolean => username === login || username.split('!')[0] === login;
