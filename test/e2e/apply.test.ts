// The way of the data as an operator types it, against the lab. What is believed is the lab's own state and its request log.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Lab, startLab } from '../../lab/lab.ts';
import { folderFor } from '../folder.test-support.ts';
import { type Estate, estateAt, root, until } from './estate.test-support.ts';

let lab: Lab;
let folder: string;

type Request = Readonly<{ server: string; method: string; path: string; status: number }>;
const requests = (): readonly Request[] =>
  readFileSync(join(folder, 'requests.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const writes = (): readonly Request[] => requests().filter(({ method }) => method !== 'GET');

/** The lab's own estate, each time with a state of its own. */
const fresh = (): Estate => estateAt(join(folder, 'estate.yaml'), 'lab', folderFor('state'), folder);

describe('apply', () => {
  before(async () => {
    folder = folderFor('lab');
    lab = await startLab({ dir: folder });
  });
  after(() => lab.close());

  it('plans without writing anything, to a server or to the state', async () => {
    const estate = fresh();
    const plan = await estate.type('plan', '--detailed-exitcode');
    assert.equal(plan.status, 2, plan.stderr);
    assert.match(plan.stdout, /create storage pbs-pihanga on ruapehu/);
    assert.deepEqual(writes(), []);
    assert.equal(
      estate.journal((runs) => runs.length),
      undefined,
      'no state was made',
    );
  });

  it('refuses without a terminal and without --yes, and does nothing', async () => {
    const refused = await fresh().type('apply');
    assert.equal(refused.status, 64);
    assert.match(refused.stderr, /consent-missing[\s\S]*--yes/);
    assert.deepEqual(writes(), []);
  });

  it('refuses a step whose world changed after the plan was agreed to, and carries the others out', async () => {
    const estate = fresh();
    const file = join(folder, 'one.plan');
    assert.equal((await estate.type('plan', '--out', file)).status, 0);
    await change({ server: 'hikurangi', storage: 'pbs-pihanga', set: { 'prune-backups': 'keep-last=9' } });
    const applied = await estate.type('apply', file, '--yes');
    assert.equal(applied.status, 3, `${applied.stdout}${applied.stderr}`);
    assert.match(applied.stderr, /changed-since-planned/);
    const touched = writes().filter(({ server, path }) => server === 'hikurangi' && path.includes('/storage'));
    assert.deepEqual(touched, [], 'nothing was written where the world had changed');
    assert.ok(writes().some(({ server, method }) => server === 'ruapehu' && method === 'POST'));
  });

  it('refuses a plan file that was altered, or that another estate made', async () => {
    const file = join(folder, 'altered.plan');
    const estate = fresh();
    await estate.type('plan', '--out', file);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"risk": "changes"', '"risk": "none"'));
    const altered = await estate.type('apply', file, '--yes');
    assert.equal(altered.status, 65);
    assert.match(altered.stderr, /plan-altered/);
  });

  it('applies, and then has nothing left to do: the second apply writes nothing (reality 2.32, 2.43)', async () => {
    const estate = fresh();
    const first = await estate.type('apply', '--yes');
    assert.equal(first.status, 0, `${first.stdout}${first.stderr}`);
    const before = writes().length;
    assert.match((await estate.type('plan', '--detailed-exitcode')).stdout, /No changes; 5 as declared/);
    assert.equal((await estate.type('apply', '--yes')).status, 0);
    assert.equal(writes().length, before);
  });

  it("plans the seed's own file against a server that is named on the command line", async () => {
    const seed = join(root, 'examples', 's1', 'pbs-storage.yaml');
    const { url = '', fingerprint = '' } = lab.servers['ruapehu'] ?? {};
    const named = (print: string) =>
      ['--pve', url, '--pve-token', 'holdfast@pve!ops=file:ruapehu.token', '--pve-fingerprint', print] as const;
    const estate = estateAt(seed, 's1', folderFor('state'), folder);
    const from = requests().length;
    const plan = await estate.type('plan', ...named(fingerprint));
    assert.equal(plan.status, 1, plan.stderr);
    assert.match(plan.stdout, /storage-without-credentials[\s\S]*password: \{ file: \/etc\/holdfast\/homelab-backup/);
    assert.deepEqual(
      [
        ...new Set(
          requests()
            .slice(from)
            .map(({ server }) => server),
        ),
      ],
      ['ruapehu'],
    );
    const impostor = fingerprint.replace(/^../, (first) => (first === '00' ? '01' : '00'));
    const before = requests().length;
    assert.match((await estate.type('plan', ...named(impostor))).stdout, /certificate-changed/);
    assert.equal(requests().length, before, 'no token was sent to another certificate');
  });

  it('reads each collection once for a plan', async () => {
    const from = requests().length;
    await fresh().type('plan');
    const asked = requests()
      .slice(from)
      .map(({ server, path }) => `${server} ${path}`);
    assert.equal(new Set(asked).size, asked.length, asked.join('\n'));
  });

  it('prints one JSON value with --json, and nothing else', async () => {
    for (const command of [['plan'], ['status'], ['runs'], ['doctor'], ['validate', '--offline']]) {
      const { stdout } = await fresh().type('--json', ...command);
      assert.ok(typeof JSON.parse(stdout) === 'object', command.join(' '));
    }
  });

  it('leaves what it neither declared nor made: the foreign storage and prune job are as they were', async () => {
    const foreign = (await state()).text;
    const estate = fresh();
    await estate.type('apply', '--yes', '--prune');
    assert.equal((await state()).text, foreign);
    assert.match(
      (await estate.type('plan')).stdout,
      /left alone, for it is neither declared nor made by Holdfast: old-pbs/,
    );
  });
});

describe('a server in trouble', () => {
  before(async () => {
    folder = folderFor('lab');
    lab = await startLab({ dir: folder });
  });
  after(() => lab.close());

  for (const [fault, says] of [
    ['down', /server-unreachable/],
    ['html', /answer-not-understood/],
    ['half-body', /answer-cut-short|answer-not-understood/],
    ['huge-body', /answer-too-large/],
    ['unauthorized', /credentials-refused/],
    ['forbidden', /permission-missing/],
    ['error-500', /server-error/],
    ['certificate-changed', /certificate-changed/],
  ] as const)
    it(`(${fault}) is named, with what was seen and what to do, while the other servers are planned`, async () => {
      await lab.fault('ruapehu', fault);
      try {
        const plan = await fresh().type('plan');
        assert.equal(plan.status, 3, plan.stdout);
        assert.match(plan.stdout, says);
        // What it keeps from being planned is said once, where it says the same of all.
        assert.match(
          plan.stdout,
          /! (?:pve-storage\/ruapehu\/pbs-pihanga cannot be done|2 declared things on ruapehu cannot be planned)[\s\S]*do this {2}\S/,
        );
        assert.match(plan.stdout, /enable storage pbs-pihanga on hikurangi/, 'the other server is planned');
        assert.match(plan.stdout, /prune job holdfast-tank on pbs-pihanga/);
      } finally {
        await lab.clear();
      }
    });

  it('loses the answer to a write: the step is probed, found done, and not done twice', async () => {
    await lab.fault('ruapehu', 'answer-lost', { method: 'POST', path: '^/storage$', count: 1 });
    const applied = await fresh().type('apply', '--yes');
    assert.equal(applied.status, 0, `${applied.stdout}${applied.stderr}`);
    assert.match(applied.stderr, /was it done\? done/);
    const posts = writes().filter(
      ({ server, method, path }) => server === 'ruapehu' && method === 'POST' && path.endsWith('/storage'),
    );
    assert.equal(posts.length, 1);
  });

  it('loses the id of a backup task: the task is found among its own, and not started twice', async () => {
    await lab.fault('ruapehu', 'answer-lost', { method: 'POST', path: '/vzdump$', count: 1 });
    const ran = await fresh().type('run', 'nightly');
    assert.equal(ran.status, 0, `${ran.stdout}${ran.stderr}`);
    const starts = writes().filter(({ server, path }) => server === 'ruapehu' && path.endsWith('/vzdump'));
    assert.equal(starts.length, 1);
  });
});

describe('a backup whose run was killed', () => {
  before(async () => {
    folder = folderFor('lab');
    // It must still be at work when the next run gets there, on a busy machine too.
    lab = await startLab({ dir: folder, taskSeconds: 15 });
  });
  after(() => lab.close());

  it('keeps at work: the next run takes the task over', async () => {
    const estate = fresh();
    const started = estate.start('run', 'nightly');
    const task = () => writes().filter(({ server, path }) => server === 'hikurangi' && path.endsWith('/vzdump')).length;
    const before = task();
    await until('the backup to be started', () => task() > before);
    started.process.kill('SIGKILL');
    await started.ended;
    const again = await estate.type('run', 'nightly');
    assert.equal(again.status, 0, `${again.stdout}${again.stderr}`);
    assert.equal(task(), before + 1, 'it was not started twice');
    const [, tools = ''] = /^Output of its tools, the end of it: (.*)$/m.exec((await estate.type('log')).stdout) ?? [];
    assert.match(readFileSync(tools, 'utf8'), /is taken over/);
  });
});

async function control(): Promise<string> {
  return JSON.parse(readFileSync(join(folder, 'lab.json'), 'utf8')).control;
}

async function change(body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${await control()}/change`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, await answer.text());
}

async function state(): Promise<{ text: string }> {
  const value = await (await fetch(`${await control()}/state`)).json();
  // What runs by itself (tasks, times) may move; what is configured may not.
  return { text: JSON.stringify(value, (key, inner) => (key === 'tasks' ? undefined : inner)) };
}
