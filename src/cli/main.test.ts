// How a command ends, whatever becomes of those who read it.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { estateIn, holdfast } from '../../test/e2e/estate.test-support.ts';
import { instantAt } from '../values/instant.ts';
import { plain } from '../values/paint.ts';
import { entryAsText } from './run-telling.ts';

const empty = 'estate: quiet\n';
const unreachable = `
estate: dark
pve: [{ name: ruapehu, url: "https://127.0.0.1:1", token: { id: a@pve!b, secret: { env: NO_SUCH_TOKEN } }, trust: ca }]
`;

describe('a reader that is gone', () => {
  for (const gone of ['stdout', 'stderr'] as const)
    it(`from ${gone} changes neither what is done nor the exit code`, async () => {
      const estate = estateIn(empty, 'quiet');
      for (const [args, code] of [
        [['runs'], 0],
        [['--json', 'log', 'none'], 64],
      ] as const) {
        const started = estate.start(...args);
        started.process[gone]?.destroy();
        const [ended] = await once(started.process, 'close');
        assert.equal(ended, code, started.said.stderr);
        assert.doesNotMatch(started.said.stderr, /EPIPE/);
      }
      estate.close();
    });

  it('is not a full disk: an answer that could not be written is a failure', () => {
    const estate = estateIn(empty, 'quiet');
    const full = openSync('/dev/full', 'w');
    const [program = '', ...rest] = holdfast;
    const { status, stderr } = spawnSync(program, [...rest, '--estate', estate.file, '--state', estate.state, 'runs'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    estate.close();
    assert.equal(status, 1);
    assert.match(stderr, /could not be written: ENOSPC/);
  });
});

describe('the answer', () => {
  it('of doctor is not "nothing wrong" where nothing could be looked at', async () => {
    const estate = estateIn(unreachable, 'dark');
    const { status, stdout, stderr } = await estate.type('doctor', '--detailed-exitcode');
    assert.equal(status, 2, stderr);
    assert.match(stdout, /CRITICAL {2}ruapehu could not be asked/);
    assert.doesNotMatch(stdout, /Nothing wrong was found/);
    estate.close();
  });

  it('of plan --out says what to do where the file cannot be written, and calls it no defect', async () => {
    const estate = estateIn(empty, 'quiet');
    const { status, stderr } = await estate.type('plan', '--out', join(estate.folder, 'nowhere', 'plan.json'));
    assert.equal(status, 1);
    assert.match(stderr, /file-missing/);
    assert.doesNotMatch(stderr, /defect/);
    estate.close();
  });

  it('of apply refuses what is no file of a plan, and waits for nothing', async () => {
    const estate = estateIn(empty, 'quiet');
    const pipe = join(estate.folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const [file, says] of [
      [pipe, /no regular file/],
      ['/dev/zero', /no regular file/],
      [join(estate.folder, 'nowhere'), /no such file/],
    ] as const) {
      const { status, stderr } = await estate.type('apply', file, '--yes');
      assert.ok(status === 1 || status === 65, `${file}: ${status}`);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /defect/);
    }
    estate.close();
  });

  it('to a misspelt channel is 64 on a good day, too, and help is no mistake', async () => {
    const estate = estateIn(empty, 'quiet');
    const told = await estate.type('doctor', '--tell', 'nobody');
    assert.deepEqual([told.status, /channel-unknown/.test(told.stderr)], [64, true]);
    const help = spawnSync(holdfast[0] ?? '', [...holdfast.slice(1), 'help'], { encoding: 'utf8' });
    assert.equal(help.status, 0, help.stderr);
    estate.close();
  });

  it('of apply refuses a plan that does not say when it was made', async () => {
    const estate = estateIn(empty, 'quiet');
    const file = join(estate.folder, 'plan.json');
    assert.equal((await estate.type('plan', '--out', file)).status, 0);
    assert.equal((await estate.type('apply', file, '--yes')).status, 0, 'as it was made, it is taken');
    const made = JSON.parse((await estate.type('--json', 'plan')).stdout);
    writeFileSync(file, JSON.stringify({ ...made, madeAt: 'some day' }));
    const { status, stderr } = await estate.type('apply', file, '--yes');
    assert.equal(status, 65);
    assert.match(stderr, /plan-expired/);
    rmSync(file);
    estate.close();
  });

  it('to a --pve that holds a login, or is no URL, is 64 before anybody is asked', async () => {
    const estate = estateIn(empty, 'quiet');
    const token = ['--pve-token', 'a@pve!b=env:TOKEN', '--pve-fingerprint', Array(32).fill('AB').join(':')];
    for (const url of ['https://root:hunter2@127.0.0.1:8006', 'http://127.0.0.1:8006', 'nonsense']) {
      const { status, stdout, stderr } = await estate.type('plan', '--pve', url, ...token);
      assert.equal(status, 64, stderr);
      assert.doesNotMatch(`${stdout}${stderr}`, /hunter2/);
    }
    estate.close();
  });
});

describe('what a run tells', () => {
  const fault = { code: 'c', where: 'w', says: 'bad \u001b[2J news', remedy: 'mend it' };
  const entry = { sequence: 1, run: 'r', path: 'p', at: instantAt(0) };
  for (const event of ['failed', 'in doubt', 'not undone', 'not released', 'refused'] as const)
    it(`(${event}) says what to do, and steers no terminal`, () => {
      const text = entryAsText({ ...entry, event, fault }, 'title \u001b]0;x', plain) ?? '';
      assert.match(text, /do this: mend it/);
      assert.doesNotMatch(text, /\u001b/);
    });
});
