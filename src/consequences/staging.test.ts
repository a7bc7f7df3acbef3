// Which jobs are looked at, whose step is refused, and what is only said.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Look } from '../contracts/consequence.ts';
import type { Fields } from '../contracts/resource.ts';
import type { Estate } from '../model/estate.ts';
import { type Ask, factsOf, nameOfAsk, type Told } from '../model/facts.ts';
import { makePlan } from '../model/plan.ts';
import type { Act, Step } from '../model/step.ts';
import { weigh } from '../plan/weigh.ts';
import { minutes } from '../values/duration.ts';
import { instantAt } from '../values/instant.ts';
import { ref } from '../values/ref.ts';
import { gibibytes } from '../values/size.ts';
import { staging } from './staging.ts';

const at = instantAt(Date.UTC(2026, 10, 21));
const job: Fields = { enabled: true, select: 'all', storage: 'pbs', mode: 'suspend', schedule: '02:00' };
const pbsEntry: Fields = { enabled: true, server: '10.0.0.9', datastore: 'tank' };

type Thing = Readonly<{ kind: string; name: string; now?: Fields; act?: Act; fields?: Fields }>;

function stepFor({ kind, name, act = 'create', fields = {} }: Thing): Step {
  const subject = ref(kind, 'pve1', name);
  return {
    ...{ id: `${kind}/${name}`, kind: `${kind}.${act}`, subject, act, title: '', because: [], changes: [], after: [] },
    ...{ lanes: [], risk: 'adds', needs: [], expects: [], wayBack: 'undo', expands: false, patience: minutes(1) },
    given: { server: 'pve1', name, fields },
  };
}

/** Things on one server: as they are there, and what the plan does to them. */
function lookAt(things: readonly Thing[], read: readonly string[] = ['pve-backup-job', 'pve-storage']): Look {
  const readings = read.map((kind) => ({
    ...{ kind, server: 'pve1', at },
    answer: {
      found: things.flatMap((one) =>
        one.kind === kind && one.now !== undefined ? [{ name: one.name, value: one.now }] : [],
      ),
    },
  }));
  const declared = things.map(({ kind, name, fields = {} }) => ({
    ...{ kind, name, server: 'pve1', item: fields, secrets: {}, notes: [], place: '' },
  }));
  return {
    estate: { name: 'lab', pve: [{ name: 'pve1' }], pbs: [] } as unknown as Estate,
    desired: { declared, digest: 'd' },
    observed: { at, readings, versions: new Map() },
    steps: things.flatMap((one) => (one.act === undefined ? [] : [stepFor(one)])),
  };
}

const root = { total: gibibytes(375), used: gibibytes(31), available: gibibytes(344) };
const seen = (vmid: number, type: 'qemu' | 'lxc', node = 'pve1') => ({
  ...{ vmid, type, node, name: 'big', status: 'running', template: false, pool: undefined },
});
const answers: Readonly<Record<string, unknown>> = {
  guests: [seen(100, 'lxc'), seen(201, 'qemu'), seen(301, 'qemu', 'pve2')],
  'backup-defaults': { tmpdir: undefined, fleecing: undefined },
  'root-disk': root,
  'seen-storages': [{ storage: 'pbs', type: 'pbs', active: true, room: undefined }],
  'storage-entries': [{ storage: 'pbs', type: 'pbs', path: undefined, mountDemanded: false, thick: undefined }],
  'guest-disks': [
    { key: 'rootfs', value: '', volume: 'thin:x', storage: 'thin', size: gibibytes(500), leftOut: undefined },
  ],
};

function judge(look: Look, broken: readonly string[] = []) {
  const told: Told[] = [];
  for (let before = -1; before < told.length; ) {
    before = told.length;
    const asks: readonly Ask[] = [...staging.asks(look), ...(staging.asksMore?.(look, factsOf(told)) ?? [])];
    const fault = { code: 'server-unreachable', where: 'pve1', says: 'no answer', remedy: '' };
    for (const ask of asks)
      if (!told.some((one) => nameOfAsk(one.ask) === nameOfAsk(ask)))
        told.push({ ask, known: broken.includes(ask.fact) ? { at, fault } : { at, answer: answers[ask.fact] } });
  }
  const bare = makePlan({
    ...{ estate: 'lab', job: 'apply', madeAt: at, desired: 'd', observed: 'o', steps: look.steps, notes: [] },
    ...{ refusals: [], unchanged: 0, afterFailure: 'keep' },
  });
  return { told, plan: weigh(bare, look, [staging], factsOf(told), told) };
}

const made = (fields: Partial<Record<string, Fields[string]>> = {}): Thing => ({
  ...{ kind: 'pve-backup-job', name: 'nightly', act: 'create' as const },
  fields: { ...job, ...fields } as Fields,
});
const storage: Thing = { kind: 'pve-storage', name: 'pbs', now: pbsEntry };

