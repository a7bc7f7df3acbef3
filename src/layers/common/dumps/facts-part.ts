// What was counted while the dumps were taken, table by table, as a part of the point: what comes back is compared with it.
import * as z from 'zod';
import type { StepContext } from '../../../contracts/step-kind.ts';
import type { Part } from '../../../model/restore-point.ts';
import { manifestIn } from '../points/point-proof.ts';
import type { PointPlace } from '../points/sealing.ts';
import type { DumpEntry } from './entry.ts';
import { type Opening, opened } from './opened.ts';
import { stored } from './stored.ts';
import type { TakenItem } from './take-items.ts';
import { type Taken, takenSchema } from './taken.ts';

type Tables = Readonly<Record<string, number>>;

const factsSchema = z.array(z.strictObject({ name: z.string(), tables: z.record(z.string(), z.int().nonnegative()) }));

export type WrittenFacts = Readonly<{ part: Part; taken: Taken }>;

export async function writeFacts(
  { machine, partial }: PointPlace,
  { compress, encrypt_to: recipients }: DumpEntry,
  items: readonly TakenItem[],
  context: StepContext,
): Promise<WrittenFacts> {
  const lines = async function* () {
    yield Buffer.from('[');
    for (const [at, { taken, facts }] of items.entries())
      yield Buffer.from(`${at === 0 ? '' : ','}\n${JSON.stringify({ name: taken.name, tables: facts.tables ?? {} })}`);
    yield Buffer.from('\n]\n');
  };
  const what = 'writing what was counted';
  const storing = { machine, folder: partial, name: 'facts.json', compress, recipients, what, expected: undefined };
  const { part, bytes, sha256 } = await stored(storing, lines(), context);
  return { part, taken: { name: 'facts', form: 'json', part: part.name, compress, bytes, sha256, counts: {} } };
}

/** @returns the rows of each table of one dump. @throws Fault `point-damaged` where they are not what was sealed */
export async function readFacts(
  { machine, folder, identity }: Omit<Opening, 'taken'>,
  name: string,
  context: Pick<StepContext, 'signal' | 'progress'>,
): Promise<Tables> {
  const { details } = await manifestIn(machine.files, folder);
  const taken = takenSchema.parse(details['facts']);
  const text: Buffer[] = [];
  for await (const piece of opened({ machine, folder, taken, identity }, context)) text.push(Buffer.from(piece));
  const facts = factsSchema.parse(JSON.parse(Buffer.concat(text).toString()));
  return facts.find((one) => one.name === name)?.tables ?? {};
}
