// All dumps of one run, one after the other. One that fails is missing and named; the others are worth having.
import type { StepContext } from '../../../contracts/step-kind.ts';
import { asFault } from '../../../fault.ts';
import type { Part } from '../../../model/restore-point.ts';
import { cut } from '../../../values/text.ts';
import type { PointPlace } from '../points/sealing.ts';
import type { Dumps, Item, ItemFacts, Session } from './dump.ts';
import type { DumpEntry } from './entry.ts';
import { stored } from './stored.ts';
import type { Missing, Taken } from './taken.ts';

export type TakenItem = Readonly<{ taken: Taken; part: Part; facts: ItemFacts }>;
export type AllTaken = Readonly<{ items: readonly TakenItem[]; missing: readonly Missing[] }>;

/** Faults of the place that everything goes to: nothing after them would fare better. */
const ofTheTarget = ['disk-full', 'no-room', 'not-encrypted', 'copy-not-verified'];

export async function takeItems<Entry extends DumpEntry>(
  { gone }: Pick<Dumps<Entry>, 'gone'>,
  session: Session,
  { entry, items }: Readonly<{ entry: Entry; items: readonly Item[] }>,
  place: PointPlace,
  context: StepContext,
): Promise<AllTaken> {
  const done: TakenItem[] = [];
  const missing: Missing[] = [];
  let lost: string | undefined;
  for (const [at, item] of items.entries()) {
    if (lost !== undefined) {
      missing.push({ name: item.name, says: lost });
      continue;
    }
    const name = `${partName(at + 1, items.length)}.${item.form}`;
    try {
      done.push(await takeItem(session, item, name, entry, place, context));
    } catch (error) {
      context.signal.throwIfAborted();
      const fault = asFault(error, item.name);
      if (ofTheTarget.includes(fault.code)) throw error;
      await removeBegun(place, name);
      missing.push({ name: item.name, says: cut(`${fault.code}: ${fault.says}`, 600) });
      context.log(`${item.name}: ${fault.code}: ${fault.says}`);
      if (gone.includes(fault.code)) lost = `not tried, since the server was gone: ${cut(fault.says, 300)}`;
    }
  }
  return { items: done, missing };
}

/** Names of databases are anybody's, names of parts become paths: which is which stands in the manifest. */
const partName = (nth: number, of: number): string => `d${String(nth).padStart(Math.max(2, String(of).length), '0')}`;

async function takeItem<Entry extends DumpEntry>(
  session: Session,
  item: Item,
  name: string,
  entry: Entry,
  { machine, partial }: PointPlace,
  context: StepContext,
): Promise<TakenItem> {
  const compress = item.packed === true ? 'none' : entry.compress;
  const recipients = entry.encrypt_to;
  const taking = await session.take(item);
  try {
    const storing = { machine, folder: partial, name, compress, recipients, what: `dumping ${item.name}` };
    const { part, bytes, sha256 } = await stored({ ...storing, expected: item.bytes }, taking.dump, context);
    const facts = await taking.facts();
    const { counts, schema, content, about } = facts;
    const taken = { name: item.name, form: item.form, part: part.name, compress, bytes, sha256, counts };
    const known = {
      ...(schema === undefined ? {} : { schema }),
      ...(content === undefined ? {} : { content }),
      ...(about === undefined ? {} : { about }),
    };
    return { taken: { ...taken, ...known }, part, facts };
  } finally {
    await taking.close();
  }
}

/** Whatever packing and encryption have put behind its name. */
async function removeBegun({ machine, partial }: PointPlace, name: string): Promise<void> {
  for (const found of (await machine.files.list(partial)) ?? [])
    if (found === name || found.startsWith(`${name}.`)) await machine.files.remove(`${partial}/${found}`);
}
