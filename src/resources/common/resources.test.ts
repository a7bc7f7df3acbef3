import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { benchFor } from '../../../test/engine-world.ts';
import { carryOut } from '../../apply/engine.ts';
import { recover } from '../../apply/recover.ts';
import type { Desired, ResourceKind } from '../../contracts/resource.ts';
import type { StepContext } from '../../contracts/step-kind.ts';
import { desire } from '../../desired/desire.ts';
import { read, withFiles } from '../../estate/estate.test-support.ts';
import { decide } from '../../plan/decide.ts';
import { systemClock } from '../../values/instant.ts';
import { ref } from '../../values/ref.ts';
import { pbsPruneJob } from '../pbs-prune-job/pbs-prune-job.ts';
import { pveStorage } from '../pve-storage/pve-storage.ts';
import { type ConfigServer, configServer, worldOf } from './servers.test-support.ts';

const pin = `${'AA:'.repeat(31)}AA`;
const storage = {
  ...{ server: 'pbs.lan', datastore: 'tank', port: 8007, namespace: '', username: 'root@pam', fingerprint: pin },
  ...{ enabled: true, content: ['backup'], nodes: [], prune_backups: { keep_daily: 7 }, encrypted: false },
};
const job = {
  ...{ store: 'tank', schedule: 'daily', namespace: '', max_depth: null, enabled: true, comment: '' },
  keep: { keep_daily: 7 },
};
const entry = {
  ...{ type: 'pbs', storage: 'p1', server: 'pbs.lan', datastore: 'tank', username: 'root@pam', fingerprint: pin },
  ...{ content: 'backup', 'prune-backups': 'keep-daily=7' },
};
const other = { ...entry, storage: 'other' };
const password = { password: { file: '/etc/holdfast/p1.password' } };

const estateWith = (datastores: readonly string[]) => {
  const entries = datastores.map((name) => `{ name: ${name}, prune: { schedule: daily, keep_daily: 7 } }`);
  const text = `pbs: [{ name: p, url: "https://p:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, datastores: [${entries}] }]`;
  return withFiles({ 'estate.yaml': text }, (folder) => read(`${folder}/estate.yaml`));
};

type Wanted = Readonly<{ name: string; item: object; secrets?: object }>;

async function planned(kind: ResourceKind, on: ConfigServer, wanted: readonly Wanted[], more: object = {}) {
  const declared = wanted.map((one) => ({
    kind: kind.name,
    server: 'here',
    place: 'estate.yaml:1:1',
    notes: [],
    secrets: {},
    ...one,
  }));
  const at = systemClock.now();
  const { found } = await kind.read(on.api, { within: [] });
  return decide({
    ...{ estate: 'test', resources: [kind], owned: new Set(), byCommand: new Set(), notes: [], prune: false },
    ...{ secrets: new Map(), escrow: [] },
    desired: { digest: 'd', declared: declared as unknown as Desired['declared'] },
    observed: { at, versions: new Map(), readings: [{ kind: kind.name, server: 'here', at, answer: { found } }] },
    ...more,
  });
}

type Made = Awaited<ReturnType<typeof planned>>;

async function applied(kind: ResourceKind, on: ConfigServer, plan: Made) {
  const consent = { upTo: 'loses a restore point' as const, confirmed: plan.steps.map(({ subject }) => subject) };
  const bench = benchFor(plan, kind.stepKinds, { world: worldOf(on), consent });
  const { fates } = await carryOut(bench, plan);
  const faults = bench.journal
    .entries('run-1')
    .flatMap((one) => ('fault' in one ? [`${one.fault.code}: ${one.fault.says}`] : []));
  return { fates: [...fates.values()], faults: faults.join('\n') };
}

