// What every machine promises, however it is reached. Each implementation runs these against itself.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { milliseconds } from '../values/duration.ts';
import { systemClock } from '../values/instant.ts';
import type { Machine } from './machine.ts';

export type Opened = Readonly<{
  machine: Machine;
  /** an empty folder on that machine */
  folder: string;
  /** processes there that have this text as one of their arguments */
  processesWith(text: string): Promise<number>;
  /** where there is a connection: ends it at its other end, without a word */
  cut?(): Promise<void>;
  close(): Promise<void>;
}>;

const code = (expected: string) => (error: unknown) => error instanceof Fault && error.code === expected;

const hostileNames = [
  '-rf',
  '--help',
  '$(touch x)',
  '`touch x`',
  '; touch x',
  'a\nb',
  `it's "quoted"`,
  'back\\slash',
  ' leading and trailing ',
  '*',
  'ünïcode 名前',
  '\u202egnp.exe',
  '\u001b[31mred',
  'x'.repeat(255),
] as const;

/** A sleep that no other test on this machine sleeps, so that it can be found among all processes. */
const long = (nth: number): string => `4711.${nth}${process.pid}`;

/** A shell goes on while what it put into the background is still on its way. */
export async function begun(on: Pick<Opened, 'processesWith'>, text: string): Promise<void> {
  await until(`${text} has begun`, async () => (await on.processesWith(text)) > 0);
}

const gone = (on: Opened, text: string): Promise<void> =>
  until(`${text} is gone`, async () => (await on.processesWith(text)) === 0);

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const last = systemClock.monotonic() + 60_000;
  while (!(await holds())) assert.ok(systemClock.monotonic() < last, `still not so: ${what}`);
}

