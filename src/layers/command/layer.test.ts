// What an operator is promised of programs whose output is kept; all of them are real.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Fault } from '../../fault.ts';
import { codesOf } from '../common/driver.test-support.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { dumpIn, type Place, placeWith } from './place.test-support.ts';
import { commandEntry } from './schema.ts';

const has = (program: string): boolean => existsSync(`/usr/bin/${program}`);
const isRoot = process.getuid?.() === 0;

type Given = Parameters<typeof placeWith>;

async function within(work: (place: Place) => Promise<void>, ...given: Given): Promise<void> {
  const place = placeWith(...given);
  try {
    await work(place);
    assert.deepEqual(place.left(), []);
  } finally {
    place.close();
  }
}

const sh = (name: string, text: string, more: object = {}) => ({ name, command: ['sh', '-c', text], ...more });

/** What is missing in the point of a run beside which one is whole, and why. */
async function whyMissing(one: object, ...[more, secrets]: [Given[1]?, Given[2]?]): Promise<string> {
  let says = '';
  await within(
    async (place) => {
      const { degraded } = await place.protect('run1');
      const point = await place.newest();
      assert.deepEqual(
        takenIn(point.manifest).map(({ name }) => name),
        ['good'],
      );
      says = degraded.join();
    },
    () => [{ name: 'good', command: ['echo', 'good'] }, one],
    more,
    secrets,
  );
  return says;
}

