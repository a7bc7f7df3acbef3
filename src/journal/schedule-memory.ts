// What the scheduler remembers, in the state's database beside the runs: a decision and what came of it are read together.
import type { ReadScheduleMemory, ScheduleMemory } from '../contracts/schedule-memory.ts';
import type { RunState } from '../model/run.ts';
import type { Look, Mark, RunFact, ScheduleEntry, ScheduleEvent } from '../model/schedule.ts';
import { type Database, openDatabase, type Row } from '../store/database.ts';
import type { Instant } from '../values/instant.ts';
import { migrations } from './migrations.ts';

/** Undefined where there is no state yet. */
export function readScheduleMemory(folder: string): ReadScheduleMemory | undefined {
  const database = openDatabase(folder, { readOnly: true, migrations });
  return database === undefined ? undefined : reading(database);
}

export function openScheduleMemory(folder: string): ScheduleMemory {
  const database = openDatabase(folder, { migrations });
  return { ...reading(database), ...writing(database) };
}

const runsOfJob = `SELECT id, started_at, ended_at, state, cancel_requested, summary FROM runs WHERE job = ?
  ORDER BY rowid DESC LIMIT ?`;

function reading(database: Database): ReadScheduleMemory {
  const events = (sql: string, ...values: (string | number)[]) =>
    database.all(`SELECT * FROM schedule_events ${sql}`, ...values).map(entryOf);
  return {
    marks: () =>
      new Map(database.all('SELECT job, mark FROM schedule_marks').map((row) => [text(row, 'job'), markOf(row)])),
    events: (limit, job) =>
      job === undefined
        ? events('ORDER BY sequence DESC LIMIT ?', limit)
        : events('WHERE job = ? ORDER BY sequence DESC LIMIT ?', job, limit),
    look: () => {
      const row = database.one('SELECT look FROM schedule_look');
      return row === undefined ? undefined : (JSON.parse(text(row, 'look')) as Look);
    },
    runsOf: (job, limit) => database.all(runsOfJob, `run:${job}`, limit).map(factOf),
    hasRun: (run) => database.one('SELECT 1 FROM runs WHERE id = ?', run) !== undefined,
    close: () => database.close(),
  };
}

function writing(database: Database): Omit<ScheduleMemory, keyof ReadScheduleMemory> {
  const write = (job: string, event: ScheduleEvent, at: Instant) =>
    database.run('INSERT INTO schedule_events (job, at, event) VALUES (?, ?, ?)', job, at, JSON.stringify(event));
  const replace = (job: string, before: Mark | undefined, behind: Mark): boolean => {
    const mark = JSON.stringify(behind);
    const { changes } =
      before === undefined
        ? database.run('INSERT OR IGNORE INTO schedule_marks (job, mark) VALUES (?, ?)', job, mark)
        : database.run(
            'UPDATE schedule_marks SET mark = ? WHERE job = ? AND mark = ?',
            ...([mark, job, JSON.stringify(before)] as const),
          );
    return changes === 1;
  };
  return {
    settle: (job, before, behind, events, at) =>
      database.together(() => {
        if (!replace(job, before, behind)) return false;
        for (const event of events) write(job, event, at);
        return true;
      }),
    forget: (job, at) =>
      database.together(() => {
        database.run('DELETE FROM schedule_marks WHERE job = ?', job);
        write(job, { event: 'forgotten' }, at);
      }),
    looked: (look) =>
      void database.run('INSERT OR REPLACE INTO schedule_look (one, look) VALUES (1, ?)', JSON.stringify(look)),
  };
}

const text = (row: Row, column: string): string => String(row[column]);
const textOrNone = (row: Row, column: string): string | undefined =>
  row[column] === null || row[column] === undefined ? undefined : String(row[column]);

const markOf = (row: Row): Mark => JSON.parse(text(row, 'mark'));

const entryOf = (row: Row): ScheduleEntry => ({
  sequence: Number(row['sequence']),
  job: text(row, 'job'),
  at: text(row, 'at') as Instant,
  ...(JSON.parse(text(row, 'event')) as ScheduleEvent),
});

const factOf = (row: Row): RunFact => ({
  id: text(row, 'id'),
  startedAt: text(row, 'started_at') as Instant,
  endedAt: textOrNone(row, 'ended_at') as Instant | undefined,
  state: text(row, 'state') as RunState,
  cancelled: Number(row['cancel_requested']) === 1,
  summary: textOrNone(row, 'summary'),
});
