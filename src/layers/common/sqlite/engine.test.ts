// Real databases, searched and copied by the real sqlite3, and asked by it what is in the copies.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import type { Copied } from './copied.ts';
import {
  ask,
  beside,
  damage,
  database,
  machine,
  never,
  type Shelf,
  shelf,
  unlessSqlite,
  withHotJournal,
  withLog,
} from './databases.test-support.ts';
import { nameOf } from './found.ts';
import { searchBelow } from './search.ts';

const sum = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const isCopied = (copied: Copied | 'gone'): Copied => {
  assert.notEqual(copied, 'gone');
  return copied as Copied;
};

describe('databases are found', { skip: unlessSqlite }, () => {
  let place: Shelf;
  before(() => {
    place = shelf();
  });
  after(() => place.close());

  it('at any depth, with any suffix and any name, and nothing else is (reality 1.2n, 6.11)', async () => {
    const deep = place.path('one', 'two', 'three', 'four', 'five', 'six');
    mkdirSync(deep, { recursive: true });
    database(join(deep, 'state.dat'));
    const odd = [`it's "quoted"`, 'new\nline', '-rf', '$(touch x)', '!mark', '+mark', ' blank ', '%41'];
    for (const name of odd) database(place.path(name));
    database(place.path('plain'));
    // No UTF-8: sqlite makes no such name, applications on Linux do.
    const bytes = Buffer.concat([Buffer.from(`${place.folder}/`), Buffer.of(0xff, 0xfe, 0x2e, 0x64, 0x62)]);
    writeFileSync(bytes, readFileSync(place.path('plain')));
    writeFileSync(place.path('empty.db'), '');
    writeFileSync(place.path('text.sqlite'), 'SQLite format 3 is what this text is about'.repeat(5));
    symlinkSync(place.path('plain'), place.path('link.db'));
    const found = await place.search();
    const names = found.map(({ path }) => path.toString('latin1'));
    const expected = [...odd, 'plain', 'one/two/three/four/five/six/state.dat', '\xff\xfe.db'];
    assert.deepEqual(names.toSorted(), expected.toSorted());
    for (const one of found) {
      const copied = isCopied(await place.copy(one));
      assert.equal(copied.state, 'whole', `${nameOf(one)}: ${copied.says}`);
      assert.equal(ask(join(place.copies, copied.files.database), 'SELECT count(*) FROM notes'), '10');
    }
  });

  it('and a folder that is not there is a fault, not an empty answer', async () => {
    const search = searchBelow({ machine, folder: place.path('nowhere'), signal: never, looked: () => {} });
    await assert.rejects(search, { code: 'folder-missing' });
  });
});

