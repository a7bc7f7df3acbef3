// One database from its place into a point: copied, asked whether it is sound, and where that is not to be had, kept as the bytes
// that lie there. What is weaker than promised is said of it, always.
import { join } from 'node:path';
import { copyBytes } from './bytes.ts';
import { type Checked, checkDatabase } from './check.ts';
import { type Copied, type Files, filesOf, type State } from './copied.ts';
import { deadlineFor, uriOf } from './shell.ts';
import { clear, copyingOf, pathsOf, type Taking, takeCopy } from './take.ts';

export type CopyOne = Omit<Taking, 'name'> &
  Readonly<{
    /** what its files in the point are called */
    item: string;
  }>;

/** `gone`: it was there when the folder was searched, and is no more */
export async function copyOne(one: CopyOne): Promise<Copied | 'gone'> {
  const files = filesOf(one.item);
  const taking: Taking = { ...one, name: files.database };
  if (one.found.header.is !== 'database') return keepPlain(taking, files, 'plain', one.found.header.says);
  const first = await takeAndCheck(taking);
  if (first === 'gone' || first.state === 'whole') return first;
  // Damage that a second look does not find was made on the way here, not in the source.
  const second = first.state === 'damaged' ? await again(taking) : first;
  if (second === 'gone' || second.state === 'whole' || second.state === 'unchecked') return second;
  return keepPlain(taking, files, second.state, second.says ?? '', second.checked);
}

async function again(taking: Taking): Promise<Copied | 'gone'> {
  await clear(taking);
  return takeAndCheck(taking);
}

async function takeAndCheck(taking: Taking): Promise<Copied | 'gone'> {
  const { name, into, found, machine, signal } = taking;
  const taken = await takeCopy(taking);
  if (taken === 'gone') return 'gone';
  if ('is' in taken) {
    const state: State = taken.is === 'damaged' || taken.is === 'no database' ? 'damaged' : 'plain';
    return { state, how: 'bytes', files: { database: name }, checked: undefined, says: taken.says };
  }
  const checked = await checkDatabase(
    {
      ...{ machine, access: 'read', folder: into, signal },
      // Nobody else has the copy, so it needs no locks, and no files beside it.
      database: uriOf(join(into, name), 'mode=ro&immutable=1'),
      limits: { deadline: deadlineFor(found.size) },
    },
    { rows: true },
  );
  return { state: stateOf(checked), how: taken.how, files: { database: name }, checked, says: saysOf(checked) };
}

const stateOf = ({ sound }: Checked): State => (sound === 'yes' ? 'whole' : sound === 'no' ? 'damaged' : 'unchecked');
const saysOf = ({ sound, says }: Checked): string | undefined => (sound === 'yes' ? undefined : says);

/** Main file, log and journal as they lie there: an application, or an expert, may still make something of them. */
async function keepPlain(
  taking: Taking,
  names: Required<Files>,
  state: State,
  says: string,
  checked?: Checked,
): Promise<Copied | 'gone'> {
  await clear(taking);
  const { database, log, journal } = pathsOf(taking);
  const to = (name: string) => join(taking.into, name);
  if ((await copyBytes(copyingOf(taking), database, to(names.database))) === 'gone') return 'gone';
  const logged = await copyBytes(copyingOf(taking), log, to(names.log));
  const rolled = await copyBytes(copyingOf(taking), journal, to(names.journal));
  const files = {
    database: names.database,
    ...(logged === 'copied' ? { log: names.log } : {}),
    ...(rolled === 'copied' ? { journal: names.journal } : {}),
  };
  return { state, how: 'plain bytes', files, checked, says };
}
