// A copy of a database of 1 GB, the copy step alone as the layer takes it, against `.backup` of sqlite3; and the check of it against
// the same pragma. The source is in the page cache for both.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkDatabase } from '../src/layers/common/sqlite/check.ts';
import { searchBelow } from '../src/layers/common/sqlite/search.ts';
import { deadlineFor, uriOf } from '../src/layers/common/sqlite/shell.ts';
import { takeCopy } from '../src/layers/common/sqlite/take.ts';
import { localMachine } from '../src/machines/local.ts';
import { systemClock } from '../src/values/instant.ts';
import { milliseconds, paired, type Row, timed, timedCommand } from './bench.ts';

const rows = 1_000_000;
const rounds = 3;

export async function sqliteRows(): Promise<readonly Row[]> {
  const base = mkdtempSync(join(tmpdir(), 'holdfast-bench-sqlite-'));
  try {
    const [folder, into] = [join(base, 'data'), join(base, 'copies')];
    for (const made of [folder, into]) mkdirSync(made);
    const path = join(folder, 'state.db');
    execFileSync('sqlite3', [path], { input: filling });
    const machine = localMachine({ name: 'here', clock: systemClock });
    const signal = new AbortController().signal;
    const [found] = (await searchBelow({ machine, folder, signal, looked: () => {} })).databases;
    if (found === undefined) throw new Error('the database was not found');
    const fresh = (name: string): string => {
      rmSync(join(into, name), { force: true });
      execFileSync('cat', [path], { stdio: ['ignore', 'ignore', 'inherit'] });
      return name;
    };
    const take = async (frozen: boolean) => {
      const name = fresh('ours');
      return timed(async () => {
        const taken = await takeCopy({ machine, folder, found, frozen, into, name, signal });
        if (taken === 'gone' || 'is' in taken) throw new Error(`no copy: ${JSON.stringify(taken)}`);
        // `.backup` ends with what it wrote on the disk; ours is synced when it is proved, so here that counts, too.
        execFileSync('sync', [join(into, name)]);
      });
    };
    const peer = () => {
      const name = fresh('theirs');
      return timedCommand(['sqlite3', path, `.backup ${join(into, name)}`]);
    };
    const live = await paired(rounds, () => take(false), peer);
    const frozen = await paired(rounds, () => take(true), peer);
    const asked = { machine, access: 'read', folder, signal, limits: { deadline: deadlineFor(found.size) } } as const;
    const check = await paired(
      rounds,
      () =>
        timed(async () => {
          const checked = await checkDatabase({ ...asked, database: uriOf(path, 'mode=ro') }, { rows: false });
          if (checked.sound !== 'yes') throw new Error(checked.says);
        }),
      () => timedCommand(['sqlite3', '-readonly', path, 'PRAGMA integrity_check']),
    );
    const size = `${Math.round(statSync(path).size / 1e6)} MB; median of ${rounds}`;
    const copied = (figures: typeof live, name: string): Row => ({
      ...{ name, ours: milliseconds(figures.ours), peer: `.backup: ${milliseconds(figures.peer)}` },
      ...{ ratio: figures.ours / figures.peer, limit: 1.15, extra: size },
    });
    return [
      copied(live, 'copying a database, open to its application'),
      copied(frozen, 'copying a database of a snapshot'),
      {
        ...{ name: 'checking a database', ours: milliseconds(check.ours), limit: 1.15, extra: size },
        ...{ peer: `PRAGMA integrity_check: ${milliseconds(check.peer)}`, ratio: check.ours / check.peer },
      },
    ];
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

const filling = `PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
CREATE TABLE notes (id INTEGER PRIMARY KEY, key TEXT, body BLOB);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
  INSERT INTO notes (key, body) SELECT hex(randomblob(8)), randomblob(960) FROM n;
CREATE INDEX keys ON notes (key);`;
