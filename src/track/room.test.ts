// A journal that is only given so much of the disk.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { kibibytes } from '../values/size.ts';
import { makeRoom } from './room.ts';
import { openSegments } from './segments.ts';
import { inPlace, type Place, read } from './tracker.test-support.ts';

const segments = ({ journal }: Place): readonly string[] =>
  readdirSync(join(journal, 'segments'))
    .sort()
    .map((name) => join(journal, 'segments', name));

describe('the room of a journal', () => {
  const filled = async ({ journal, folder }: Place, from: number, count: number, name: (nth: number) => string) => {
    mkdirSync(join(journal, 'segments'), { recursive: true });
    mkdirSync(join(journal, 'consumers'), { recursive: true });
    const now = '2026-01-01T00:00:00.000Z' as never;
    const opened = await openSegments(join(journal, 'segments'), from);
    await opened.add(
      Array.from({ length: count }, (_, nth) => ({ what: 'changed', path: name(from + nth), folder: false })),
      now,
    );
    await opened.close();
    const position = opened.position();
    writeFileSync(join(journal, 'journal.json'), JSON.stringify({ format: 1, id: 'j', folder, excluded: [] }));
    writeFileSync(
      join(journal, 'heartbeat.json'),
      JSON.stringify({ journal: 'j', position, complete: now, at: now, state: 'following', says: '' }),
    );
    return position;
  };
  const acknowledge = ({ journal }: Place, consumer: string, upTo: number) =>
    writeFileSync(
      join(journal, 'consumers', `${consumer}.json`),
      JSON.stringify({ journal: 'j', consumer, upTo, until: '2026-01-01T00:00:00.000Z' }),
    );

  it(
    'keeps what one consumer has not acknowledged, and gives back what all have',
    inPlace(async (place) => {
      for (const from of [0, 100, 200]) await filled(place, from, 100, (nth) => `f${nth}`);
      await makeRoom(place.journal, 'j', kibibytes(1000));
      assert.equal(segments(place).length, 3, 'without consumers all is kept');
      acknowledge(place, 'fast', 300);
      acknowledge(place, 'slow', 150);
      await makeRoom(place.journal, 'j', kibibytes(1000));
      assert.equal(segments(place).length, 2);
      assert.equal((await read(place, 'slow')).touched.length, 150);
      writeFileSync(join(place.journal, 'consumers', 'broken.json'), '{');
      await filled(place, 300, 100, (nth) => `f${nth}`);
      acknowledge(place, 'slow', 300);
      await makeRoom(place.journal, 'j', kibibytes(1000));
      assert.equal(segments(place).length, 3, 'what a damaged word acknowledges is not known');
    }),
  );

  it(
    'that is full turns the oldest records into their folders, to be looked through, and forgets none (reality 2.11)',
    inPlace(async (place) => {
      for (let nth = 0; nth < 8; nth += 1) await filled(place, nth * 1000, 1000, (at) => `d${nth % 3}/e/f${at}`);
      acknowledge(place, 'slow', 1500);
      await makeRoom(place.journal, 'j', kibibytes(300));
      const sizes = segments(place).map((path) => statSync(path).size);
      assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 300 * 1024);
      const changes = await read(place, 'slow');
      assert.equal(changes.upTo, 8000);
      assert.deepEqual(
        changes.rescans.map(({ path, why, since }) => [path, why, since]),
        ['d0/e', 'd1/e', 'd2/e'].map((path) => [path, 'crowded', undefined]),
      );
      acknowledge(place, 'slow', 8000);
      assert.deepEqual((await read(place, 'slow')).rescans, [], 'control: what is acknowledged is not asked for again');
    }),
  );

  it(
    'that is full of many folders says the folders above them',
    inPlace(async (place) => {
      for (let nth = 0; nth < 4; nth += 1) await filled(place, nth * 1000, 1000, (at) => `top/d${at % 500}/f${at}`);
      acknowledge(place, 'slow', 10);
      await makeRoom(place.journal, 'j', kibibytes(100));
      assert.deepEqual(
        (await read(place, 'slow')).rescans.map(({ path }) => path),
        ['top'],
      );
    }),
  );
});
