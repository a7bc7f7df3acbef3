// The listener as a process beside us, and its words.
import { Fault } from '../fault.ts';
import type { Argv, Machine } from '../machines/machine.ts';
import { type Listener, type Path, type RescanReason, rescanReasons } from '../model/change-journal.ts';
import { pathOfBytes } from '../model/change-record.ts';
import { type Instant, instantAt } from '../values/instant.ts';
import { mebibytes, type Size } from '../values/size.ts';
import { cut, shown } from '../values/text.ts';
import { listenerScript } from './listener/script.ts';

export type Heard =
  | Readonly<{ what: 'changed' | 'removed'; path: Path; folder: boolean }>
  /** written to, and open still */
  | Readonly<{ what: 'written'; path: Path }>
  | Readonly<{ what: 'renamed'; path: Path; to: Path; folder: boolean }>
  | Readonly<{ what: 'rescan'; path: Path; why: RescanReason }>
  | Readonly<{ what: 'lost' }>
  | Readonly<{ what: 'here'; listener: Listener; place: string; disk: string; watches: number }>
  | Readonly<{ what: 'away'; says: string }>
  /** all that happened before has been said */
  | Readonly<{ what: 'complete'; before: Instant; watches: number }>
  | Readonly<{ what: 'unwatchable'; path: Path; says: string }>
  | Readonly<{ what: 'ends'; code: string; says: string }>;

/** How many words follow each letter. */
const words = { C: 2, M: 2, D: 2, R: 3, S: 2, O: 0, H: 4, A: 1, T: 2, U: 2, E: 2 } as const;
type Letter = keyof typeof words;

export type Listening = Readonly<{
  machine: Machine;
  folder: string;
  kind: Listener | 'any';
  /** what the folder must be; '' where that is not known yet */
  place: string;
  excluded: readonly string[];
  signal: AbortSignal;
}>;

/** What waits in the listener: once for what it heard, once for what it says. A burst of some 300,000 files. */
const roomInListener = mebibytes(32);

export const listenerCommand = (
  { folder, kind, place, excluded }: Pick<Listening, 'folder' | 'kind' | 'place' | 'excluded'>,
  room: Size = roomInListener,
): Argv => ['perl', '-e', listenerScript, folder, kind, place, String(room), ...excluded];

/** What is heard, a portion at a time; ends only by throwing. */
export async function* listen(listening: Listening): AsyncGenerator<readonly Heard[]> {
  const { machine, folder, signal } = listening;
  const { stdout, ended } = machine.stream(listenerCommand(listening), { signal });
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stdout) {
    const { heard, left } = heardIn(rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]));
    rest = left;
    yield heard;
  }
  const { exitCode, stderr } = await ended;
  throw new Fault('listener-ended', {
    where: folder,
    says: `what listens to the kernel ended with ${exitCode}: ${cut(shown(stderr.trim()), 300)}`,
    remedy:
      'it is started again, and what changed meanwhile is looked for; should it go on ending, report it with these words',
  });
}

export function heardIn(bytes: Buffer): Readonly<{ heard: readonly Heard[]; left: Buffer }> {
  const heard: Heard[] = [];
  let from = 0;
  for (;;) {
    const taken = wordsFrom(bytes, from);
    if (taken === undefined) return { heard, left: Buffer.from(bytes.subarray(from)) };
    from = taken.next;
    heard.push(understood(taken.letter, taken.said));
  }
}

type Taken = Readonly<{ letter: Letter; said: readonly Path[]; next: number }>;

function wordsFrom(bytes: Buffer, from: number): Taken | undefined {
  const letter = String.fromCharCode(bytes[from] ?? 0);
  if (letter === '\0' && from >= bytes.length) return undefined;
  if (!isLetter(letter)) throw new Error(`the listener said ${JSON.stringify(letter)}, which nobody understands`);
  const said: Path[] = [];
  let at = from + 2;
  for (let left = words[letter]; left > 0; left -= 1) {
    const end = bytes.indexOf(0, at);
    if (end === -1) return undefined;
    said.push(pathOfBytes(bytes.subarray(at, end)));
    at = end + 1;
  }
  return at > bytes.length ? undefined : { letter, said, next: at };
}

const isLetter = (text: string): text is Letter => text in words;

function understood(letter: Letter, [one = '', two = '', three = '', four = '']: readonly string[]): Heard {
  switch (letter) {
    case 'C':
      return { what: 'changed', path: one, folder: two === '1' };
    case 'M':
      return { what: 'written', path: one };
    case 'D':
      return { what: 'removed', path: one, folder: two === '1' };
    case 'R':
      return { what: 'renamed', path: one, to: two, folder: three === '1' };
    case 'S':
      return { what: 'rescan', path: one, why: reasonOf(two) };
    case 'O':
      return { what: 'lost' };
    case 'H':
      return {
        what: 'here',
        listener: one === 'fanotify' ? one : 'inotify',
        place: two,
        disk: three,
        watches: Number(four),
      };
    case 'A':
      return { what: 'away', says: one };
    case 'T':
      return { what: 'complete', before: instantAt(Number(one) * 1000), watches: Number(two) };
    case 'U':
      return { what: 'unwatchable', path: one, says: two };
    case 'E':
      return { what: 'ends', code: one, says: two };
  }
}

function reasonOf(word: string): RescanReason {
  if (word in rescanReasons) return word as RescanReason;
  throw new Error(`the listener gave ${JSON.stringify(word)} for a reason`);
}
