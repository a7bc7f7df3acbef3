// `holdfast routes` and what a plan says of routes, typed as an operator types it, over points that are really there.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { RoutesAnswer } from '../../src/cli/answers.ts';
import { estateIn } from './estate.test-support.ts';

const text = `estate: ways
machines: [{ name: here, local: true }]
workloads: [{ name: books }, { name: photos }]
layers:
  - { name: books, kind: sqlite, machine: here, workload: books, from: { folder: FOLDER/live }, to: FOLDER/copies, keep: { keep_last: 5 }, protected: { reason: a test } }
  - { name: again, kind: sqlite, machine: here, workload: books, from: { folder: FOLDER/live }, to: FOLDER/more, keep: { keep_last: 2 }, protected: { reason: a test } }
schedules: [{ job: books, schedule: "03:00" }]
`;

function withDatabase(folder: string): void {
  mkdirSync(join(folder, 'live'));
  const database = new DatabaseSync(join(folder, 'live', 'books.db'));
  database.exec('CREATE TABLE books (title TEXT)');
  database.close();
}

/** Besides what SQLite keeps beside a database while somebody reads it. */
const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => !/journal\.db-(shm|wal)$/.test(name))
    .toSorted();

describe('holdfast routes', () => {
  it('shows the copies, what is wrong with them, and the disk as statfs has it; it writes nothing', async () => {
    using estate = estateIn(text, 'ways');
    withDatabase(estate.folder);
    for (const _ of [1, 2, 3]) assert.equal((await estate.type('run', 'books')).status, 0);
    const before = filesOf(estate.folder);
    const { stdout, status, stderr } = await estate.type('--json', 'routes');
    assert.equal(status, 0, stderr);
    const answer = JSON.parse(stdout) as RoutesAnswer;
    assert.deepEqual(
      answer.ways.map(({ copies }) => copies.map(({ carrier, parts }) => [carrier, ...parts])),
      [
        [
          ['books', 'SQLite databases'],
          ['again', 'SQLite databases'],
        ],
      ],
    );
    assert.deepEqual(
      answer.gaps.filter(({ level }) => level === 'warning').map(({ subject }) => subject),
      ['workload/photos', 'layer/again'],
      'nobody carries the photos, and nothing starts `again`',
    );
    assert.equal(answer.duplicates.length, 1);
    const [disk, ...others] = answer.targets;
    assert.deepEqual([others.length, disk?.layers], [0, ['books', 'again']], 'two folders on one disk are one disk');
    assert.ok(disk !== undefined && 'free' in disk.space);
    const { blocks, bavail, bfree, bsize } = statfsSync(estate.folder);
    assert.equal(disk.space.total, (blocks - (bfree - bavail)) * bsize);
    assert.deepEqual(filesOf(estate.folder), before);
  });

  it('says of one workload what is its own, and refuses one that is none', async () => {
    using estate = estateIn(text, 'ways');
    const { stdout } = await estate.type('routes', 'photos', '--offline');
    assert.match(
      stdout,
      /^Nothing is carried anywhere\.\n\nGaps\n {2}warning {2}workload\/photos: no layer carries it/,
    );
    assert.doesNotMatch(stdout, /books/);
    assert.equal((await estate.type('routes', 'nobody')).status, 64);
  });

  it('says that a disk is unknown, and not that it fits, where what should be mounted is not', async () => {
    using estate = estateIn(text.replace('to: FOLDER/copies', 'to: FOLDER/copies, mounted_at: FOLDER/copies'), 'ways');
    const { stdout } = await estate.type('routes');
    assert.match(
      stdout,
      /copies\/books on here: unknown when it is full\n {2}unknown {2}how full it is: nothing is mounted at/,
    );
    assert.doesNotMatch(stdout, /does not fill/);
  });

  it('are a line in the plan, with each warning; an estate without layers has none (control)', async () => {
    using estate = estateIn(text, 'ways');
    const { stdout } = await estate.type('plan');
    assert.match(
      stdout,
      /note {2}estate\/ways: routes: 1 source, 2 copies; 2 gaps; 1 carried twice; of 2 disks 0 are full within a year, 2 unknown\. `holdfast routes`/,
    );
    assert.match(stdout, /warning {2}workload\/photos: no layer carries it anywhere/);
    using quiet = estateIn('estate: quiet\n', 'quiet');
    assert.doesNotMatch((await quiet.type('plan')).stdout, /routes/);
  });
});

describe('how a disk fills', () => {
  it('is noted by runs, one look a day, on the very disk that the points lie on', async () => {
    using estate = estateIn(text, 'ways');
    withDatabase(estate.folder);
    const memory = (): readonly string[] =>
      readdirSync(join(estate.state, 'ways', 'remembered')).filter((name) => name.startsWith('space'));
    await estate.type('run', 'books');
    await estate.type('run', 'books');
    assert.deepEqual(memory().map(decodeURIComponent), [`space/here/${join(estate.folder, 'copies', 'books')}.json`]);
  });
});
