// The state's database, version by version: numbered, never edited, only added to.
import type { Migrations } from '../store/database.ts';

export const migrations: Migrations = [
  `CREATE TABLE runs (
     id TEXT PRIMARY KEY, job TEXT NOT NULL, started_by TEXT NOT NULL, plan_digest TEXT NOT NULL,
     charge TEXT NOT NULL, started_at TEXT NOT NULL, supervisor INTEGER NOT NULL, heart_beat_at TEXT NOT NULL,
     state TEXT NOT NULL, ended_at TEXT, summary TEXT, cancel_requested INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE INDEX runs_unfinished ON runs (state) WHERE state = 'running';
   CREATE TABLE entries (
     sequence INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (id),
     path TEXT NOT NULL, at TEXT NOT NULL, event TEXT NOT NULL
   ) STRICT;
   CREATE INDEX entries_of_run ON entries (run, sequence);
   CREATE TABLE owned (subject TEXT PRIMARY KEY, run TEXT NOT NULL, since TEXT NOT NULL) STRICT;`,
  `CREATE TABLE wrote (
     subject TEXT NOT NULL, parameter TEXT NOT NULL, digest TEXT NOT NULL, at TEXT NOT NULL,
     PRIMARY KEY (subject, parameter)
   ) STRICT;`,
  `CREATE TABLE schedule_marks (job TEXT PRIMARY KEY, mark TEXT NOT NULL) STRICT;
   CREATE TABLE schedule_events (
     sequence INTEGER PRIMARY KEY, job TEXT NOT NULL, at TEXT NOT NULL, event TEXT NOT NULL
   ) STRICT;
   CREATE INDEX schedule_events_of_job ON schedule_events (job, sequence);
   CREATE TABLE schedule_look (one INTEGER PRIMARY KEY CHECK (one = 1), look TEXT NOT NULL) STRICT;
   CREATE INDEX runs_of_job ON runs (job);`,
];
