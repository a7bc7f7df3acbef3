// What an operator is promised of programs that take in what was kept; all of them are real.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Fault } from '../../fault.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { sh, within } from './place.test-support.ts';

const has = (program: string): boolean => existsSync(`/usr/bin/${program}`);

describe('a restore through a program', () => {
  const noSqlite = !has('sqlite3') && 'sqlite3 is not installed';
  const database = (data: string): string => join(data, 'shop.db');
  const sql = (data: string, text: string): string =>
    execFileSync('sqlite3', [database(data), text], { encoding: 'utf8' }).trim();
  const imports = (data: string): readonly string[] => [
    'sh',
    '-c',
    `rm -f "$1" && sqlite3 -bail "$1"`,
    'sh',
    database(data),
  ];
  const shop = (data: string) => ({
    name: 'shop',
    command: ['sqlite3', database(data), '.dump'],
    form: 'sql',
    ends_with: 'COMMIT;',
    restore_command: imports(data),
  });
  const filled = (data: string): void =>
    void sql(
      data,
      `CREATE TABLE orders (id INTEGER PRIMARY KEY, text TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO orders SELECT i, 'it''s ' || i FROM n;`,
    );
  const rows = (data: string): string => sql(data, 'SELECT count(*), sum(length(text)) FROM orders');

  it('puts back what sqlite3 wrote out, row by row; what was there is a point that is held', { skip: noSqlite }, () =>
    within(
      async (place) => {
        filled(place.data);
        const good = rows(place.data);
        await place.protect('run1');
        const point = await place.newest();
        sql(place.data, 'DELETE FROM orders WHERE id > 100');
        const damaged = rows(place.data);
        await place.restore('run2', point, {});
        assert.equal(rows(place.data), good);
        const held = (await place.points()).find((one) => one.held !== undefined);
        assert.ok(held !== undefined);
        await place.restore('run3', held, {});
        assert.equal(rows(place.data), damaged);
      },
      (data) => [shop(data)],
    ),
  );

  it('that fails gives the program what was there before', { skip: noSqlite }, () =>
    within(
      async (place) => {
        filled(place.data);
        const point = await (async () => {
          await place.protect('run1');
          return place.newest();
        })();
        sql(place.data, 'DELETE FROM orders WHERE id > 100');
        const before = rows(place.data);
        writeFileSync(join(place.data, 'breaks'), '');
        await assert.rejects(
          place.restore('run2', point, {}),
          (error) => error instanceof Fault && error.code === 'restore-failed' && /no room in here/.test(error.says),
        );
        assert.equal(rows(place.data), before);
        assert.ok(!existsSync(join(place.data, 'breaks')), 'control: it broke once');
      },
      (data) => [
        {
          ...shop(data),
          restore_command: [
            ...[
              'sh',
              '-c',
              `if rm "$2" 2>/dev/null; then rm -f "$1"; echo "no room in here" >&2; exit 1; fi; rm -f "$1" && sqlite3 -bail "$1"`,
            ],
            ...['sh', database(data), join(data, 'breaks')],
          ],
        },
      ],
    ),
  );

  it('of several gives all of them back when one of them fails', () =>
    within(
      async (place) => {
        const file = (name: string) => join(place.data, name);
        for (const name of ['a', 'b']) writeFileSync(file(name), `monday ${name}`);
        await place.protect('run1');
        const point = await place.newest();
        for (const name of ['a', 'b']) writeFileSync(file(name), `tuesday ${name}`);
        writeFileSync(file('breaks'), '');
        await assert.rejects(place.restore('run2', point, {}));
        assert.deepEqual(
          ['a', 'b'].map((name) => readFileSync(file(name), 'utf8')),
          ['tuesday a', 'tuesday b'],
        );
        await place.restore('run3', point, {});
        assert.deepEqual(
          ['a', 'b'].map((name) => readFileSync(file(name), 'utf8')),
          ['monday a', 'monday b'],
          'control',
        );
      },
      (data) => [
        {
          name: 'a',
          command: ['cat', join(data, 'a')],
          restore_command: ['sh', '-c', 'cat > "$1"', 'sh', join(data, 'a')],
        },
        {
          name: 'b',
          command: ['cat', join(data, 'b')],
          restore_command: [
            'sh',
            '-c',
            'cat > "$1"; ! rm "$2" 2>/dev/null',
            'sh',
            join(data, 'b'),
            join(data, 'breaks'),
          ],
        },
      ],
    ));

  it('gives it the secrets before the dump, and all of the dump', () =>
    within(
      async (place) => {
        await place.protect('run1');
        await place.restore('run2', await place.newest(), {});
        const [login, ...rest] = readFileSync(join(place.data, 'got')).toString('latin1').split('\n');
        assert.equal(login, 'plain-canary');
        assert.equal(rest.join('\n').length, 300_000);
      },
      (data) => [
        sh('bytes', 'head -c 300000 /dev/zero', {
          secrets: [{ name: 'LOGIN', from: { file: '/run/two' } }],
          restore_command: ['sh', '-c', '{ echo "$LOGIN"; cat; } > "$1"', 'sh', join(data, 'got')],
        }),
      ],
      {},
      { '/run/two': 'plain-canary' },
    ));

  it('is not begun with a dump that is damaged, nor where what is there cannot be dumped', () =>
    within(
      async (place) => {
        const live = join(place.data, 'live');
        writeFileSync(live, 'monday');
        await place.protect('run1');
        const point = await place.newest();
        rmSync(live);
        await assert.rejects(
          place.restore('run2', point, {}),
          (error) => error instanceof Fault && error.code === 'nothing-dumped',
        );
        assert.ok(!existsSync(live));
        writeFileSync(live, 'tuesday');
        const part = join(point.folder, takenIn(point.manifest)[0]?.part ?? '');
        writeFileSync(part, Buffer.alloc(readFileSync(part).length));
        await assert.rejects(
          place.restore('run3', point, {}),
          (error) => error instanceof Fault && error.code === 'point-damaged',
        );
        assert.equal(readFileSync(live, 'utf8'), 'tuesday');
      },
      (data) => [
        {
          name: 'live',
          command: ['cat', join(data, 'live')],
          restore_command: ['sh', '-c', 'cat > "$1"', 'sh', join(data, 'live')],
        },
      ],
    ));

  it('is refused where nothing takes it, and says that the program may destroy what is there', () =>
    within(
      async (place) => {
        await place.protect('run1');
        const point = await place.newest();
        const refusal = (wish: object) => place.planned(point, wish).refusals[0]?.code;
        assert.equal(refusal({}), 'nothing-takes-it');
        assert.equal(refusal({ only: 'other' }), 'not-in-point');
        assert.equal(refusal({ only: 'able', target: 'there' }), 'target-unclear');
        const { steps, refusals } = place.planned(point, { only: 'able' });
        assert.deepEqual([refusals, steps.map(({ risk }) => risk)], [[], ['adds', 'destroys']]);
        assert.match(steps[1]?.means?.join() ?? '', /may be destroyed/);
      },
      () => [
        { name: 'able', command: ['echo', 'x'], restore_command: ['cat'] },
        { name: 'unable', command: ['echo', 'x'] },
      ],
    ));
});