/** Processes with the text anywhere in their arguments or environment. */
function holdersOf(text: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.filter((pid) =>
    ['cmdline', 'environ'].some((file) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`).includes(text);
      } catch {
        return false;
      }
    }),
  );
}

export function machineContract(name: string, open: () => Promise<Opened>): void {
  describe(`${name}: commands`, () => {
    let on: Opened;
    before(async () => {
      on = await open();
    });
    after(() => on.close());

    it('gives back the exit code, the output and the errors of a command', async () => {
      const ended = await on.machine.run(['sh', '-c', 'echo out; echo err >&2; exit 3']);
      assert.deepEqual(ended, { exitCode: 3, signal: undefined, stdout: 'out\n', stderr: 'err\n' });
    });

    it('names the signal that killed a command', async () => {
      const { exitCode, signal } = await on.machine.run(['sh', '-c', 'kill -KILL $$']);
      assert.deepEqual({ exitCode, signal }, { exitCode: 137, signal: 'SIGKILL' });
    });

    it('says that a command is missing, which is not a failure of the command', async () => {
      await assert.rejects(on.machine.run(['holdfast-no-such-command']), code('command-missing'));
      assert.equal((await on.machine.run(['sh', '-c', 'holdfast-no-such-command'])).exitCode, 127);
    });

    it('hands over arguments as they are, whatever they look like', async () => {
      const { stdout } = await on.machine.run(['printf', '%s\\0', ...hostileNames, '']);
      assert.deepEqual(stdout.split('\0').slice(0, -1), [...hostileNames, '']);
    });

    it('hands over an argument of every character there is but NUL', async () => {
      const every = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).join('');
      assert.equal((await on.machine.run(['printf', '%s', every])).stdout, every);
    });

    it('keeps what a command is given on its input out of every argument and environment', async () => {
      const secret = `secret-${randomBytes(12).toString('hex')}`;
      const { stdout, ended } = on.machine.stream(
        ['sh', '-c', 'read -r s; printf %s "$s" | wc -c; exec sleep "$0"', long(6)],
        {
          input: `${secret}\n`,
        },
      );
      for await (const chunk of stdout) {
        assert.equal(Buffer.from(chunk).toString(), `${secret.length}\n`);
        await begun(on, long(6));
        assert.deepEqual(holdersOf(secret), []);
        assert.ok(holdersOf(long(6)).length > 0, 'it would have been found');
        break;
      }
      await ended.catch(() => {});
    });

    it('gives a command its input, and nothing of our own environment', async () => {
      assert.equal((await on.machine.run(['cat'], { input: 'a secret' })).stdout, 'a secret');
      process.env['HOLDFAST_TEST_SECRET'] = 'must not be inherited';
      const { stdout } = await on.machine.run(['env'], { env: { GIVEN: 'yes' } });
      delete process.env['HOLDFAST_TEST_SECRET'];
      assert.match(stdout, /^GIVEN=yes$/m);
      assert.match(stdout, /^LANG=C\.UTF-8$/m);
      assert.doesNotMatch(stdout, /HOLDFAST_TEST_SECRET/);
    });

    it('does not mind a command that ends before it has read its input', async () => {
      assert.equal((await on.machine.run(['true'], { input: 'x'.repeat(1e6) })).exitCode, 0);
    });

    it('keeps 1 MiB of what a talkative command says, and says that it cut the rest', async () => {
      const { exitCode, stdout } = await on.machine.run(['head', '-c', '3000000', '/dev/zero']);
      assert.equal(exitCode, 0);
      assert.equal(stdout.indexOf('\n(cut here: '), 1024 * 1024);
      assert.match(stdout, /\(cut here: 1951424 more bytes\)$/);
    });

    it('kills a command that is overdue', async () => {
      const started = on.machine.run(['sleep', long(1)], { deadline: milliseconds(50) });
      await assert.rejects(started, code('command-overdue'));
      assert.equal(await on.processesWith(long(1)), 0);
    });

    it('kills what a cancelled command has started, too, and only then says that it was cancelled', async () => {
      const cancel = new AbortController();
      const { stdout } = on.machine.stream(['sh', '-c', `sleep ${long(2)} & echo started; wait`], {
        signal: cancel.signal,
      });
      const reason = new Error('enough');
      await assert.rejects(async () => {
        for await (const _ of stdout) {
          await begun(on, long(2));
          cancel.abort(reason);
        }
      }, reason);
      assert.equal(await on.processesWith(long(2)), 0);
    });

    it('kills a command whose reader leaves early, with what it has started', async () => {
      const { stdout } = on.machine.stream(['sh', '-c', `sleep ${long(5)} & echo started; wait`]);
      for await (const _ of stdout) {
        await begun(on, long(5));
        break;
      }
      assert.equal(await on.processesWith(long(5)), 0);
    });

    it('kills a command that does not listen to a polite signal', async () => {
      const cancel = new AbortController();
      const script = `trap "" TERM; echo deaf; while :; do sleep ${long(3)}; done`;
      const { stdout, ended } = on.machine.stream(['sh', '-c', script], { signal: cancel.signal });
      await assert.rejects(
        async () => {
          for await (const _ of stdout) cancel.abort();
        },
        { name: 'AbortError' },
      );
      await assert.rejects(ended, { name: 'AbortError' });
      assert.equal(await on.processesWith(long(3)), 0);
    });

    it('starts nothing for a run that is cancelled already', async () => {
      await assert.rejects(on.machine.run(['touch', join(on.folder, 'begun')], { signal: AbortSignal.abort() }));
      assert.equal(await on.machine.files.info(join(on.folder, 'begun')), undefined);
    });

    it('streams more than memory should hold, bit for bit, and lets the command wait for a slow reader', async () => {
      const total = 200_000_000;
      const { stdout, ended } = on.machine.stream(['head', '-c', String(total), '/dev/zero']);
      const hash = createHash('sha256');
      let read = 0;
      const before = process.memoryUsage().arrayBuffers;
      for await (const chunk of stdout) {
        if (read === 0) {
          // While the same amount runs through unhindered, this command must be held back by what we have not read.
          await on.machine.run(['sh', '-c', `head -c ${total} /dev/zero | cat >/dev/null`]);
          assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000);
        }
        hash.update(chunk);
        read += chunk.length;
      }
      assert.equal((await ended).exitCode, 0);
      assert.equal(read, total);
      const expected = createHash('sha256');
      for (let at = 0; at < total; at += 1_000_000) expected.update(Buffer.alloc(1_000_000));
      assert.equal(hash.digest('hex'), expected.digest('hex'));
    });

    it('tells a reader of the output when the command failed half-way', async () => {
      const { stdout, ended } = on.machine.stream(['sh', '-c', 'echo half; exit 7']);
      const read: Uint8Array[] = [];
      for await (const chunk of stdout) read.push(Buffer.from(chunk));
      assert.equal(Buffer.concat(read).toString(), 'half\n');
      assert.equal((await ended).exitCode, 7);
    });

    it('feeds a command piece by piece, from one buffer that is used again', async () => {
      const feeding = on.machine.feed(['sha256sum']);
      const piece = Buffer.alloc(100_000);
      const expected = createHash('sha256');
      for (let index = 0; index < 50; index += 1) {
        piece.fill(index);
        expected.update(piece);
        assert.equal(await feeding.write(piece), true);
      }
      const { exitCode, stdout } = await feeding.close();
      assert.deepEqual([exitCode, stdout.slice(0, 64)], [0, expected.digest('hex')]);
    });

    it('says when a fed command reads no more, and then why', async () => {
      const feeding = on.machine.feed(['sh', '-c', 'echo full >&2; exit 9']);
      let reads = true;
      while (reads) reads = await feeding.write(Buffer.alloc(1_000_000));
      const { exitCode, stderr } = await feeding.close();
      assert.deepEqual([exitCode, stderr], [9, 'full\n']);
    });

    it('talks with a command both ways at once, far more than a pipe holds, and hears what it says last', async () => {
      const talking = on.machine.talk(['sh', '-c', 'cat; echo over; echo aside >&2; exit 4']);
      const total = 20_000_000;
      const says = (async () => {
        const piece = Buffer.alloc(1_000_000);
        for (let at = 0; at < total; at += piece.length) {
          piece.fill(at / piece.length);
          assert.equal(await talking.write(piece), true);
        }
        await talking.hush();
      })();
      const heard = createHash('sha256');
      for await (const chunk of talking.stdout) heard.update(chunk);
      await says;
      const expected = createHash('sha256');
      for (let at = 0; at < total; at += 1_000_000) expected.update(Buffer.alloc(1_000_000, at / 1_000_000));
      assert.equal(heard.digest('hex'), expected.update('over\n').digest('hex'));
      const { exitCode, stderr } = await talking.ended;
      assert.deepEqual([exitCode, stderr], [4, 'aside\n']);
    });

    it('answers word for word while it is talked with, and says when it listens no more', async () => {
      const talking = on.machine.talk(['sh', '-c', 'read -r a; echo "heard $a"; read -r b; echo "and $b"; exit 0']);
      await talking.write(Buffer.from('one\n'));
      const heard: string[] = [];
      for await (const chunk of talking.stdout) {
        heard.push(Buffer.from(chunk).toString());
        if (heard.length === 1) await talking.write(Buffer.from('two\n'));
      }
      assert.equal(heard.join(''), 'heard one\nand two\n');
      assert.equal((await talking.ended).exitCode, 0);
      assert.equal(await talking.write(Buffer.alloc(1_000_000)), false);
    });

    it('ends a command that is talked with when its talker leaves, and when it is cancelled', async () => {
      const script = 'echo begun; exec sleep "$0"';
      const left = on.machine.talk(['sh', '-c', script, long(9)]);
      for await (const _ of left.stdout) break;
      assert.equal(await on.processesWith(long(9)), 0);
      const cancel = new AbortController();
      const cancelled = on.machine.talk(['sh', '-c', script, long(10)], { signal: cancel.signal });
      await assert.rejects(
        async () => {
          for await (const _ of cancelled.stdout) cancel.abort();
        },
        { name: 'AbortError' },
      );
      await assert.rejects(cancelled.ended, { name: 'AbortError' });
      assert.equal(await on.processesWith(long(10)), 0);
    });

    it('stops feeding when it is cancelled', async () => {
      const cancel = new AbortController();
      const feeding = on.machine.feed(['sleep', long(4)], { signal: cancel.signal });
      const full = (async () => {
        while (await feeding.write(Buffer.alloc(1_000_000)));
      })();
      cancel.abort();
      await assert.rejects(full, { name: 'AbortError' });
      await assert.rejects(feeding.close(), { name: 'AbortError' });
      assert.equal(await on.processesWith(long(4)), 0);
    });
  });

  describe(`${name}: a connection that ends`, () => {
    let on: Opened;
    before(async () => {
      on = await open();
    });
    after(() => on.close());

    it('is a fault and no exit code, and nothing goes on there', async (test) => {
      const { machine, cut } = on;
      if (cut === undefined) return test.skip('there is no connection');
      const script = `sleep ${long(7)} >/dev/null 2>&1 & sleep ${long(8)}; exit 0`;
      const running = machine.run(['sh', '-c', script]);
      await Promise.all([begun(on, long(7)), begun(on, long(8))]);
      await Promise.all([cut(), assert.rejects(running, code('machine-connection-lost'))]);
      await gone(on, long(7));
      await gone(on, long(8));
    });

    it('does not make a whole file of half a content', async (test) => {
      const { machine, cut, folder } = on;
      if (cut === undefined) return test.skip('there is no connection');
      const sink = await machine.files.sink(join(folder, 'half'), 0o600);
      await sink.write(Buffer.from('half'));
      await cut();
      await assert.rejects(sink.close(), code('machine-connection-lost'));
      assert.equal((await machine.run(['true'])).exitCode, 0);
    });
  });

  describe(`${name}: files`, () => {
    let on: Opened;
    before(async () => {
      on = await open();
    });
    after(() => on.close());
    const at = (...parts: readonly string[]) => join(on.folder, ...parts);
    const textOf = async (path: string) =>
      Buffer.from((await on.machine.files.read(path, 1000)) ?? 'nothing').toString();

    it('tells what a path is without following a link', async () => {
      const { files } = on.machine;
      await files.write(at('file'), 'five!', 0o640);
      await on.machine.run(['ln', '-s', 'file', at('link')]);
      await on.machine.run(['mkfifo', at('fifo')]);
      const file = await files.info(at('file'));
      assert.deepEqual([file?.type, file?.size, file?.mode, file?.links], ['file', 5, 0o640, 1]);
      const link = await files.info(at('link'));
      assert.deepEqual([link?.type, link?.target], ['link', 'file']);
      assert.equal((await files.info(at('fifo')))?.type, 'fifo');
      assert.equal((await files.info(on.folder))?.type, 'folder');
      assert.equal(await files.info(at('nothing')), undefined);
      assert.equal(await files.info(at('file', 'below')), undefined);
    });

    it('reads a file up to a limit, and neither through a link nor from a fifo', async () => {
      const { files } = on.machine;
      await files.write(at('ten'), '0123456789', 0o600);
      await on.machine.run(['ln', '-s', 'ten', at('to-ten')]);
      await on.machine.run(['mkfifo', at('pipe')]);
      assert.equal(Buffer.from((await files.read(at('ten'), 10)) ?? '').toString(), '0123456789');
      await assert.rejects(files.read(at('ten'), 9), code('file-too-large'));
      await assert.rejects(files.read(at('to-ten'), 10), code('file-is-link'));
      await assert.rejects(files.read(at('pipe'), 10), code('file-unexpected'));
      assert.equal(await files.read(at('nothing'), 10), undefined);
    });

    it('replaces a file as a whole, and leaves nothing beside it', async () => {
      const { files } = on.machine;
      await files.makeFolder(at('whole'), 0o700);
      await files.write(at('whole', 'file'), 'old', 0o600);
      await files.write(at('whole', 'file'), 'new', 0o644);
      assert.equal(await textOf(at('whole', 'file')), 'new');
      assert.equal((await files.info(at('whole', 'file')))?.mode, 0o644);
      assert.deepEqual(await files.list(at('whole')), ['file']);
    });

    it('writes a new file piece by piece, never over one that is there, and gives one up without a trace', async () => {
      const { files } = on.machine;
      const sink = await files.sink(at('sunk'), 0o600);
      for (const piece of ['one ', 'two']) await sink.write(Buffer.from(piece));
      await sink.close();
      assert.equal(await textOf(at('sunk')), 'one two');
      assert.equal((await files.info(at('sunk')))?.mode, 0o600);
      await assert.rejects(files.sink(at('sunk'), 0o600), code('file-exists'));
      const given = await files.sink(at('given-up'), 0o600);
      await given.write(Buffer.from('half'));
      await given.abandon();
      assert.equal(await files.info(at('given-up')), undefined);
    });

    it('reads a file in pieces, from where it is told to, until it is cancelled', async () => {
      const { files } = on.machine;
      const content = Buffer.alloc(3_000_000, 'abcdefg');
      await files.write(at('pieces'), content, 0o600);
      const read: Buffer[] = [];
      for await (const piece of files.source(at('pieces'), { from: 10 })) read.push(Buffer.from(piece));
      assert.ok(Buffer.concat(read).equals(content.subarray(10)));
      const cancel = new AbortController();
      await assert.rejects(
        async () => {
          for await (const _ of files.source(at('pieces'), { signal: cancel.signal })) cancel.abort();
        },
        { name: 'AbortError' },
      );
      await assert.rejects(async () => {
        for await (const _ of files.source(at('nothing'))) assert.fail('there is nothing');
      }, code('file-missing'));
    });

    it('lists a folder, and tells an empty one from none', async () => {
      const { files } = on.machine;
      await files.makeFolder(at('listed'), 0o755);
      assert.deepEqual(await files.list(at('listed')), []);
      for (const hostile of hostileNames) await files.write(at('listed', hostile), hostile, 0o600);
      assert.deepEqual(await files.list(at('listed')), [...hostileNames].sort());
      for (const hostile of hostileNames) assert.equal(await textOf(at('listed', hostile)), hostile);
      assert.equal(await files.list(at('nothing')), undefined);
    });

    it('refuses a name that is no UTF-8 instead of mangling it', async () => {
      await on.machine.files.makeFolder(at('bytes'), 0o755);
      await on.machine.run(['sh', '-c', 'cd "$1" && touch "$(printf "\\377")"', 'sh', at('bytes')]);
      await assert.rejects(on.machine.files.list(at('bytes')), code('name-not-utf8'));
    });

    it('makes a folder once, and takes nothing else for one', async () => {
      const { files } = on.machine;
      await files.makeFolder(at('made'), 0o750);
      await files.makeFolder(at('made'), 0o700);
      assert.equal((await files.info(at('made')))?.mode, 0o750);
      await on.machine.run(['ln', '-s', 'made', at('to-made')]);
      await assert.rejects(files.makeFolder(at('to-made'), 0o700), code('file-exists'));
      await assert.rejects(files.makeFolder(at('no', 'parent'), 0o700), code('file-missing'));
    });

    it('renames, and removes a tree without following a link out of it', async () => {
      const { files } = on.machine;
      await files.makeFolder(at('tree'), 0o755);
      await files.makeFolder(at('kept'), 0o755);
      await files.write(at('kept', 'precious'), 'stays', 0o600);
      await on.machine.run(['ln', '-s', at('kept'), at('tree', 'way-out')]);
      for (const hostile of hostileNames) await files.write(at('tree', hostile), '', 0o600);
      await files.rename(at('tree'), at('moved'));
      assert.equal(await files.info(at('tree')), undefined);
      await files.remove(at('moved'));
      await files.remove(at('moved'));
      assert.equal(await files.info(at('moved')), undefined);
      assert.equal(await textOf(at('kept', 'precious')), 'stays');
    });

    it('knows how much room is left', async () => {
      const { free, total } = await on.machine.files.space(on.folder);
      assert.ok(free > 0 && free <= total);
    });
  });
}
