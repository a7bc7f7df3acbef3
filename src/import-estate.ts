// connections -> everything that is there -> an estate file that declares it. What was written is read again and held against
// what was found: an import that would change something is no import.
import type { FoundOn, ResourceKind } from './contracts/resource.ts';
import { desire } from './desired/desire.ts';
import { estateText, type Sections } from './estate/estate-text.ts';
import { InvalidFile, type Problem } from './estate/problem.ts';
import { readEstate } from './estate/read.ts';
import { withFile } from './estate/with-file.ts';
import { Fault } from './fault.ts';
import type { Holdfast } from './holdfast.ts';
import { kinds } from './kinds.ts';
import { localMachine } from './machines/local.ts';
import type { Estate } from './model/estate.ts';
import type { Observed } from './model/observed.ts';
import type { Plan } from './model/plan.ts';
import { type Everything, readEverything } from './observed/read-everything.ts';
import { type Unseen, unseenBy } from './observed/sight.ts';
import { decide } from './plan/decide.ts';
import { escrowAndTransports } from './remembered.ts';
import type { Json } from './values/canonical.ts';
import { type Ref, ref } from './values/ref.ts';
import { count, shown } from './values/text.ts';

export type Imported = Readonly<{
  /** of the estate that is in the text: without `estate`, it goes by its file */
  name: string;
  text: string;
  everything: Everything;
  /** what the login may not see: it may be there, and is not in the file */
  unseen: readonly Unseen[];
  /** how many things of each kind were written */
  written: Readonly<Record<string, number>>;
  /** what the file would change, were it applied: nothing, or it is not what was found */
  wouldChange: Plan;
  /** what is Holdfast's from now on */
  subjects: readonly Ref[];
}>;

/** @param file absolute; nothing is written to it here */
export async function importEstate(holdfast: Holdfast, estate: Estate, file: string): Promise<Imported> {
  refuseDeclared(estate);
  await using world = holdfast.world(estate);
  const signal = holdfast.surroundings.stopped;
  const [everything, unseen] = await Promise.all([
    readEverything(world, estate, kinds.resources, signal),
    unseenBy(world, estate, signal),
  ]);
  const text = estateText(estate, sectionsOf(everything), file, remarksOn(everything, unseen));
  const written = await readBack(holdfast, text, file);
  const wouldChange = planOf(holdfast, written, everything);
  const { collected } = everything;
  return {
    ...{ name: written.name, text, everything, unseen, wouldChange },
    written: Object.fromEntries(
      kinds.resources.map(({ name }) => [
        name,
        collected.filter(({ resource }) => resource.name === name).reduce((sum, { found }) => sum + found.length, 0),
      ]),
    ),
    subjects: collected.flatMap(({ resource, server, found }) =>
      found.map(({ name }) => ref(resource.name, server, name)),
    ),
  };
}

/** Two hands in one file, one of them not the operator's, would be told apart by nobody. */
function refuseDeclared(estate: Estate): void {
  const { declared } = desire(estate, kinds.resources);
  const [first] = declared;
  if (first === undefined) return;
  throw new Fault('import-into-declared', {
    where: first.place,
    says: `the estate declares ${count(declared.length, 'thing')} already; import begins with one that holds only the way to the servers`,
    remedy:
      'copy `estate`, `places`, `pve` and `pbs` (without their sections) into a file of its own, and import with that',
    exit: 'invalid',
  });
}

function sectionsOf({ collected }: Everything): Sections {
  const of = (resource: ResourceKind, server?: string): readonly FoundOn[] =>
    collected
      .filter((one) => one.resource === resource && (server ?? one.server) === one.server)
      .flatMap(({ found }) => found);
  const top: Record<string, Json> = {};
  const pbs = new Map<string, Record<string, Json>>();
  const datastores = new Map<string, Map<string, Record<string, Json>>>();
  for (const resource of kinds.resources) {
    const { section } = resource;
    if (section.at === 'top') Object.assign(top, section.write(of(resource)));
    for (const server of serversOf(resource, collected)) {
      if (section.at === 'pbs') pbs.set(server, { ...pbs.get(server), ...section.write(of(resource, server)) });
      if (section.at !== 'datastore') continue;
      const here = datastores.get(server) ?? new Map<string, Record<string, Json>>();
      datastores.set(server, here);
      for (const store of storesOn(server, collected))
        here.set(store, { ...here.get(store), ...section.write(of(resource, server), store) });
    }
  }
  return { top, pbs, datastores };
}

const serversOf = ({ name }: ResourceKind, collected: Everything['collected']): readonly string[] =>
  collected.filter(({ resource }) => resource.name === name).map(({ server }) => server);

/** Those that are there, and those that a job speaks of though nobody may see them. */
function storesOn(server: string, collected: Everything['collected']): readonly string[] {
  const here = collected.filter((one) => one.server === server && one.resource.section.at === 'datastore');
  const homes = new Set(kinds.resources.map(({ within }) => within));
  const names = here.flatMap(({ resource, found }) =>
    found.map(({ name, value, within }) => (homes.has(resource.name) ? name : String(within ?? value['store'] ?? ''))),
  );
  return [...new Set(names)].filter((name) => name !== '').sort();
}

const remarksOn = ({ unread }: Everything, unseen: readonly Unseen[]): readonly string[] => [
  'What runs on these servers, as `holdfast import` found it. Planning it changes nothing.',
  'Passwords, keys and token secrets are never shown by a server: they stay as they are until you name one here.',
  ...unread.map(
    ({ resource, server, fault }) =>
      `Not in this file, for it could not be read: ${resource.title}s of ${server} (${fault.code}).`,
  ),
  ...unseen.map(
    ({ server, what, login, privilege, path }) =>
      `Perhaps not in this file: ${what} of ${server}. ${login} has no ${privilege} on ${path}, and what it may not see is in no list.`,
  ),
];

async function readBack(holdfast: Holdfast, text: string, file: string): Promise<Estate> {
  const { clock } = holdfast.surroundings;
  const { files } = localMachine({ name: 'this machine', clock });
  try {
    return await readEstate(file, { files: withFile(files, file, text), kinds });
  } catch (error) {
    if (error instanceof InvalidFile) throw notWritable(file, text, error.problems);
    throw error;
  }
}

/** Something on a server is so that no estate can declare it: there is no file whose line could be corrected. */
function notWritable(file: string, text: string, problems: readonly Problem[]): Fault {
  const lines = text.split('\n');
  const each = problems.map(
    ({ path, says, line }) => `${path}: ${says}; found: ${shown((lines[line - 1] ?? '').trim())}`,
  );
  return new Fault('import-not-declarable', {
    where: file,
    says: `what the servers hold cannot be declared as it is; nothing was written\n${each.join('\n')}`,
    remedy: 'change it on the server, in its own web page or by its command, then import again',
  });
}

function planOf(holdfast: Holdfast, estate: Estate, { collected, unread }: Everything): Plan {
  const { clock } = holdfast.surroundings;
  const at = clock.now();
  const observed: Observed = {
    at,
    versions: new Map(),
    readings: [
      ...collected.map(({ resource, server, found }) => ({ kind: resource.name, server, at, answer: { found } })),
      ...unread.map(({ resource, server, fault }) => ({ kind: resource.name, server, at, answer: { fault } })),
    ],
  };
  const { resources } = kinds;
  return decide({
    ...{ estate: estate.name, desired: desire(estate, resources), observed, resources, owned: new Set() },
    ...{ secrets: new Map(), notes: [], prune: false, ...escrowAndTransports(estate) },
  });
}
