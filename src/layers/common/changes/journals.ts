// The journals that lie on a machine, as an operator asks for them: who follows what, since when, and who has what of it.
import { join } from 'node:path';
import type { Machine } from '../../../machines/machine.ts';
import {
  type Acknowledged,
  firstOf,
  type HeartBeat,
  type JournalHeader,
  journalNames,
  type Position,
} from '../../../model/change-journal.ts';
import type { Instant } from '../../../values/instant.ts';
import { parsed, type Watch, watchOf } from './watch.ts';

export type JournalNow = Readonly<{
  journal: string;
  folder: string;
  excluded: readonly string[];
  watch: Watch;
  listener: HeartBeat['listener'] | null;
  /** folders that are watched one by one */
  watches: number;
  /** of its last heart-beat */
  at: Instant | null;
  /** what happened before is recorded */
  complete: Instant | null;
  position: Position;
  /** bytes on the disk */
  size: number;
  consumers: readonly Readonly<{
    consumer: string;
    upTo: Position;
    /** records that it has not acknowledged */
    behind: number;
    at: Instant;
  }>[];
}>;

const limit = 1024 * 1024;

/** @param root the folder in which journals lie beside each other */
export async function journalsIn(machine: Machine, root: string, now: Instant): Promise<readonly JournalNow[]> {
  const names = (await machine.files.list(root)) ?? [];
  const found = await Promise.all(names.map((name) => journalNow(machine, join(root, name), now)));
  return found.filter((one) => one !== undefined);
}

async function journalNow(machine: Machine, journal: string, now: Instant): Promise<JournalNow | undefined> {
  const read = async <Read>(name: string) => parsed<Read>(await machine.files.read(join(journal, name), limit));
  const header = await read<JournalHeader>(journalNames.header);
  if (header === undefined) return undefined;
  const last = await read<HeartBeat>(journalNames.beat);
  const beat = last?.journal === header.id ? last : undefined;
  const watch: Watch = beat === undefined ? { state: 'silent', says: 'nobody followed it yet' } : watchOf(beat, now);
  const position = beat?.position ?? 0;
  return {
    ...{ journal, folder: header.folder, excluded: header.excluded, watch, listener: beat?.listener ?? null },
    ...{ watches: beat?.watches ?? 0, at: beat?.at ?? null, complete: beat?.complete ?? null, position },
    size: await sizeOf(machine, join(journal, journalNames.segments)),
    consumers: await consumersOf(machine, join(journal, journalNames.consumers), header.id, position),
  };
}

async function sizeOf(machine: Machine, folder: string): Promise<number> {
  const names = ((await machine.files.list(folder)) ?? []).filter((name) => firstOf(name) !== undefined);
  const infos = await Promise.all(names.map((name) => machine.files.info(join(folder, name))));
  return infos.reduce((sum, info) => sum + (info?.size ?? 0), 0);
}

async function consumersOf(machine: Machine, folder: string, id: string, position: Position) {
  const names = ((await machine.files.list(folder)) ?? []).filter((name) => /^[^.].*\.json$/.test(name));
  const read = names.map(async (name) => parsed<Acknowledged>(await machine.files.read(join(folder, name), limit)));
  return (await Promise.all(read)).flatMap((one) => {
    if (one === undefined) return [];
    // Of a journal that was begun anew it knows nothing yet.
    const upTo = one.journal === id ? one.upTo : 0;
    return [{ consumer: one.consumer, upTo, behind: Math.max(0, position - upTo), at: one.at }];
  });
}