describe('a copy of a database', { skip: unlessSqlite }, () => {
  let place: Shelf;
  before(() => {
    place = shelf();
  });
  after(() => place.close());

  const only = async (name: string) => {
    const found = (await place.search()).find(({ path }) => path.toString() === name);
    assert.ok(found !== undefined, `${name} was found`);
    return found;
  };
  const copyOf = async (name: string, more: { frozen?: boolean } = {}) =>
    isCopied(await place.copy(await only(name), more));
  const rowsIn = (copied: Copied) => ask(join(place.copies, copied.files.database), 'SELECT count(*) FROM notes');

  for (const frozen of [true, false])
    it(`has the rows that stand only in the write-ahead log (${frozen ? 'of a snapshot' : 'after a crash'}), and leaves the source as it is (reality 1.2o, 6.11)`, async () => {
      const name = `logged-${frozen}`;
      withLog(place.path(name), 1, 500);
      const sums = [sum(place.path(name)), sum(place.path(`${name}-wal`))];
      const copied = await copyOf(name, { frozen });
      assert.deepEqual([copied.state, rowsIn(copied)], ['whole', '501']);
      assert.deepEqual(copied.checked?.rows, { notes: 501 });
      assert.deepEqual([sum(place.path(name)), sum(place.path(`${name}-wal`))], sums);
      assert.deepEqual(beside(place.path(name)), ['-wal']);
      assert.deepEqual(beside(join(place.copies, copied.files.database)), []);
    });

  it('would lack them if its main file alone were copied (control) (reality 1.2o)', () => {
    withLog(place.path('control'), 1, 500);
    writeFileSync(join(place.copies, 'alone'), readFileSync(place.path('control')));
    assert.equal(ask(join(place.copies, 'alone'), 'SELECT count(*) FROM notes'), '1');
    for (const name of readdirSync(place.copies)) if (name.startsWith('alone')) rmSync(join(place.copies, name));
  });

  it('has no half of a transaction that was never finished', async () => {
    withHotJournal(place.path('hot'), 20_000);
    assert.ok(statSync(place.path('hot-journal')).size > 512, 'there is something to undo');
    for (const frozen of [true, false]) {
      const copied = await copyOf('hot', { frozen });
      assert.equal(copied.state, 'whole', copied.says);
      const path = join(place.copies, copied.files.database);
      assert.equal(ask(path, "SELECT count(*) || ' ' || sum(text LIKE '%changed') FROM notes"), '20000 0');
    }
    assert.deepEqual(beside(place.path('hot')), ['-journal'], 'the source still has its journal');
  });

  for (const mode of ['wal', 'delete'])
    it(`that an application has open and writes to (${mode}) shows one moment, and the application goes on (reality 2.20)`, async () => {
      const path = place.path(`busy-${mode}`);
      database(path, 2000, mode);
      // Two rows at once, always: a copy with an odd number shows no moment there ever was.
      const script = `const { DatabaseSync } = require('node:sqlite'); const open = new DatabaseSync(${JSON.stringify(path)});
        open.exec('PRAGMA busy_timeout=20000'); console.log('begun');
        for (;;) open.exec("BEGIN IMMEDIATE; INSERT INTO notes (text) VALUES ('a'); INSERT INTO notes (text) VALUES ('b'); COMMIT");`;
      const writer = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        await new Promise((resolve) => writer.stdout.once('data', resolve));
        const copied = await copyOf(`busy-${mode}`);
        assert.deepEqual([copied.state, copied.how], ['whole', 'online backup'], copied.says);
        const rows = Number(rowsIn(copied));
        assert.ok(rows > 2000 && rows % 2 === 0, `${rows} rows`);
        assert.equal(writer.exitCode, null, 'the writer is still at work');
      } finally {
        writer.kill('SIGKILL');
        await new Promise((resolve) => writer.once('exit', resolve));
      }
    });

  it('of one that is closed leaves no file beside it, which its application could not open (reality 4.10)', async () => {
    database(place.path('closed'), 10, 'wal');
    assert.deepEqual(beside(place.path('closed')), []);
    const copied = await copyOf('closed');
    assert.deepEqual([copied.state, beside(place.path('closed'))], ['whole', []]);
  });

  it('of a damaged one is no copy to rely on: its bytes are kept, with what SQLite says of it (reality 1.2p)', async () => {
    database(place.path('damaged'), 3000);
    damage(place.path('damaged'));
    for (const frozen of [true, false]) {
      const copied = await copyOf('damaged', { frozen });
      assert.deepEqual([copied.state, copied.how], ['damaged', 'plain bytes']);
      assert.match(copied.says ?? '', /malformed|invalid|page|Tree/i);
      assert.equal(sum(join(place.copies, copied.files.database)), sum(place.path('damaged')));
    }
  });

  it('of one whose index alone is wrong is known as damaged, too', async () => {
    const path = place.path('index');
    database(path, 500);
    ask(
      path,
      "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX words ON notes (id)' WHERE name = 'words'",
    );
    const copied = await copyOf('index', { frozen: true });
    assert.equal(copied.state, 'damaged');
    assert.match(copied.says ?? '', /index words|missing from index|wrong/);
  });

  it('of an encrypted one, and of what only begins like one, is said to be plain bytes, each by its name', async () => {
    database(place.path('encrypted'), 100);
    const bytes = readFileSync(place.path('encrypted'));
    for (let at = 24; at < bytes.length; at += 1) bytes[at] = ((at * 7919) % 251) | 1;
    writeFileSync(place.path('encrypted'), bytes);
    writeFileSync(place.path('alike'), Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(500, 7)]));
    const [encrypted, alike] = [await copyOf('encrypted'), await copyOf('alike')];
    assert.deepEqual([encrypted.state, alike.state], ['plain', 'plain']);
    assert.match(encrypted.says ?? '', /encrypted/);
    assert.match(alike.says ?? '', /no database/);
  });

  it('of one that somebody keeps locked is said to be plain bytes, with the log beside it (reality 1.2o)', async () => {
    const path = place.path('locked');
    database(path, 100);
    const open = new DatabaseSync(path);
    open.exec('BEGIN EXCLUSIVE');
    try {
      const impatient = {
        ...machine,
        run: ((argv, options) =>
          machine.run(
            argv,
            typeof options?.input === 'string'
              ? { ...options, input: options.input.replace('.timeout 10000', '.timeout 50') }
              : options,
          )) as typeof machine.run,
      };
      const copied = isCopied(await place.copy(await only('locked'), { machine: impatient }));
      assert.deepEqual([copied.state, copied.how], ['plain', 'plain bytes']);
      assert.match(copied.says ?? '', /locked/);
    } finally {
      open.close();
    }
  });

  it('that vanished since it was found is gone, which is no failure (reality 2.14)', async () => {
    database(place.path('passing'));
    const found = await only('passing');
    rmSync(place.path('passing'));
    assert.equal(await place.copy(found), 'gone');
    assert.equal(await place.copy(found, { frozen: true }), 'gone');
    database(place.path('passing'), 10, 'wal');
    const logged = await only('passing');
    rmSync(place.path('passing'));
    assert.equal(await place.copy(logged), 'gone');
  });

  it('that is cut off is damaged', async () => {
    database(place.path('cut'), 3000);
    writeFileSync(place.path('cut'), readFileSync(place.path('cut')).subarray(0, 10_000));
    assert.equal((await copyOf('cut', { frozen: true })).state, 'damaged');
  });

  it('whose check would eat all memory eats its own child only, and is said to be unchecked', async () => {
    const path = place.path('bomb');
    ask(
      path,
      `CREATE TABLE side (a); INSERT INTO side VALUES (1); CREATE INDEX big ON side (length(hex(zeroblob(a + 1000))));
       PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, '1000', '450000000') WHERE name = 'big'`,
    );
    const copied = await copyOf('bomb', { frozen: true });
    assert.equal(copied.state, 'unchecked');
    assert.match(copied.says ?? '', /memory/);
    assert.equal(sum(join(place.copies, copied.files.database)), sum(path));
  });

  it('brings no code of its own to run: what a crafted schema calls is not called', async () => {
    const path = place.path('crafted');
    const mark = place.path('mark');
    ask(
      path,
      `CREATE TABLE side (a CHECK (a > 0)); INSERT INTO side VALUES (1); PRAGMA writable_schema=ON;
       UPDATE sqlite_schema SET sql = 'CREATE TABLE side (a CHECK (writefile(''${mark}'', a) > 0))'`,
    );
    const copied = await copyOf('crafted');
    assert.deepEqual([copied.state, existsSync(mark)], ['whole', false]);
    ask(path, 'PRAGMA trusted_schema=ON; PRAGMA integrity_check');
    assert.equal(existsSync(mark), true, 'a shell without those limits runs it (control)');
  });
});
