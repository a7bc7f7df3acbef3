// A folder with a tracker beside it, as its consumers see it.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Changes } from '../layers/common/changes/changes.ts';
import { acknowledge, readChanges } from '../layers/common/changes/read.ts';
import { localMachine } from '../machines/local.ts';
import type { Listener } from '../model/change-journal.ts';
import { milliseconds } from '../values/duration.ts';
import { systemClock } from '../values/instant.ts';
import { mebibytes, type Size } from '../values/size.ts';
import { track } from './track.ts';

const here = localMachine({ name: 'here', clock: systemClock });
const never = new AbortController().signal;

export type Place = Readonly<{ base: string; folder: string; journal: string }>;

export function inPlace(work: (place: Place) => Promise<void>): () => Promise<void> {
  return async () => {
    const base = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-track-')));
    try {
      const folder = join(base, 'share');
      mkdirSync(folder);
      await work({ base, folder, journal: join(base, 'journal') });
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  };
}

export type Started = Readonly<{ said: readonly string[]; stop(): Promise<void> }>;

export type Ways = Readonly<{ kind?: Listener | 'any'; excluded?: readonly string[]; room?: Size; anew?: boolean }>;

export async function started({ folder, journal }: Place, ways: Ways = {}): Promise<Started> {
  const stop = new AbortController();
  const said: string[] = [];
  let [followed, failed]: [() => void, (error: unknown) => void] = [() => {}, () => {}];
  const following = new Promise<void>((resolve, reject) => {
    [followed, failed] = [resolve, reject];
  });
  const ended = track([{ folder, journal, excluded: ways.excluded ?? [] }], {
    ...{ machine: here, clock: systemClock, process: process.pid, kind: ways.kind ?? 'any' },
    ...{ room: ways.room ?? mebibytes(64), anew: ways.anew ?? false, signal: stop.signal },
    say: (line) => {
      said.push(line);
      if (/: followed by |: away: |; do this: /.test(line)) followed();
    },
  });
  ended.catch(failed);
  await following;
  return {
    said,
    stop: async () => {
      stop.abort(new Error('told to stop'));
      await ended;
    },
  };
}

export const read = ({ journal }: Place, consumer = 'one', most?: number): Promise<Changes> =>
  readChanges({ machine: here, journal, consumer, signal: never, ...(most === undefined ? {} : { most }) });

export const acknowledged = async (place: Place, changes: Changes, consumer = 'one'): Promise<void> =>
  acknowledge({ machine: here, journal: place.journal, consumer }, changes, systemClock.now());

export async function until<Result>(look: () => Promise<Result>, good: (result: Result) => boolean): Promise<Result> {
  for (let tries = 0; ; tries += 1) {
    const result = await look().catch((error) => {
      if (tries > 200) throw error;
      return undefined;
    });
    if (result !== undefined && good(result)) return result;
    if (tries > 200) throw new Error(`it did not come: ${JSON.stringify(result)}`);
    await systemClock.sleep(milliseconds(50));
  }
}

let marks = 0;
/** All that was recorded up to now: a mark of our own, made last, is among it. */
export async function seen(place: Place, consumer = 'one'): Promise<Changes> {
  marks += 1;
  const mark = `mark-${marks}`;
  writeFileSync(join(place.folder, mark), '');
  const changes = await until(
    () => read(place, consumer),
    ({ touched, rescans }) =>
      touched.some(({ path }) => path === mark) ||
      rescans.some(({ path, since }) => path === '' && since === undefined),
  );
  return { ...changes, touched: changes.touched.filter(({ path }) => !/^(mark-\d+)?$/.test(path)) };
}

/** As a consumer that knows everything up to now. */
export async function caughtUp(place: Place, consumer = 'one'): Promise<void> {
  // From the second reading on there is a time up to which all is known.
  const first = await until(
    () => read(place, consumer),
    ({ complete }) => complete,
  );
  await acknowledged(place, first, consumer);
  await acknowledged(place, await seen(place, consumer), consumer);
}

export const paths = ({ touched }: Pick<Changes, 'touched'>): readonly string[] =>
  touched.map(({ path }) => Buffer.from(path, 'latin1').toString());
