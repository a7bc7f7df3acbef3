// What an operator is promised of programs whose output is kept; all of them are real.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { codesOf } from '../common/driver.test-support.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { dumpIn, type Given, sh, within } from './place.test-support.ts';
import { commandEntry } from './schema.ts';

const isRoot = process.getuid?.() === 0;

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
    assert.match(await whyMissing(sh('bad', 'echo all', { allowed_exit_codes: [7] })), /ended with 0, and that is not/);
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
    const whole = { begins_with: '-- a dump of it', ends_with: '-- the end of it', secrets: both };
    for (const body of ['echo "$SECOND"', 'echo "-- a dump of it"; echo "login as $SECOND"']) {
      const ended = await whyMissing(sh('bad', body, whole), {}, secrets);
      assert.match(ended, /it (begins|ends) otherwise than declared/);
      assert.ok(!/can|nary/.test(ended), ended);
    }
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
