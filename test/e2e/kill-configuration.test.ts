// kill -9 while a server's configuration is being written, and while a backup is started. What is believed afterwards is what
// the lab holds and which requests it had.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { testLab } from '../../lab/ask.test-support.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { type Journey, journeys, type Leg } from './configuration-legs.test-support.ts';
import { type Estate, estateAt, kill, processesOf, reached, until, type Victim } from './estate.test-support.ts';

type Request = Readonly<{ server: string; method: string; path: string; status: number }>;
const writesIn = (folder: string): readonly Request[] =>
  readFileSync(join(folder, 'requests.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Request)
    .filter(({ method }) => method !== 'GET');

const victims: readonly Victim[] = ['worker', 'supervisor', 'both'];

/** A lab, and an estate in its folder, where the secrets are. */
async function setOut({ server, legs }: Journey) {
  const lab = await testLab({ taskSeconds: 0 });
  const { dir } = lab;
  const way = readFileSync(join(dir, 'connections.yaml'), 'utf8');
  const file = join(dir, 'killed.yaml');
  const state = mkdtempSync(join(tmpdir(), 'holdfast-kill-state-'));
  await grantMore(lab.lab);
  return {
    ...{ lab, server, legs: legs(lab.lab) },
    declared: (sections: string): Estate => {
      writeFileSync(file, `${way}${sections}`);
      return estateAt(file, 'lab', state, dir);
    },
    answered: ([method, path]: readonly [string, string]): number =>
      writesIn(dir).filter(
        (one) =>
          one.server === server && one.method === method && one.status === 200 && new RegExp(path).test(one.path),
      ).length,
    [Symbol.asyncDispose]: async () => {
      await lab[Symbol.asyncDispose]();
      rmSync(state, { recursive: true });
    },
  };
}

/** The lab's logins look after one datastore; the journeys make others, and logins and rights. What stands nearer counts alone. */
async function grantMore({ control }: Lab): Promise<void> {
  const grants = [
    ...['holdfast@pbs', 'holdfast@pbs!ops'].flatMap((name) => [
      { name, set: { path: '/', role: 'Admin' } },
      { name, set: { path: '/datastore', role: 'Admin' } },
    ]),
    { name: 'holdfast@pbs!storage', set: { path: '/datastore/archive', role: 'DatastoreBackup' } },
  ];
  for (const grant of grants) {
    const body = JSON.stringify({ server: 'pbs-pihanga', kind: 'acl', ...grant });
    const changed = await fetch(`${control}/change`, { method: 'POST', body });
    assert.ok(changed.ok, await changed.text());
  }
}

type Way = Awaited<ReturnType<typeof setOut>>;

const isLike = (thing: object | undefined, becomes: object | undefined): boolean => {
  if (thing === undefined || becomes === undefined) return thing === becomes;
  return Object.entries(becomes).every(([key, value]) => thing[key as keyof typeof thing] === value);
};

async function travel(way: Way, leg: Leg, victim: Victim): Promise<void> {
  const {
    lab: { lab },
    server,
    answered,
  } = way;
  const { kind, at, past, thing, becomes, typed = [] } = leg;
  const [what = '', act = ''] = kind.split('.');
  const was = structuredClone(thing());
  assert.ok(!isLike(was, becomes), 'it is not yet as it becomes');
  const before = [at, ...(past === undefined ? [] : [past])].map(answered);
  const [method, path] = at;
  await lab.fault(server, 'slow', { method, path, milliseconds: 1500 });
  const estate = way.declared(leg.declares);
  const started = estate.start('apply', '--yes', ...typed);
  const early = started.ended.then(() => assert.fail(`it ended before that step:\n${started.output()}`));
  const run = await Promise.race([reached(estate, new RegExp(`${act} ${what}`)), early]);
  if (past !== undefined) await until('the request before it', () => answered(past) > (before[1] ?? 0));
  kill(victim, started, run);
  await started.ended;
  const left = structuredClone(thing());
  const whole = isLike(left, becomes) || (leg.goesAndComes && left === undefined);
  if (!whole) assert.deepEqual(left, was);
  await lab.clear();
  const finished = await estate.type('apply', '--yes', ...typed);
  // A request that was under way may be carried out after everything: then it is noticed, and not written over.
  const late = finished.status !== 0 && /changed-since-planned/.test(finished.stderr);
  assert.ok(finished.status === 0 || late, `${finished.stdout}${finished.stderr}`);
  assert.deepEqual(processesOf(run), []);
  const states = estate.journal((runs) => runs.map(({ id, state: how }) => [id, how])) ?? [];
  assert.equal(Object.fromEntries(states)[run], 'aborted');
  const prune = typed.filter((word) => word === '--prune');
  const planned = async () => (await estate.type('plan', ...prune)).stdout;
  // What the killed run had under way may reach the server after everything else: a DELETE that takes the new entry, a token
  // whose secret nobody saw. No server can be told to forget it; the next plan shows it, and the next apply ends it.
  const comesLate = !/No changes; \d+ as declared/.test(await planned());
  if (comesLate) assert.equal((await estate.type('apply', '--yes', ...typed)).status, 0);
  assert.match(await planned(), /No changes; \d+ as declared/);
  assert.ok(isLike(thing(), becomes), JSON.stringify(thing()));
  if (!comesLate)
    assert.deepEqual(
      [at, ...(past === undefined ? [] : [past])].map(answered),
      before.map((count) => count + 1),
      'what was done once was not done again',
    );
  if (leg.secret === undefined) return;
  const [login, file] = leg.secret;
  const asked = await way.lab.ask('pbs-pihanga', 'GET', '/version', { login: `${login}:${way.lab.secret(file)}` });
  assert.equal(asked.status, 200, 'the secret that was saved is the one that lets in');
}

describe('kill -9 while a configuration is written', { timeout: 300_000, concurrency: 2 }, () => {
  for (const journey of journeys)
    it(`leaves ${journey.server} as it was or as declared, never between, and the next apply finishes`, async (t) => {
      await using way = await setOut(journey);
      for (const [index, leg] of way.legs.entries())
        await t.test(`at ${leg.kind}, ${leg.at.join(' ')}`, () =>
          travel(way, leg, victims[index % victims.length] ?? 'both'),
        );
    });
});

describe('two starts at once', () => {
  let lab: Lab;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-two-'));
    lab = await startLab({ dir: folder });
  });
  after(async () => {
    await lab.close();
    rmSync(folder, { recursive: true });
  });

  it('apply once: the second is refused with the name of the first, and writes nothing', async () => {
    const state = mkdtempSync(join(tmpdir(), 'holdfast-two-state-'));
    const estate = estateAt(join(folder, 'estate.yaml'), 'lab', state, folder);
    await lab.fault('ruapehu', 'slow', { method: 'POST', path: '/storage$', milliseconds: 3000 });
    const first = estate.start('apply', '--yes');
    const run = await reached(estate, /create pve-storage/);
    const second = await estate.type('apply', '--yes');
    assert.equal(second.status, 75, second.stderr);
    assert.match(second.stderr, new RegExp(`already-running[\\s\\S]*${run}`));
    assert.equal(await first.ended, 0, first.output());
    await until('the lab to have logged it', () => writesIn(folder).length > 0);
    const creates = writesIn(folder).filter(
      ({ server, method, path }) => server === 'ruapehu' && method === 'POST' && path.endsWith('/storage'),
    );
    assert.equal(creates.length, 1);
    rmSync(state, { recursive: true });
  });
});
