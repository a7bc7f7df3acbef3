// kill -9 while a server's configuration is being written, and while a backup is started. What is believed afterwards is what
// the lab holds and which requests it had.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Lab, startLab } from '../../lab/lab.ts';
import { type Estate, estateAt, kill, processesOf, reached, until, type Victim } from './estate.test-support.ts';

let lab: Lab;
let folder: string;

type Request = Readonly<{ server: string; method: string; path: string; status: number }>;
const writes = (): readonly Request[] =>
  readFileSync(join(folder, 'requests.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Request)
    .filter(({ method }) => method !== 'GET');

const estateOf = (state: string): Estate => estateAt(join(folder, 'estate.yaml'), 'lab', state, folder);

const victims: readonly Victim[] = ['worker', 'supervisor', 'both'];

const everything = [
  'pve-storage/ruapehu/pbs-pihanga',
  'pve-storage/hikurangi/pbs-pihanga',
  'pbs-prune-job/pbs-pihanga/holdfast-tank',
];
const removing = ['--prune', ...everything.flatMap((name) => ['--confirm', name])];

/** Each kind of step that writes a server's configuration, and the request at which it is held while it is killed. */
const kinds: readonly Readonly<{
  kind: string;
  step: RegExp;
  at: readonly [server: string, method: 'POST' | 'PUT' | 'DELETE', path: string];
}>[] = [
  { kind: 'pve-storage.create', step: /create pve-storage/, at: ['ruapehu', 'POST', '/storage$'] },
  { kind: 'pve-storage.update', step: /update pve-storage/, at: ['hikurangi', 'PUT', '/storage/pbs-pihanga$'] },
  { kind: 'pve-storage.remove', step: /remove pve-storage/, at: ['ruapehu', 'DELETE', '/storage/pbs-pihanga$'] },
  { kind: 'pbs-prune-job.create', step: /create pbs-prune-job/, at: ['pbs-pihanga', 'POST', '/config/prune$'] },
  {
    kind: 'pbs-prune-job.update',
    step: /update pbs-prune-job/,
    at: ['pbs-pihanga', 'PUT', '/config/prune/holdfast-tank$'],
  },
  {
    kind: 'pbs-prune-job.remove',
    step: /remove pbs-prune-job/,
    at: ['pbs-pihanga', 'DELETE', '/config/prune/holdfast-tank$'],
  },
];

/** The estate, and what is typed after `apply --yes`, once the servers are where that kind of step is due. */
async function due(kind: string, state: string): Promise<Readonly<{ estate: Estate; typed: readonly string[] }>> {
  const estate = estateOf(state);
  if (kind.endsWith('.create') || kind === 'pve-storage.update') return { estate, typed: [] };
  assert.equal((await estate.type('apply', '--yes')).status, 0);
  if (kind.endsWith('.remove'))
    return { estate: estateAt(join(folder, 'connections.yaml'), 'lab', state, folder), typed: removing };
  const changed = await fetch(`${lab.control}/change`, {
    method: 'POST',
    body: JSON.stringify({ server: 'pbs-pihanga', pruneJob: 'holdfast-tank', set: { schedule: 'hourly' } }),
  });
  assert.ok(changed.ok, await changed.text());
  return { estate, typed: [] };
}

describe('kill -9 while a configuration is written', { timeout: 240_000 }, () => {
  for (const [index, { kind, step, at }] of kinds.entries())
    it(`at ${kind} leaves the servers as they were or as declared, never between, and the next apply finishes`, async () => {
      const victim = victims[index % victims.length] ?? 'both';
      folder = mkdtempSync(join(tmpdir(), 'holdfast-kill-'));
      lab = await startLab({ dir: folder });
      const state = mkdtempSync(join(tmpdir(), 'holdfast-kill-state-'));
      try {
        const { estate, typed } = await due(kind, state);
        const [server, method, path] = at;
        const sent = () =>
          writes().filter(
            (one) =>
              one.server === server && one.method === method && one.status === 200 && new RegExp(path).test(one.path),
          ).length;
        const before = sent();
        await lab.fault(server, 'slow', { method, path, milliseconds: 1500 });
        const started = estate.start('apply', '--yes', ...typed);
        const run = await reached(estate, step);
        kill(victim, started, run);
        await started.ended;
        await lab.clear();
        const finished = await estate.type('apply', '--yes', ...typed);
        // A request that was under way may be carried out after everything: then it is noticed, and not written over.
        const late = finished.status === 3 && /changed-since-planned/.test(finished.stderr);
        assert.ok(finished.status === 0 || late, finished.stderr);
        assert.deepEqual(processesOf(run), []);
        const states = estate.journal((runs) => runs.map(({ id, state: how }) => [id, how])) ?? [];
        assert.equal(Object.fromEntries(states)[run], 'aborted');
        const prune = typed.filter((word) => word === '--prune');
        assert.match((await estate.type('plan', ...prune)).stdout, /No changes; [03] as declared/);
        assert.equal(sent() - before, 1, 'what was done once was not done again');
      } finally {
        await lab.close();
        rmSync(folder, { recursive: true });
        rmSync(state, { recursive: true });
      }
    });
});

describe('two starts at once', () => {
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
    const estate = estateOf(state);
    await lab.fault('ruapehu', 'slow', { method: 'POST', path: '/storage$', milliseconds: 3000 });
    const first = estate.start('apply', '--yes');
    const run = await reached(estate, /create pve-storage/);
    const second = await estate.type('apply', '--yes');
    assert.equal(second.status, 75, second.stderr);
    assert.match(second.stderr, new RegExp(`already-running[\\s\\S]*${run}`));
    assert.equal(await first.ended, 0, first.output());
    await until('the lab to have logged it', () => writes().length > 0);
    const creates = writes().filter(({ server, method }) => server === 'ruapehu' && method === 'POST');
    assert.equal(creates.length, 1);
    rmSync(state, { recursive: true });
  });
});
