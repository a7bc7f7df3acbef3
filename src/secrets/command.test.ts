import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { type Clock, systemClock } from '../values/instant.ts';
import { secretStore } from './resolve.ts';
import { anything, fileIn, inFolder, settings } from './secrets.test-support.ts';

const audience = 'ruapehu:8006';

const script = (folder: string, body: string): Promise<string> =>
  fileIn(folder, 'get-secret', `#!/bin/sh\n${body}\n`, 0o755);

async function printed(path: string, args: readonly string[] = [], parts = {}): Promise<string> {
  const store = secretStore(settings(parts), { ...anything, commands: [{ path }] });
  return (await store({ command: [path, ...args] }, audience)).revealTo(audience);
}

async function processesWith(text: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')));
  return lines.filter((line) => line.includes(text)).length;
}

describe('a secret of a command', () => {
  it('is what the program prints, arguments passed as they are', () =>
    inFolder(async (folder) => {
      const path = await script(folder, 'printf "canary:%s\\n" "$1"');
      assert.equal(await printed(path, ['a b; $(touch x) "']), 'canary:a b; $(touch x) "');
    }));

  it('is refused without a line in the guard file, which the fault spells out', () =>
    inFolder(async (folder) => {
      const path = await script(folder, `touch ${join(folder, 'ran')}; echo canary`);
      const store = secretStore(settings(), anything);
      await assert.rejects(store({ command: [path, 'show', 'x'] }, audience), (thrown: unknown) => {
        assert.ok(thrown instanceof Fault);
        assert.equal(thrown.code, 'secret-refused');
        assert.ok(thrown.remedy.includes(`commands: [{ path: ${path}, args: ["show","x"] }]`));
        return true;
      });
      assert.deepEqual(await readdir(folder), ['get-secret']);
    }));

  it('is run with the arguments of the guard file only, where it fixes them', () =>
    inFolder(async (folder) => {
      const path = await script(folder, 'echo "canary $1"');
      const store = secretStore(settings(), { ...anything, commands: [{ path, args: ['one'] }] });
      assert.equal((await store({ command: [path, 'one'] }, audience)).revealTo(audience), 'canary one');
      for (const args of [[], ['two'], ['one', 'more']])
        await assert.rejects(store({ command: [path, ...args] }, audience), /may not be run/);
    }));

  it('sees nothing of our environment but the id of the run, and gets no input', () =>
    inFolder(async (folder) => {
      const path = await script(folder, 'env | sed "s/=.*//" | sort | tr "\\n" " "; cat');
      const env = { HOLDFAST_RUN: '20300101T000000-aaaaaa', PBS_TOKEN: 'canary', LD_PRELOAD: '/nowhere' };
      const seen = (await printed(path, [], { env })).trim().split(' ');
      // The shell adds PWD, and some add _ and SHLVL.
      assert.deepEqual(
        seen.filter((name) => !['PWD', '_', 'SHLVL', 'OLDPWD'].includes(name)),
        ['HOLDFAST_RUN', 'HOME', 'LANG', 'PATH'],
      );
    }));

  it('says how it failed without repeating what it said', () =>
    inFolder(async (folder) => {
      const path = await script(folder, 'echo canary-on-stdout; echo canary-on-stderr >&2; exit 3');
      await assert.rejects(printed(path), (thrown: unknown) => {
        assert.ok(thrown instanceof Fault);
        assert.equal(thrown.code, 'secret-command-failed');
        assert.match(thrown.says, /ended with 3/);
        assert.doesNotMatch(JSON.stringify(thrown) + thrown.stack, /canary/);
        return true;
      });
    }));

  it('is ended when it prints without end', () =>
    inFolder(async (folder) => {
      await assert.rejects(printed(await script(folder, 'yes canary')), /more than 64 KiB/);
    }));

  it('is ended with all it started when it takes too long', () =>
    inFolder(async (folder) => {
      const mark = `31${process.pid}7`;
      const path = await script(folder, `sleep ${mark} & touch ${join(folder, 'started')}; wait`);
      // The ten seconds are over as soon as the program runs.
      const clock: Clock = {
        ...systemClock,
        sleep: async (_, signal) => {
          while (!(await readdir(folder)).includes('started')) signal?.throwIfAborted();
        },
      };
      await assert.rejects(printed(path, [], { clock }), /not ended after 10 s/);
      while ((await processesWith(`sleep\0${mark}`)) > 0);
    }));

  it('is not run where somebody else could have changed it', () =>
    inFolder(async (folder) => {
      const path = await fileIn(folder, 'get-secret', '#!/bin/sh\necho canary\n', 0o777);
      await assert.rejects(printed(path), /others can change the program/);
      await assert.rejects(printed(join(folder, 'none')), /no such program/);
      await assert.rejects(printed(await fileIn(folder, 'text', 'canary', 0o600)), /is no program/);
    }));
});