describe('a plan with a job that would overflow a disk', () => {
  it('does not make it, and says both sizes and what to do', () => {
    const { plan } = judge(lookAt([made(), storage]));
    assert.deepEqual(plan.steps, []);
    const [refusal] = plan.refusals;
    assert.equal(refusal?.code, 'staging-too-small');
    assert.equal(refusal?.subject, ref('pve-backup-job', 'pve1', 'nightly'));
    assert.match(refusal?.says ?? '', /ct\/100 big on pve1 .*\/var\/tmp.*500 GiB, where 344 GiB of 375 GiB are free/);
    assert.match(refusal?.remedy ?? '', /mode: stop/);
  });

  it('does not change or switch it on either', () => {
    for (const now of [
      { ...job, enabled: false },
      { ...job, mode: 'stop' },
    ]) {
      const { plan } = judge(lookAt([{ ...made(), act: 'update', now }, storage]));
      assert.deepEqual([plan.steps.length, plan.refusals[0]?.code], [0, 'staging-too-small']);
    }
  });

  it('refuses a job that stays as it is when its storage is written, and writes the storage', () => {
    const { plan } = judge(
      lookAt([
        { ...storage, act: 'update', fields: pbsEntry },
        { kind: 'pve-backup-job', name: 'nightly', now: job, fields: job },
      ]),
    );
    assert.deepEqual(
      plan.steps.map(({ kind }) => kind),
      ['pve-storage.update'],
    );
    assert.equal(plan.refusals[0]?.subject, ref('pve-backup-job', 'pve1', 'nightly'));
  });

  it('leaves the plan as it is where nothing is staged (control)', () => {
    const harmless = [
      made({ enabled: false }),
      made({ mode: 'stop' }),
      made({ select: { guests: [201] } }),
      made({ select: { all_but: [100] } }),
    ];
    for (const one of harmless) {
      const { plan } = judge(lookAt([one, storage]));
      assert.deepEqual([plan.steps.length, plan.refusals, plan.notes], [1, [], []]);
    }
  });

  it('asks nothing for a job that the plan does not touch, nor for one that cannot stage', () => {
    const untouched = lookAt([{ kind: 'pve-backup-job', name: 'nightly', now: job }, storage]);
    for (const look of [untouched, lookAt([made({ mode: 'stop' }), storage])]) assert.deepEqual(judge(look).told, []);
  });

  it('asks each thing once however many jobs want it, and no node whose guests cannot stage', () => {
    const { told } = judge(lookAt([made(), { ...made(), name: 'weekly' }, storage]));
    const names = told.map(({ ask }) => `${ask.fact} ${'node' in ask ? ask.node : ''}`);
    assert.deepEqual(names.sort(), [
      'backup-defaults pve1',
      'guest-disks pve1',
      'guests ',
      'root-disk pve1',
      'seen-storages pve1',
    ]);
  });

  it('finds out by one question whether an undeclared storage is a PBS', () => {
    const { told, plan } = judge(lookAt([made({ select: { guests: [201] } })], ['pve-backup-job']));
    assert.deepEqual(
      told.map(({ ask }) => ask.fact),
      ['guests', 'storage-entries'],
    );
    assert.deepEqual([plan.steps.length, plan.refusals, plan.notes], [1, [], []]);
  });

  it('says what could not be computed, and refuses nothing for it', () => {
    for (const broken of ['guests', 'root-disk', 'guest-disks']) {
      const { plan } = judge(lookAt([made(), storage]), [broken]);
      assert.deepEqual([plan.steps.length, plan.refusals], [1, []], broken);
      assert.match(plan.notes[0]?.says ?? '', /^could not be computed: .*no answer/);
    }
  });

  it('is the same plan when a byte more is free: only what is decided by the figures belongs to it', () => {
    const look = lookAt([made({ select: { guests: [100] }, mode: 'snapshot' }), storage]);
    const { told } = judge(look);
    const bare = makePlan({
      ...{ estate: 'lab', job: 'apply', madeAt: at, desired: 'd', observed: 'o', steps: [], notes: [] },
      ...{ refusals: [], unchanged: 0, afterFailure: 'keep' },
    });
    const digestWith = (available: number, disks: unknown) =>
      weigh(
        bare,
        look,
        [],
        factsOf([]),
        told.map(({ ask, known }) => ({
          ask,
          known:
            ask.fact === 'root-disk'
              ? { at, answer: { ...root, available } }
              : ask.fact === 'guest-disks'
                ? { at, answer: disks }
                : known,
        })),
      ).digest;
    assert.equal(digestWith(1, []), digestWith(2, []));
    assert.notEqual(digestWith(1, []), digestWith(1, ['another']));
  });
});