describe('a secret that went to a server before the worker was killed', () => {
  const wanted = [{ name: 'p1', item: storage, secrets: password }];

  it('is known again by the next plan, though the end of the step was never written', async () => {
    const pve = configServer('pve');
    const plan = await planned(pveStorage, pve, wanted);
    let reached = () => {};
    const there = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const killed = pveStorage.stepKinds.map((kind) => ({
      ...kind,
      do: async (context: StepContext) => {
        await kind.do(context);
        reached();
        return new Promise<never>(() => {});
      },
    }));
    // Nobody comes to give the step up.
    const clock = { ...systemClock, sleep: () => new Promise<void>(() => {}) };
    const bench = benchFor(plan, killed, { world: { ...worldOf(pve), clock } });
    void carryOut(bench, plan);
    await there;
    await recover(bench, plan);
    const digest = bench.journal.wrote().get(ref('pve-storage', 'here', 'p1'))?.['password'];
    assert.equal(digest, await worldOf(pve).keyedDigest(await worldOf(pve).secret({ file: '/p' }, 'lab:1')));
  });

  it('is known again where only the answer was lost', async () => {
    const pve = configServer('pve');
    const plan = await planned(pveStorage, pve, wanted);
    const losing = pveStorage.stepKinds.map((kind) => ({
      ...kind,
      do: async (context: StepContext) => {
        await kind.do(context);
        throw new Error('the line went dead');
      },
    }));
    const bench = benchFor(plan, losing, { world: worldOf(pve) });
    const { fates } = await carryOut(bench, plan);
    assert.deepEqual([...fates.values()], ['done']);
    assert.notEqual(bench.journal.wrote().get(ref('pve-storage', 'here', 'p1')), undefined);
  });
});

describe('a storage of Proxmox VE', () => {
  it('is made with its password, and the plan after it is empty', async () => {
    const pve = configServer('pve');
    const wanted = [{ name: 'p1', item: storage, secrets: password }];
    const { fates } = await applied(pveStorage, pve, await planned(pveStorage, pve, wanted));
    assert.deepEqual(fates, ['done']);
    const { password: sent, ...stored } = pve.rows.get('p1') ?? {};
    assert.equal(sent, 'open sesame');
    assert.deepEqual(stored, { ...entry, port: '8007' });
    assert.deepEqual((await planned(pveStorage, pve, wanted)).steps, []);
  });

  it('is changed by what differs alone: neither fixed fields nor a password that PVE still holds are sent', async () => {
    const pve = configServer('pve');
    pve.rows.set('p1', { ...entry, disable: 1, nodes: 'a,b' });
    const plan = await planned(pveStorage, pve, [{ name: 'p1', item: { ...storage, port: 8008 }, secrets: password }]);
    assert.deepEqual((await applied(pveStorage, pve, plan)).fates, ['done']);
    const [{ digest, ...sent } = {}] = pve.sent;
    assert.deepEqual(sent, { port: '8008', delete: 'disable,nodes' });
    assert.match(String(digest), /^[0-9a-f]{64}$/, 'the digest of what was compared goes with it');
    assert.deepEqual(pve.rows.get('p1'), { ...entry, port: '8008' });
  });

  it('sends the password with another user, and refuses another user without one', async () => {
    const pve = configServer('pve');
    pve.rows.set('p1', { ...entry });
    const item = { ...storage, username: 'backup@pbs!pve' };
    const bare = await planned(pveStorage, pve, [{ name: 'p1', item }]);
    assert.deepEqual(bare.steps, []);
    assert.match(bare.refusals[0]?.says ?? '', /root@pam on here and backup@pbs!pve/);
    await applied(pveStorage, pve, await planned(pveStorage, pve, [{ name: 'p1', item, secrets: password }]));
    assert.equal(pve.rows.get('p1')?.['password'], 'open sesame');
  });

  it('is refused in the plan where its secret would become an argument of pvesh', async () => {
    const pve = configServer('pve');
    const wanted = [{ name: 'p1', item: storage, secrets: password }];
    const byCommand = new Set(['here']);
    const plan = await planned(pveStorage, pve, wanted, { byCommand });
    assert.deepEqual(plan.steps, []);
    assert.deepEqual(
      plan.refusals.map(({ code }) => code),
      ['secret-on-command-line'],
    );
    pve.rows.set('p1', { ...entry, disable: 1 });
    const enabling = await planned(pveStorage, pve, wanted, { byCommand });
    assert.deepEqual(enabling.refusals, [], 'PVE holds the password already: nothing secret is sent');
    assert.equal(enabling.steps.length, 1);
  });
});

