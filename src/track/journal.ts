// The journal of one folder, as its only writer sees it.
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../fault.ts';
import {
  type Change,
  type HeartBeat,
  type JournalHeader,
  journalFormat,
  journalNames,
} from '../model/change-journal.ts';
import { holderOf, tryLock } from '../store/lock.ts';
import { makeFolder } from '../store/make-folder.ts';
import type { Instant } from '../values/instant.ts';
import type { Size } from '../values/size.ts';
import { makeRoom } from './room.ts';
import { openSegments } from './segments.ts';

export type Begin = Readonly<{
  journal: string;
  folder: string;
  excluded: readonly string[];
  process: number;
  /** a new one in place of what is there: positions of the old one mean nothing any more */
  anew: boolean;
  now: Instant;
}>;

export interface Journal extends AsyncDisposable {
  header(): JournalHeader;
  /** what the writer before said last; undefined where it never followed, or that cannot be read */
  readonly before: HeartBeat | undefined;
  add(changes: readonly Change[], at: Instant): Promise<void>;
  /** the folder is known by that from now on */
  known(where: Pick<JournalHeader, 'place' | 'disk'>): Promise<void>;
  beat(beat: Omit<HeartBeat, 'journal' | 'position' | 'process'>): Promise<void>;
  makeRoom(room: Size): Promise<void>;
}

export async function openJournal(begin: Begin): Promise<Journal> {
  const { journal } = begin;
  for (const folder of [journal, join(journal, journalNames.segments), join(journal, journalNames.consumers)])
    makeFolder(folder);
  const lock = tryLock(join(journal, 'lock'), {
    ...{ run: 'track', pid: begin.process, what: `the tracker with process id ${begin.process}` },
  });
  if (lock === undefined) throw alreadyTracked(journal);
  try {
    const found = begin.anew ? undefined : await headerIn(journal);
    let header: JournalHeader = found ?? newHeader(begin);
    // What was left out until now has changes that nobody recorded.
    const before = found === undefined ? undefined : await beatOf(journal, header.id);
    const sameWords = sameFolder(header, begin);
    if (found === undefined) await removeSegments(journal);
    if (!sameWords) header = { ...header, folder: begin.folder, excluded: begin.excluded };
    if (found === undefined || !sameWords) await writeWhole(join(journal, journalNames.header), header, true);
    const segments = await openSegments(join(journal, journalNames.segments), before?.position ?? 0);
    return {
      header: () => header,
      before: sameWords ? before : undefined,
      add: (changes, at) => segments.add(changes, at),
      known: async (where) => {
        header = { ...header, place: where.place, disk: where.disk };
        await writeWhole(join(journal, journalNames.header), header, true);
      },
      beat: (beat) =>
        writeWhole(
          join(journal, journalNames.beat),
          { ...beat, journal: header.id, position: segments.position(), process: begin.process } satisfies HeartBeat,
          false,
        ),
      makeRoom: (room) => makeRoom(journal, header.id, room),
      [Symbol.asyncDispose]: async () => {
        await segments.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

const newHeader = ({ folder, excluded, now }: Begin): JournalHeader => ({
  ...{ format: journalFormat, id: randomUUID(), folder, excluded, begun: now, place: '', disk: '' },
});

const sameFolder = (header: JournalHeader, { folder, excluded }: Begin): boolean =>
  header.folder === folder && JSON.stringify(header.excluded) === JSON.stringify(excluded);

async function headerIn(journal: string): Promise<JournalHeader | undefined> {
  const text = await textIn(join(journal, journalNames.header));
  if (text === undefined) return undefined;
  const header = parsed<JournalHeader>(text);
  if (header?.format === journalFormat) return header;
  throw new Fault('journal-unreadable', {
    where: journal,
    says: header === undefined ? 'its journal.json is damaged' : `it has the format ${header.format}`,
    remedy:
      'if a newer Holdfast wrote it, track with that one; else begin anew with --anew: all consumers then look at everything',
  });
}

async function beatOf(journal: string, id: string): Promise<HeartBeat | undefined> {
  const text = await textIn(join(journal, journalNames.beat));
  const beat = text === undefined ? undefined : parsed<HeartBeat>(text);
  return beat?.journal === id ? beat : undefined;
}

/** Undefined where a power cut left half of it. */
function parsed<Read>(text: string): Read | undefined {
  try {
    return JSON.parse(text) as Read;
  } catch {
    return undefined;
  }
}

const textIn = (path: string): Promise<string | undefined> =>
  fs.readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/** The heart-beat is not flushed: what a power cut leaves of it is older, which only makes the gap wider. */
async function writeWhole(path: string, value: JournalHeader | HeartBeat, flush: boolean): Promise<void> {
  await fs.writeFile(`${path}.new`, `${JSON.stringify(value)}\n`, { mode: 0o600, flush });
  await fs.rename(`${path}.new`, path);
}

async function removeSegments(journal: string): Promise<void> {
  const folder = join(journal, journalNames.segments);
  for (const name of await fs.readdir(folder)) await fs.rm(join(folder, name));
  await fs.rm(join(journal, journalNames.beat), { force: true });
}

const alreadyTracked = (journal: string): Fault =>
  new Fault('already-tracked', {
    where: journal,
    says: `${holderOf(join(journal, 'lock'))?.what ?? 'another tracker'} writes this journal already`,
    remedy: 'leave it to that one; `holdfast track status` shows what it does',
    exit: 'locked',
  });
