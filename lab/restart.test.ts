// A folder, a lab, the next lab.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Fault } from '../src/fault.ts';
import { testLab } from './ask.test-support.ts';
import { faultCatalogue } from './faults/catalogue.ts';
import { startLab } from './lab.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-lab-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
const isFault = (code: string, exit: string) => (thrown: unknown) =>
  thrown instanceof Fault && thrown.code === code && thrown.exit === exit && thrown.remedy !== '';

describe('the folder of a lab', () => {
  it('is made where it is not there', async () => {
    dir = join(dir, 'a', 'b');
    const lab = await startLab({ dir });
    assert.deepEqual([...lab.files].sort(), readdirSync(dir).sort());
    await lab.close();
  });
  it('is refused where it holds what no lab wrote, and stays as it is', async () => {
    writeFileSync(join(dir, 'estate.yaml'), 'estate: mine\n');
    await assert.rejects(startLab({ dir }), isFault('lab-folder-in-use', 'misused'));
    assert.deepEqual(readdirSync(dir), ['estate.yaml']);
    assert.equal(read('estate.yaml'), 'estate: mine\n');
    await assert.rejects(startLab({ dir: join(dir, 'estate.yaml') }), isFault('lab-folder-in-use', 'misused'));
  });
  it('is refused where it cannot be made', async () => {
    // Nobody, not even root, makes a folder with a name that long.
    await assert.rejects(startLab({ dir: join(dir, 'x'.repeat(300)) }), isFault('misused', 'misused'));
  });
  it('is refused while a lab runs in it, and that one goes on', async () => {
    const lab = await startLab({ dir });
    const before = read('lab.json');
    await assert.rejects(startLab({ dir }), isFault('lab-running', 'locked'));
    assert.equal(read('lab.json'), before);
    assert.equal((await fetch(`${lab.control}/faults`)).status, 200);
    await lab.close();
  });
  it('says when a lab is gone, and takes the next one, with other secrets and an empty log', async () => {
    const first = await startLab({ dir });
    const secret = read('ruapehu.token');
    writeFileSync(join(dir, 'requests.ndjson'), '{}\n');
    await first.close();
    assert.ok(!existsSync(join(dir, 'lab.json')));
    const second = await startLab({ dir });
    await first.close();
    assert.notEqual(read('ruapehu.token'), secret);
    assert.equal(read('requests.ndjson'), '');
    assert.ok(existsSync(join(dir, 'lab.json')));
    await second.close();
  });
  it('is taken after a lab that was killed: what it left answers nobody', async () => {
    const first = await startLab({ dir });
    const left = read('lab.json');
    await first.close();
    writeFileSync(join(dir, 'lab.json'), left);
    const second = await startLab({ dir });
    assert.notEqual(read('lab.json'), left);
    await second.close();
  });
  it('has the same modes whatever the umask is', async () => {
    const mask = process.umask(0o077);
    try {
      const lab = await startLab({ dir });
      const modes = Object.fromEntries(readdirSync(dir).map((name) => [name, statSync(join(dir, name)).mode & 0o777]));
      assert.deepEqual(
        ['ruapehu.token', 'ruapehu.key', 'ruapehu.pem', 'estate.yaml', 'requests.ndjson', 'lab.json'].map(
          (name) => modes[name],
        ),
        [0o600, 0o600, 0o644, 0o644, 0o644, 0o644],
      );
      await lab.close();
    } finally {
      process.umask(mask);
    }
  });
});

describe('a lab', () => {
  it('ends while a backup runs and a request hangs, and can be ended twice', async () => {
    const lab = await testLab({ taskSeconds: 3600 });
    const form = { all: 1, storage: 'old-pbs' };
    const started = await lab.ask('ruapehu', 'POST', '/nodes/ruapehu/vzdump', { form });
    assert.match(String(started.json.data), /^UPID:/);
    await lab.lab.fault('ruapehu', 'slow');
    const hanging = assert.rejects(lab.ask('ruapehu', 'GET', '/version'));
    while (!lab.log().some(({ path }) => path.endsWith('/version'))) await turn();
    await lab.lab.close();
    await hanging;
    await lab[Symbol.asyncDispose]();
  });
});

describe('lab/README.md', () => {
  it('has every fault in the words of the catalogue', () => {
    const page = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
    for (const [name, { means, on }] of Object.entries(faultCatalogue)) {
      const only = on.length === 1 ? ` (${on[0].toUpperCase()})` : '';
      assert.ok(page.includes(`| \`${name}\`${only} | ${means} |`), name);
    }
  });
});
