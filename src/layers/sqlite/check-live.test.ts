// The hourly check of databases that are in use: sound, damaged, gone, unreadable, and where sqlite3 itself is missing.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { Fault } from '../../fault.ts';
import type { Argv, Machine, RunOptions } from '../../machines/machine.ts';
import { itemResultsOf } from '../../model/item-results.ts';
import { checkLive } from '../common/sqlite/check-live.ts';
import {
  beside,
  damage,
  database,
  fill,
  machine,
  never,
  type Shelf,
  shelf,
  unlessSqlite,
  withLog,
} from '../common/sqlite/databases.test-support.ts';
import { placeWith } from './place.test-support.ts';

describe('a check of databases where they are', { skip: unlessSqlite }, () => {
  let place: Shelf;
  before(() => {
    place = shelf();
  });
  after(() => place.close());

  const check = (patterns: readonly string[], over: Partial<Machine> = {}) =>
    checkLive(
      { machine: { ...machine, ...over }, work: join(place.copies, 'work'), signal: never, doing: () => {} },
      patterns,
    );
  const one = async (name: string) => {
    const [answer] = await check([place.path(name)]);
    assert.ok(answer !== undefined);
    return answer;
  };

  it('says ok of one that is open, with and without a log, and writes nothing beside it', async () => {
    for (const mode of ['wal', 'delete']) {
      database(place.path(mode), 100, mode);
      const open = new DatabaseSync(place.path(mode));
      fill(open, 10);
      const before = beside(place.path(mode));
      assert.deepEqual(await one(mode), { database: place.path(mode), ok: true, says: 'ok' });
      assert.deepEqual(beside(place.path(mode)), before);
      open.close();
      assert.equal((await one(mode)).ok, true, 'closed');
      assert.deepEqual(beside(place.path(mode)), []);
    }
  });

  it('reads what a crash left in the log, in a copy', async () => {
    withLog(place.path('crashed'), 1, 500);
    assert.equal((await one('crashed')).ok, true);
    assert.deepEqual(beside(place.path('crashed')), ['-wal']);
  });

  it('says what is wrong with one that is damaged', async () => {
    database(place.path('damaged'), 3000);
    damage(place.path('damaged'));
    const { ok, says } = await one('damaged');
    assert.equal(ok, false);
    assert.match(says, /malformed|page|Tree/i);
  });

  it('gives an answer for the worst there is, too: overwritten, cut to nothing, gone, a folder (reality 1.8b)', async () => {
    writeFileSync(place.path('zeroes'), Buffer.alloc(8192));
    writeFileSync(place.path('nothing'), '');
    mkdirSync(place.path('folder'));
    for (const [name, says] of [
      ['zeroes', /its header is gone/],
      ['nothing', /its header is gone/],
      ['absent', /no such file/],
      ['folder', /no such file/],
    ] as const) {
      const answer = await one(name);
      assert.equal(answer.ok, false, name);
      assert.match(answer.says, says);
    }
  });

  it('answers where sqlite3 is missing, and where the machine cannot be asked', async () => {
    database(place.path('fine'));
    const bare = place.path('bin');
    mkdirSync(bare);
    for (const tool of ['dd', 'tr', 'od', 'cp', 'mkdir', 'rm']) symlinkSync(`/bin/${tool}`, join(bare, tool));
    const without = (argv: Argv, options?: RunOptions) =>
      machine.run(['env', `PATH=${bare}`, '/bin/sh', ...argv.slice(1)], options);
    assert.match((await check([place.path('fine')], { run: without }))[0]?.says ?? '', /sqlite3 is missing there/);
    const unreachable = async () => {
      throw new Fault('machine-unreachable', { where: 'x', says: 'no route to host', remedy: '' });
    };
    assert.deepEqual(await check([place.path('fine')], { run: unreachable }), [
      { database: place.path('fine'), ok: false, says: 'no route to host (machine-unreachable)' },
    ]);
  });

  it('takes patterns and names as they are, with whatever is in them', async () => {
    mkdirSync(place.path('many'));
    const odd = [`a 'b' "c".db`, '$(touch x).db', 'new\nline.db', '-rf.db', 'ünï?.db'];
    for (const name of odd) database(place.path('many', name));
    const answers = await check([place.path('many', '*.db')]);
    assert.deepEqual(
      answers.map(({ ok }) => ok),
      odd.map(() => true),
    );
    assert.equal(new Set(answers.map(({ database }) => database)).size, odd.length);
  });

  it('that a writer disturbs for a moment is asked again before it is an alarm', async () => {
    database(place.path('moment'), 3000);
    copyFileSync(place.path('moment'), place.path('sound'));
    damage(place.path('moment'));
    let asked = 0;
    const run = (argv: Argv, options?: RunOptions) => {
      if (options?.input !== undefined && asked++ === 1) copyFileSync(place.path('sound'), place.path('moment'));
      return machine.run(argv, options);
    };
    assert.equal((await check([place.path('moment')], { run }))[0]?.ok, true);
    rmSync(place.path('sound'));
  });
});

describe('a layer that only checks', { skip: unlessSqlite }, () => {
  it('has a verdict for each database that was named, is degraded by one that is not sound, and copies nothing', async () => {
    const data = shelf();
    const place = placeWith({
      ...{ only_check: true, to: undefined, keep: undefined },
      from: { files: [data.path('good.db'), data.path('gone.db')] },
    });
    try {
      database(data.path('good.db'));
      chmodSync(data.path('good.db'), 0o600);
      const { results, degraded } = await place.protect('run1');
      assert.deepEqual(itemResultsOf(results['check'] ?? null).databases, [
        { name: data.path('good.db'), workload: 'apps', ok: true, says: 'ok' },
        { name: data.path('gone.db'), workload: 'apps', ok: false, says: 'no such file (exit code 100)' },
      ]);
      assert.deepEqual(degraded, [`${data.path('gone.db')}: no such file (exit code 100)`]);
      assert.deepEqual([await place.points(), place.left()], [[], []]);
    } finally {
      place.close();
      data.close();
    }
  });
});
