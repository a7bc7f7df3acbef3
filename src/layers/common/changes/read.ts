// What a consumer has not acknowledged yet, read from a journal that lies on a machine. Only what the heart-beat says is on the
// disk is read. What does not fit together (a damaged line, records that are gone) becomes a look at the whole folder, from the
// time on up to which all was well.
import { join } from 'node:path';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import {
  type Acknowledged,
  type Change,
  type ChangeRecord,
  firstOf,
  type HeartBeat,
  type JournalHeader,
  journalFormat,
  journalNames,
  type Position,
} from '../../../model/change-journal.ts';
import { recordOf } from '../../../model/change-record.ts';
import { type Collapsing, collapsing } from '../../../model/collapse-changes.ts';
import { milliseconds, seconds } from '../../../values/duration.ts';
import { type Instant, instantAt, after as later } from '../../../values/instant.ts';
import { shown } from '../../../values/text.ts';
import { must } from '../commands.ts';
import { split } from '../records.ts';
import type { Changes } from './changes.ts';
import { parsed, watchOf } from './watch.ts';

export type Reading = Readonly<{
  machine: Machine;
  /** the journal's folder there */
  journal: string;
  /** of letters, digits, `.`, `_`, `-` and `:`: it names a file */
  consumer: string;
  signal: AbortSignal;
  /** at most about so many records at once; what is left comes with the next reading */
  most?: number;
}>;

const mostRecords = 1_000_000;
const limit = 1024 * 1024;
const newline = 0x0a;
/** As the tracker has it: ctimes are taken from a clock that ticks. */
const earlier = (time: Instant): Instant => later(time, milliseconds(-seconds(2)));

export async function readChanges(reading: Reading): Promise<Changes> {
  const { machine, signal } = reading;
  const header = await headerOf(reading);
  // The tracker makes room while we read: what was there a moment ago lies in another segment then.
  for (let tries = 3; ; tries -= 1) {
    const beat = await read<HeartBeat>(reading, journalNames.beat);
    if (beat?.journal !== header.id || beat.complete === undefined) throw notFollowed(reading, header.folder, beat);
    const acknowledged = await read<Acknowledged>(reading, consumerFile(reading.consumer));
    const known = acknowledged?.journal === header.id ? acknowledged : undefined;
    const from = known?.upTo ?? 0;
    try {
      const { upTo, collapsed } = await addSince(reading, { from, durable: beat.position, until: known?.until });
      const complete = upTo >= beat.position;
      return {
        ...{ journal: header.id, folder: header.folder, excluded: header.excluded },
        ...{ watch: watchOf(beat, await nowOn(machine, signal)), from, upTo, complete },
        ...{ until: complete ? beat.complete : known?.until, ...collapsed.result() },
      };
    } catch (error) {
      if (tries <= 1 || !(error instanceof Fault) || error.code !== 'file-missing') throw error;
    }
  }
}

/** The changes are carried over and verified: they need not be told again, and the journal need not keep them. */
export async function acknowledge(
  { machine, journal, consumer }: Pick<Reading, 'machine' | 'journal' | 'consumer'>,
  changes: Pick<Changes, 'journal' | 'upTo' | 'until'>,
  at: Instant,
): Promise<void> {
  const words: Acknowledged = { journal: changes.journal, consumer, upTo: changes.upTo, until: changes.until, at };
  await machine.files.write(join(journal, consumerFile(consumer)), `${JSON.stringify(words)}\n`, 0o600);
}

function consumerFile(consumer: string): string {
  if (/^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,199}$/.test(consumer)) return join(journalNames.consumers, `${consumer}.json`);
  throw new Error(`a consumer cannot be called ${JSON.stringify(consumer)}: it names a file`);
}

async function headerOf({ machine, journal }: Reading): Promise<JournalHeader> {
  const content = await machine.files.read(join(journal, journalNames.header), limit);
  if (content === undefined)
    throw new Fault('journal-missing', {
      where: `${machine.name}:${shown(journal)}`,
      says: 'no change journal is there',
      remedy: 'start `holdfast track FOLDER` on that machine, and look where it says that its journal lies',
    });
  const header = parsed<JournalHeader>(content);
  if (header?.format === journalFormat) return header;
  throw new Fault('journal-not-understood', {
    where: `${machine.name}:${shown(journal)}`,
    says: header === undefined ? 'its journal.json is damaged' : `it has the format ${header.format}`,
    remedy:
      'use the same version of Holdfast on both machines; a damaged journal is begun anew by `holdfast track --anew`',
  });
}

async function read<Read>({ machine, journal }: Reading, name: string): Promise<Read | undefined> {
  const content = await machine.files.read(join(journal, name), limit);
  return parsed<Read>(content);
}

type Since = Readonly<{
  from: Position;
  durable: Position;
  /** all before that is acknowledged */
  until: Instant | undefined;
}>;
type Reached = Readonly<{ upTo: Position; collapsed: Collapsing }>;

async function addSince(reading: Reading, { from, durable, until }: Since): Promise<Reached> {
  const collapsed = collapsing();
  const { machine, journal, signal, most = mostRecords } = reading;
  const folder = join(journal, journalNames.segments);
  const names = (await machine.files.list(folder)) ?? [];
  const firsts = names.map(firstOf);
  let [upTo, added]: [Position, number] = [from, 0];
  let whole = true;
  const add = (record: ChangeRecord): void => {
    const through = record.what === 'rescan' ? (record.through ?? record.n) : record.n;
    if (through <= from) return;
    if (record.n > upTo + 1) whole = false;
    collapsed.add(record);
    added += 1;
    if (through > upTo) upTo = through;
  };
  for (const [index, name] of names.entries()) {
    const next = firsts.slice(index + 1).find((first) => first !== undefined);
    if (firsts[index] === undefined || (next !== undefined && next <= from + 1)) continue;
    if (added >= most) break;
    for await (const line of split(machine.files.source(join(folder, name), { signal }), newline)) {
      const record = recordOf(line);
      if (record !== undefined && record.n > durable) break;
      if (record === undefined) whole = false;
      else add(record);
    }
  }
  const stopped = added >= most;
  if (!stopped && upTo < durable) {
    whole = false;
    upTo = durable;
  }
  // Nothing was acknowledged yet: whatever lies there is new to this consumer.
  if (from === 0 || !whole) collapsed.add(lookAtAll(from === 0 ? undefined : until));
  return { upTo, collapsed };
}

const lookAtAll = (since: Instant | undefined): Change => ({
  ...{ what: 'rescan', path: '', why: 'missing' },
  ...(since === undefined ? {} : { since: earlier(since) }),
});

/** Of the journal's machine: its heart-beat is by its own clock. */
async function nowOn(machine: Machine, signal: AbortSignal): Promise<Instant> {
  const { stdout } = await must(machine, ['date', '+%s'], { signal });
  return instantAt(Number(stdout) * 1000);
}

const notFollowed = ({ machine, journal }: Reading, folder: string, beat: HeartBeat | undefined): Fault =>
  new Fault('journal-not-followed', {
    where: `${machine.name}:${shown(journal)}`,
    says:
      beat === undefined
        ? `nobody followed ${shown(folder)} yet, or its heart-beat is damaged`
        : `nobody followed ${shown(folder)} yet: ${shown(beat.says)}`,
    remedy:
      'see on that machine what `holdfast track status` says, and start the tracker; the first look of it may take minutes',
  });