describe('the output of a program', () => {
  it('is kept as it came: a tree by tar, which tar compares', () =>
    within(
      async (place) => {
        for (const name of ['one', `it's "two"\n`, 'ünï']) writeFileSync(join(place.data, name), `content of ${name}`);
        assert.deepEqual((await place.protect('run1')).degraded, []);
        const point = await place.newest();
        const back = join(place.folder, 'back');
        await place.restore('run2', point, { target: back });
        assert.deepEqual(readdirSync(back), ['a%20tree.tar']);
        execFileSync('tar', ['--compare', '--file', join(back, 'a%20tree.tar'), '-C', place.data]);
        writeFileSync(join(place.data, 'one'), 'other content');
        assert.throws(
          () =>
            execFileSync('tar', ['--compare', '--file', join(back, 'a%20tree.tar'), '-C', place.data], {
              stdio: 'ignore',
            }),
          'control',
        );
      },
      (data) => [{ name: 'a tree', command: ['tar', '--create', '--directory', data, '.'], form: 'tar' }],
    ));

  it('is packed on its way unless the program packs it itself', () =>
    within(
      async (place) => {
        await place.protect('run1');
        const point = await place.newest();
        assert.deepEqual(
          takenIn(point.manifest).map(({ compress }) => compress),
          ['zstd', 'none'],
        );
        for (const name of ['plain', 'packed']) assert.equal(dumpIn(point, name).length, 100_000);
      },
      () => [sh('plain', 'head -c 100000 /dev/zero'), sh('packed', 'head -c 100000 /dev/zero', { packed: true })],
    ));

  it('is read by nobody else: no shell, whatever the arguments are', () =>
    within(
      async (place) => {
        await place.protect('run1');
        assert.equal(dumpIn(await place.newest(), 'odd').toString(), `$(touch /tmp/x); 'a' "b" \\ *\nsecond line|`);
      },
      () => [{ name: 'odd', command: ['printf', '%s|', `$(touch /tmp/x); 'a' "b" \\ *\nsecond line`] }],
    ));

  it('of one that fails is missing by name, with its words; the others are kept', async () => {
    assert.match(
      await whyMissing(sh('bad', 'echo some; echo "no such table" >&2; exit 3')),
      /bad is missing.*dump-failed.*no such table.*exit code 3/,
    );
  });

  it('of one that dies midway is none', async () => {
    assert.match(
      await whyMissing(sh('bad', 'head -c 500000 /dev/zero; kill -9 $$')),
      /bad is missing.*dump-failed.*exit code 137/,
    );
  });

  it('of one that is not there is missing', async () => {
    assert.match(await whyMissing({ name: 'bad', command: ['no-such-program'] }), /bad is missing.*not found/);
  });

  it('of one that says nothing is none, whatever it ends with', async () => {
    assert.match(await whyMissing({ name: 'bad', command: ['true'] }), /dump-not-as-declared.*written nothing/);
  });

  it('that is too small, or begins or ends otherwise, is none', async () => {
    assert.match(await whyMissing(sh('bad', 'echo hello', { at_least: '1 KiB' })), /6 B, less than 1\.00 KiB/);
    assert.match(await whyMissing(sh('bad', 'echo hello', { begins_with: '-- dump' })), /begins with "hello/);
    assert.match(await whyMissing(sh('bad', 'echo hello; echo half', { ends_with: '-- end' })), /ends with .*half/);
    const text = 'printf "%s" "-- dump"; head -c 300000 /dev/zero; printf "%s\\n \\n\\n" "-- end"';
    await within(
      async (place) => assert.deepEqual((await place.protect('run1')).degraded, [], 'control'),
      () => [sh('whole', text, { begins_with: '-- dump', ends_with: '-- end', at_least: '300 kB' })],
    );
  });

  it('is whole with an exit code that is allowed, and with no other', async () => {
    await within(
      async (place) => assert.deepEqual((await place.protect('run1')).degraded, []),
      () => [sh('warned', 'echo all; exit 1', { allowed_exit_codes: [0, 1] })],
    );
    assert.match(await whyMissing(sh('bad', 'echo all; exit 2', { allowed_exit_codes: [0, 1] })), /exit code 2/);
    assert.match(await whyMissing(sh('bad', 'echo all', { allowed_exit_codes: [7] })), /bad is missing/);
  });

  it('that has lost its lines is suspicious, and holds the older point', () =>
    within(
      async (place) => {
        const list = join(place.data, 'list');
        writeFileSync(list, 'one line\n'.repeat(40));
        await place.protect('run1');
        assert.deepEqual(takenIn((await place.newest()).manifest)[0]?.counts, { rows: 40 });
        writeFileSync(list, '# nothing');
        const { degraded } = await place.protect('run2');
        assert.match(degraded.join(), /users.*(has no rows|has 1 rows, and had 40)/);
        assert.ok((await place.points()).some(({ held }) => held !== undefined));
      },
      (data) => [{ name: 'users', command: ['cat', join(data, 'list')], count_lines: true }],
    ));

  it('of a disk that is full is told as that', { skip: !isRoot && 'needs root' }, async () => {
    const disk = mkdtempSync(join(tmpdir(), 'holdfast-command-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m,mode=0700', 'none', disk]);
    try {
      await within(
        async (place) => {
          assert.deepEqual(codesOf(await place.protect('run1')), ['disk-full']);
          assert.deepEqual(await place.points(), []);
        },
        () => [sh('large', 'head -c 40000000 /dev/urandom')],
        { to: join(disk, 'copies') },
      );
    } finally {
      execFileSync('umount', [disk]);
      rmSync(disk, { recursive: true });
    }
  });
});

describe('a program', () => {
  const secret = `it's "a" \\ $(secret)\nof two lines\n\n`;
  const secrets = { '/run/one': secret, '/run/two': 'plain-canary' };
  const both = [
    { name: 'FIRST', from: { file: '/run/one' } },
    { name: 'SECOND', from: { file: '/run/two' } },
  ];

  it('gets its secrets to the last byte, as variables of its own and nobody else', async () => {
    const looks = `printf '%s' "$FIRST" | od -An -tx1 | tr -d ' \\n'; echo; echo "$SECOND"; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c 'plain-[c]anary'
      tr '\\0' '\\n' < /proc/$PPID/environ | grep -c -e 'plain-[c]anary' -e '^FIRST='; read -r more && echo "more: $more"; env | grep -c '^holdfast'; true`;
    await within(
      async (place) => {
        assert.deepEqual((await place.protect('run1')).degraded, []);
        const [hex = '', ...lines] = dumpIn(await place.newest(), 'looks')
          .toString()
          .trim()
          .split('\n');
        assert.equal(Buffer.from(hex, 'hex').toString(), secret);
        // In no argument of any process, not in the environment of the shell before it; nothing is left to read; no variables of that shell.
        assert.deepEqual(lines, ['plain-canary', '0', '0', '0']);
      },
      () => [sh('looks', looks, { secrets: both })],
      {},
      secrets,
    );
  });

  it('that says its secret in an error does not get it into a log', async () => {
    const says = await whyMissing(
      sh('bad', 'echo "login with $SECOND refused" >&2; exit 1', { secrets: both }),
      {},
      secrets,
    );
    assert.match(says, /login with \[secret\] refused/);
    assert.ok(!says.includes('canary'));
  });

  it('runs as the account it is to, with the variables it is given', { skip: !isRoot && 'needs root' }, () =>
    within(
      async (place) => {
        assert.deepEqual((await place.protect('run1')).degraded, []);
        assert.equal(dumpIn(await place.newest(), 'who').toString(), 'nobody a b; $HOME plain-canary\n');
      },
      () => [
        sh('who', 'echo "$(id -un) $WORDS $SECOND"', {
          as: 'nobody',
          environment: { WORDS: 'a b; $HOME' },
          secrets: both,
        }),
      ],
      {},
      secrets,
    ),
  );

  it('is declared as words: an option, a folder or a line of a shell is none', () => {
    const parse = (command: unknown, more: object = {}) =>
      commandEntry.safeParse({
        ...{ name: 'a', kind: 'command', machine: 'm', workload: 'w', to: '/b', keep: { keep_last: 1 } },
        commands: [{ name: 'one', command, ...more }],
      }).success;
    assert.ok(parse(['tar', '-c', '.']) && parse(['/usr/bin/tar']));
    for (const wrong of [[], 'tar -c', ['tar -c'], ['--tar'], ['bin/tar'], ['/bin/'], ['tar', 'a\0b'], ['']])
      assert.ok(!parse(wrong), JSON.stringify(wrong));
    assert.ok(!parse(['tar'], { secrets: [{ name: 'a b', from: { file: '/x' } }] }));
    assert.ok(!parse(['tar'], { environment: { 'A=B': 'x' } }));
  });
});

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
