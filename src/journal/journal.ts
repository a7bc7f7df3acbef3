// The journal in the state's database. Entries are only ever added to; a run's row holds its lease and how it ended.
import type { Journal, NewRun, ReadJournal } from '../contracts/journal.ts';
import { Fault } from '../fault.ts';
import type { Entry, Outcome, Run, RunId, RunState, StepEvent, StepPath, Wrote } from '../model/run.ts';
import { type Database, openDatabase, type Row } from '../store/database.ts';
import type { Clock, Instant } from '../values/instant.ts';
import type { Ref } from '../values/ref.ts';
import { migrations } from './migrations.ts';

/** Undefined where there is no state yet. */
export function readJournal(folder: string): ReadJournal | undefined {
  const database = openDatabase(folder, { readOnly: true, migrations });
  return database === undefined ? undefined : reading(database);
}

export function openJournal(folder: string, clock: Clock): Journal {
  const database = openDatabase(folder, { migrations });
  return { ...reading(database), ...writing(database, clock) };
}

/** All but the charge: a plan may be large, and who lists runs does not look at it. */
const columnsOfRun =
  'id, job, started_by, plan_digest, started_at, state, ended_at, heart_beat_at, supervisor, summary';

function reading(database: Database): ReadJournal {
  const runs = (sql: string, ...values: (string | number)[]) =>
    database.all(`SELECT ${columnsOfRun} FROM runs ${sql}`, ...values).map(runOf);
  return {
    runs: (limit) => runs('ORDER BY rowid DESC LIMIT ?', limit),
    run: (id) => runs('WHERE id = ?', id)[0],
    latestRuns: () => runs('WHERE rowid IN (SELECT max(rowid) FROM runs GROUP BY job, state) ORDER BY rowid DESC'),
    charge: (id) => {
      const row = database.one('SELECT charge FROM runs WHERE id = ?', id);
      return row === undefined ? undefined : JSON.parse(String(row['charge']));
    },
    unfinished: () => runs(`WHERE state = 'running' ORDER BY rowid`),
    entries: (id) => database.all('SELECT * FROM entries WHERE run = ? ORDER BY sequence', id).map(entryOf),
    owned: () => new Set(database.all('SELECT subject FROM owned').map((row) => String(row['subject']) as Ref)),
    wrote: () => wroteIn(database),
    close: () => database.close(),
  };
}

function wroteIn(database: Database): ReadonlyMap<Ref, Wrote> {
  const bySubject = new Map<Ref, Wrote>();
  for (const row of database.all('SELECT subject, parameter, digest FROM wrote')) {
    const subject = text(row, 'subject') as Ref;
    bySubject.set(subject, { ...bySubject.get(subject), [text(row, 'parameter')]: text(row, 'digest') });
  }
  return bySubject;
}

function writing(database: Database, clock: Clock): Omit<Journal, keyof ReadJournal> {
  return {
    begin: (run) => begin(database, run),
    append: (run, path, event) => append(database, run, path, event, clock.now()),
    heartBeat: (run) => void database.run('UPDATE runs SET heart_beat_at = ? WHERE id = ?', clock.now(), run),
    adopt: (subjects, by) =>
      void database.together(() => {
        for (const subject of subjects) own(database, subject, by, clock.now());
      }),
    requestCancel: (run) => void database.run('UPDATE runs SET cancel_requested = 1 WHERE id = ?', run),
    cancelRequested: (run) =>
      Number(database.one('SELECT cancel_requested FROM runs WHERE id = ?', run)?.['cancel_requested'] ?? 0) === 1,
    finish: (run, outcome, summary) => finish(database, run, outcome, summary, clock.now()),
    amend: (run, outcome, summary) =>
      void database.run(
        `UPDATE runs SET state = ?, summary = ? WHERE id = ? AND state <> 'running'`,
        outcome,
        summary,
        run,
      ),
  };
}

function append(database: Database, run: RunId, path: StepPath, event: StepEvent, at: Instant): Entry {
  const insert = () =>
    database.run('INSERT INTO entries (run, path, at, event) VALUES (?, ?, ?, ?)', run, path, at, JSON.stringify(event))
      .lastId;
  const { owns, disowns, wrote } = event.event === 'done' ? event : {};
  const sequence =
    owns === undefined && disowns === undefined
      ? insert()
      : database.together(() => {
          if (owns !== undefined) own(database, owns, run, at);
          if (disowns !== undefined)
            for (const table of ['owned', 'wrote']) database.run(`DELETE FROM ${table} WHERE subject = ?`, disowns);
          for (const [parameter, digest] of Object.entries(wrote ?? {}))
            database.run(
              'INSERT OR REPLACE INTO wrote (subject, parameter, digest, at) VALUES (?, ?, ?, ?)',
              ...[owns ?? '', parameter, digest, at],
            );
          return insert();
        });
  return { sequence, run, path, at, ...event };
}

const own = (database: Database, subject: Ref, by: string, since: Instant): void =>
  void database.run('INSERT OR IGNORE INTO owned (subject, run, since) VALUES (?, ?, ?)', subject, by, since);

function begin(database: Database, run: NewRun): void {
  const { plan, connections, consent, budget } = run;
  database.run(
    `INSERT INTO runs (id, job, started_by, plan_digest, charge, started_at, supervisor, heart_beat_at, state)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running')`,
    run.id,
    run.job,
    run.startedBy,
    plan.digest,
    JSON.stringify({ plan, connections, consent, budget }),
    run.startedAt,
    run.supervisor,
    run.startedAt,
  );
}

/** A run ends once: whoever comes second (a supervisor that was thought dead) learns that it is no longer its own. */
function finish(database: Database, run: RunId, outcome: Outcome, summary: string, at: Instant): void {
  const { changes } = database.run(
    `UPDATE runs SET state = ?, ended_at = ?, summary = ? WHERE id = ? AND state = 'running'`,
    outcome,
    at,
    summary,
    run,
  );
  if (changes === 0)
    throw new Fault('run-already-ended', {
      where: run,
      says: 'somebody else has already written how this run ended',
      remedy: `see \`holdfast log ${run}\``,
    });
}

const text = (row: Row, column: string): string => String(row[column]);
const textOrNone = (row: Row, column: string): string | undefined =>
  row[column] === null || row[column] === undefined ? undefined : String(row[column]);

const runOf = (row: Row): Run => ({
  id: text(row, 'id'),
  job: text(row, 'job'),
  startedBy: text(row, 'started_by'),
  plan: text(row, 'plan_digest'),
  startedAt: text(row, 'started_at') as Instant,
  state: text(row, 'state') as RunState,
  endedAt: textOrNone(row, 'ended_at') as Instant | undefined,
  heartBeatAt: text(row, 'heart_beat_at') as Instant,
  supervisor: Number(row['supervisor']),
  summary: textOrNone(row, 'summary'),
});

const entryOf = (row: Row): Entry => ({
  sequence: Number(row['sequence']),
  run: text(row, 'run'),
  path: text(row, 'path'),
  at: text(row, 'at') as Instant,
  ...(JSON.parse(text(row, 'event')) as StepEvent),
});