describe('leading back', () => {
  const undo = async (pve: ConfigServer, plan: Made) => {
    const [step] = plan.steps;
    const kind = pveStorage.stepKinds.find(({ name }) => name === step?.kind);
    const context = { step, world: worldOf(pve), signal: new AbortController().signal };
    await kind?.undo?.(context as unknown as StepContext, 'done');
  };

  it('puts back what was there', async () => {
    const pve = configServer('pve');
    pve.rows.set('p1', { ...entry, disable: 1 });
    const plan = await planned(pveStorage, pve, [{ name: 'p1', item: storage }]);
    await applied(pveStorage, pve, plan);
    await undo(pve, plan);
    assert.deepEqual(pve.rows.get('p1'), { ...entry, disable: '1' });
  });

  it("never leaves one user's name with another's password: it says that it cannot be done", async () => {
    const pve = configServer('pve');
    pve.rows.set('p1', { ...entry, password: 'of root' });
    const item = { ...storage, username: 'backup@pbs!pve' };
    const plan = await planned(pveStorage, pve, [{ name: 'p1', item, secrets: password }]);
    assert.deepEqual((await applied(pveStorage, pve, plan)).fates, ['done']);
    await assert.rejects(undo(pve, plan), /password.*cannot be read back/);
    const { username, password: held } = pve.rows.get('p1') ?? {};
    assert.deepEqual([username, held], ['backup@pbs!pve', 'open sesame']);
  });
});

describe('what somebody else changes in the meantime', () => {
  it('is never written over: the step is refused, and nothing is sent', async () => {
    const pve = configServer('pve');
    pve.rows.set('p1', { ...entry, disable: 1 });
    const plan = await planned(pveStorage, pve, [{ name: 'p1', item: storage }]);
    pve.meanwhile(() => pve.rows.set('p1', { ...entry, disable: 1, nodes: 'a' }));
    const { fates, faults } = await applied(pveStorage, pve, plan);
    assert.deepEqual(fates, ['refused']);
    assert.match(faults, /^changed-since-planned: here held it as the plan shows; it is different now$/);
    assert.equal(pve.rows.get('p1')?.['nodes'], 'a');
    assert.equal(pve.rows.get('p1')?.['disable'], 1);
  });

  it('stops nothing where it was another entry of the same file', async () => {
    const pve = configServer('pve');
    pve.rows.set('p1', { ...entry, disable: 1 });
    const plan = await planned(pveStorage, pve, [{ name: 'p1', item: storage }]);
    pve.meanwhile(() => pve.rows.set('other', other));
    assert.deepEqual((await applied(pveStorage, pve, plan)).fates, ['done']);
    assert.deepEqual([...pve.rows.keys()], ['p1', 'other']);
    assert.equal(pve.rows.get('p1')?.['disable'], undefined);
  });

  it('keeps a removal from taking what is no longer what was seen', async () => {
    const pbs = configServer('pbs');
    pbs.rows.set('ours', { id: 'ours', store: 'tank', schedule: 'daily', 'keep-daily': 7 });
    const plan = await planned(pbsPruneJob, pbs, [], { owned: new Set(['pbs-prune-job/here/ours']), prune: true });
    assert.deepEqual(
      plan.steps.map(({ act }) => act),
      ['remove'],
    );
    pbs.meanwhile(() => pbs.rows.set('ours', { id: 'ours', store: 'tank', schedule: 'hourly', 'keep-daily': 7 }));
    assert.deepEqual((await applied(pbsPruneJob, pbs, plan)).fates, ['refused']);
    assert.equal(pbs.rows.get('ours')?.['schedule'], 'hourly');
    const again = await planned(pbsPruneJob, pbs, [], { owned: new Set(['pbs-prune-job/here/ours']), prune: true });
    assert.deepEqual((await applied(pbsPruneJob, pbs, again)).fates, ['done']);
    assert.equal(pbs.rows.size, 0);
  });
});

