// The steps of a restore onto a server, each after the one before it. Pure.
import type { Manifest } from '../../../model/restore-point.ts';
import type { Step } from '../../../model/step.ts';
import { minutes } from '../../../values/duration.ts';
import { ref } from '../../../values/ref.ts';
import { asGiven } from '../given.ts';
import { asChosen } from '../points/expects.ts';
import { lane } from '../points/places.ts';
import type { DumpEntry } from './entry.ts';

/** What a step says to whoever agrees to it, and what only it has. */
export type Said = Pick<Step, 'id' | 'kind' | 'title' | 'because' | 'risk'> &
  Partial<Pick<Step, 'means' | 'wayBack' | 'given' | 'subject'>>;

/** What all steps of one restore are given, by which another process can go on with them. */
type Given = Readonly<{ entry: DumpEntry; points: string }>;

/** @param said in their order; the first that is no dump of what is there now relies on the point */
export function chained(said: readonly Said[], given: Given, manifest: Manifest): readonly Step[] {
  const { entry, points } = given;
  const relies = said.find(({ id }) => id !== 'safety')?.id;
  return said.map((one, at) => ({
    subject: ref('layer', entry.name),
    act: 'do',
    changes: [],
    after: said.slice(Math.max(0, at - 1), at).map(({ id }) => id),
    lanes: [`databases of ${entry.name}`, lane(points, entry.to)],
    needs: [],
    expects: one.id === relies ? [asChosen(entry, manifest)] : [],
    given: asGiven(given),
    wayBack: 'undo',
    expands: false,
    patience: minutes(60),
    ...one,
  }));
}

type Several<Database> = Readonly<{ databases: Database[]; which?: number | undefined }>;

/** For the step about one of them: of a thousand, a plan that names all in each of its steps can be neither shown nor kept. */
export const ofOne = <Given extends Several<unknown>>(given: Given, which: number): Given => ({
  ...given,
  databases: given.databases.slice(which, which + 1),
  which,
});

/** The one that the step is about, with its number; a step that is given all of them says which it means. */
export function databaseIn<Database>(
  given: Several<Database>,
  which = given.which,
): Readonly<{ database: Database; which: number }> {
  const database = given.databases[given.which === undefined ? (which ?? -1) : 0];
  if (database === undefined || which === undefined) throw new Error('a step of a restore is about no database');
  return { database, which };
}

/** What is destroyed is agreed to by its name: that of the one database, or that of the layer for several. */
export const namedBy = ({ name }: DumpEntry, databases: readonly Readonly<{ name: string }>[]): Step['subject'] => {
  const [one] = databases;
  return one !== undefined && databases.length === 1 ? ref('database', name, one.name) : ref('layer', name);
};