describe('a prune job of PBS', () => {
  it('is made, and a policy that shrinks is changed without leaving an old rule behind', async () => {
    const pbs = configServer('pbs');
    const wanted = (keep: object) => [{ name: 'nightly', item: { ...job, keep } }];
    await applied(pbsPruneJob, pbs, await planned(pbsPruneJob, pbs, wanted({ keep_daily: 7, keep_weekly: 4 })));
    assert.deepEqual(pbs.rows.get('nightly'), {
      ...{ id: 'nightly', store: 'tank', schedule: 'daily', 'keep-daily': '7', 'keep-weekly': '4' },
    });
    const shorter = await planned(pbsPruneJob, pbs, wanted({ keep_daily: 3 }));
    assert.deepEqual(
      shorter.steps.map(({ risk }) => risk),
      ['loses a restore point'],
    );
    assert.deepEqual((await applied(pbsPruneJob, pbs, shorter)).fates, ['done']);
    assert.deepEqual(pbs.rows.get('nightly'), { id: 'nightly', store: 'tank', schedule: 'daily', 'keep-daily': '3' });
  });

  for (const [held, why] of [
    [{ disable: 1 }, 'is switched on'],
    [{ store: 'other' }, 'turns to another datastore'],
    [{ ns: 'prod' }, 'turns to another namespace'],
    [{ 'max-depth': 0 }, 'goes deeper'],
  ] as const)
    it(`that ${why} says that backups go`, async () => {
      const pbs = configServer('pbs');
      pbs.rows.set('nightly', { id: 'nightly', store: 'tank', schedule: 'daily', 'keep-daily': 7, ...held });
      const [step] = (await planned(pbsPruneJob, pbs, [{ name: 'nightly', item: job }])).steps;
      assert.equal(step?.risk, 'loses a restore point');
      assert.match(step.because.join(), /are removed when the job next runs/);
    });

  it('that is switched off, or runs at another time, loses nothing', async () => {
    const pbs = configServer('pbs');
    pbs.rows.set('nightly', { id: 'nightly', store: 'tank', schedule: 'weekly', 'keep-daily': 7 });
    const [step] = (await planned(pbsPruneJob, pbs, [{ name: 'nightly', item: { ...job, enabled: false } }])).steps;
    assert.equal(step?.risk, 'changes');
  });

  it('that keeps everything takes no backup away, whatever it turns to', async () => {
    const pbs = configServer('pbs');
    pbs.rows.set('nightly', { id: 'nightly', store: 'other', schedule: 'daily' });
    const [step] = (await planned(pbsPruneJob, pbs, [{ name: 'nightly', item: { ...job, keep: { keep_all: 1 } } }]))
      .steps;
    assert.equal(step?.risk, 'changes');
  });

  it('has an id that PBS takes, however long the name of its datastore is', async () => {
    const names = ['tank', 'a-datastore-with-a-long-name-001', 'a-datastore-with-a-long-name-002'];
    const estate = await estateWith(names);
    const ids = desire(estate, [pbsPruneJob]).declared.map(({ name }) => name);
    assert.equal(ids[0], 'holdfast-tank');
    assert.equal(new Set(ids).size, 3);
    for (const id of ids) assert.match(id, /^[A-Za-z0-9_][A-Za-z0-9._-]{2,31}$/);
  });

  it('that the server takes and does not keep as sent is a failure that names the field', async () => {
    const pbs = configServer('pbs');
    const plan = await planned(pbsPruneJob, pbs, [{ name: 'nightly', item: { ...job, comment: 'mine' } }]);
    const set = pbs.rows.set.bind(pbs.rows);
    pbs.rows.set = (id, { comment: _, ...row }) => set(id, row);
    const { fates, faults } = await applied(pbsPruneJob, pbs, plan);
    assert.notDeepEqual(fates, ['done']);
    assert.match(faults, /not-as-written.*comment/);
  });
});
