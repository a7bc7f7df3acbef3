import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Desired } from '../contracts/resource.ts';
import type { Observed } from '../model/observed.ts';
import { isWhole } from '../model/plan.ts';
import { resources } from '../resources/all.ts';
import { instantAt } from '../values/instant.ts';
import { ref } from '../values/ref.ts';
import { decide } from './decide.ts';
import type { Deciding } from './deciding.ts';
import { planAsText } from './plan-text.ts';

const at = instantAt(Date.UTC(2026, 10, 21, 3));
const pin = `${'AA:'.repeat(31)}AA`;
const fields = {
  ...{ server: 'pbs.lan', datastore: 'tank', port: 8007, namespace: '', username: 'root@pam', fingerprint: pin },
  ...{ enabled: true, content: ['backup'], nodes: [], prune_backups: { keep_daily: 7 }, encrypted: false },
};
const job = {
  ...{ store: 'tank', schedule: 'daily', namespace: '', max_depth: null, enabled: true, comment: '' },
  keep: { keep_daily: 7 },
};

const declared = (server: string, name: string, item: object, kind = 'pve-storage', secrets = {}) =>
  ({
    kind,
    server,
    name,
    item,
    secrets,
    place: `estate.yaml:${name.length}:3`,
    notes: [],
  }) as Desired['declared'][number];
const reading = (kind: string, server: string, found: Readonly<Record<string, object>>) =>
  ({
    ...{ kind, server, at },
    answer: { found: Object.entries(found).map(([name, value]) => ({ name, value })) },
  }) as Observed['readings'][number];

const deciding = (more: Partial<Deciding> & Pick<Deciding, 'desired' | 'observed'>): Deciding => ({
  ...{ estate: 'test', resources, owned: new Set(), byCommand: new Set(), notes: [], prune: false },
  ...{ secrets: new Map(), escrow: [] },
  ...more,
});

const everything = deciding({
  desired: {
    digest: 'd',
    declared: [
      declared('ruapehu', 'pbs-new', fields, 'pve-storage', { password: { file: '/etc/holdfast/pbs-new' } }),
      declared('ruapehu', 'pbs-bare', fields),
      declared('ruapehu', 'pbs-same', fields),
      declared('ruapehu', 'pbs-moved', fields, 'pve-storage', { password: { file: '/etc/holdfast/pbs-moved' } }),
      declared('hikurangi', 'pbs-off', { ...fields, prune_backups: { keep_daily: 2 } }),
      declared('down', 'pbs-there', fields),
      declared('pihanga', 'holdfast-tank', job, 'pbs-prune-job'),
    ],
  },
  observed: {
    at,
    versions: new Map(),
    readings: [
      reading('pve-storage', 'ruapehu', {
        'pbs-same': fields,
        'pbs-moved': { ...fields, datastore: 'old' },
        'pbs-foreign': fields,
        'pbs-ours': fields,
      }),
      reading('pve-storage', 'hikurangi', { 'pbs-off': { ...fields, enabled: false } }),
      {
        ...{ kind: 'pve-storage', server: 'down', at },
        answer: {
          fault: { code: 'server-unreachable', where: 'down', says: 'nobody listens there', remedy: 'start it' },
        },
      },
      reading('pbs-prune-job', 'pihanga', { 'holdfast-tank': { ...job, keep: { keep_daily: 14 } } }),
    ],
  },
  owned: new Set([ref('pve-storage', 'ruapehu', 'pbs-ours')]),
});

describe('deciding', () => {
  it('explains every change, refusal and consequence as an operator can read it', (t) => {
    const text = planAsText(decide(everything)).replace(/^Plan [0-9a-f]{12}/, 'Plan DIGEST');
    t.assert.fileSnapshot(text, join(import.meta.dirname, '../../test/golden/decide.plan.txt'), {
      serializers: [(value) => String(value)],
    });
  });

  it('removes what is ours and no longer declared only when told to, and never what is foreign', () => {
    const acts = (prune: boolean) =>
      decide({ ...everything, prune })
        .steps.filter(({ act }) => act === 'remove')
        .map(({ subject }) => subject);
    assert.deepEqual(acts(false), []);
    assert.deepEqual(acts(true), ['pve-storage/ruapehu/pbs-ours']);
  });

  it('has nothing to do where everything is as declared, and says how much that is', () => {
    const same = deciding({
      desired: { digest: 'd', declared: [declared('ruapehu', 'pbs-same', fields)] },
      observed: { at, versions: new Map(), readings: [reading('pve-storage', 'ruapehu', { 'pbs-same': fields })] },
    });
    const plan = decide(same);
    assert.deepEqual([plan.steps, plan.refusals, plan.unchanged], [[], [], 1]);
    assert.match(planAsText(plan), /No changes; 1 as declared\./);
  });

  it('gives the same plan the same identity, whenever it is made, and another one when anything in it differs', () => {
    const one = decide(everything);
    const later = decide({ ...everything, observed: { ...everything.observed, at: instantAt(0) } });
    assert.equal(one.digest, later.digest);
    assert.ok(isWhole(one));
    const [step, ...steps] = one.steps;
    assert.ok(step !== undefined);
    assert.ok(!isWhole({ ...one, steps: [{ ...step, risk: 'none' }, ...steps] }), 'control: an altered step shows');
    assert.ok(!isWhole({ ...one, observed: 'another' }));
  });

  it('relies on what it saw: each step expects the very value it was planned against', () => {
    for (const step of decide(everything).steps) assert.equal(step.expects.length, 1);
  });

  it('never writes two things into one config file at once', () => {
    const lanes = decide(everything).steps.map(({ lanes: names }) => names.join());
    assert.deepEqual([...new Set(lanes)].sort(), ['hikurangi storage.cfg', 'pihanga prune.cfg', 'ruapehu storage.cfg']);
  });

  it('makes nothing on top of what is refused, and goes on with the rest', () => {
    const bare = declared('ruapehu', 'pbs-bare', fields);
    const on = { ...declared('ruapehu', 'pbs-on-it', fields, 'pve-storage', { password: { file: '/p' } }) };
    const plan = decide(
      deciding({
        desired: {
          digest: 'd',
          declared: [bare, { ...on, needs: [ref('pve-storage', 'ruapehu', 'pbs-bare')] }, { ...on, name: 'pbs-free' }],
        },
        observed: { at, versions: new Map(), readings: [reading('pve-storage', 'ruapehu', {})] },
      }),
    );
    assert.deepEqual(
      plan.refusals.map(({ code }) => code),
      ['storage-without-credentials', 'comes-after-refused'],
    );
    assert.deepEqual(
      plan.steps.map(({ subject }) => subject),
      ['pve-storage/ruapehu/pbs-free'],
    );
  });

  it('makes nothing on top of what is not made for that reason, either', () => {
    const made = (name: string, needs: string) => ({
      ...declared('ruapehu', name, fields, 'pve-storage', { password: { file: '/p' } }),
      needs: [ref('pve-storage', 'ruapehu', needs)],
    });
    const bare = declared('ruapehu', 'pbs-bare', fields);
    const plan = decide(
      deciding({
        desired: { digest: 'd', declared: [made('pbs-third', 'pbs-second'), made('pbs-second', 'pbs-bare'), bare] },
        observed: { at, versions: new Map(), readings: [reading('pve-storage', 'ruapehu', {})] },
      }),
    );
    assert.deepEqual(plan.steps, []);
    assert.deepEqual(
      plan.refusals.filter(({ code }) => code === 'comes-after-refused').map(({ says }) => says),
      [
        'it needs pve-storage/ruapehu/pbs-second, which cannot be done',
        'it needs pve-storage/ruapehu/pbs-bare, which cannot be done',
      ],
    );
  });

  it('sends a secret that a token of this plan gets anew to whoever logs in with it, after the token', () => {
    const file = { file: '/etc/holdfast/backup.token' };
    const token = {
      ...declared('pbs', 'a@pbs!b', { comment: '', enabled: true, expires: 0 }, 'pbs-token'),
      saves: { value: file },
    };
    const user = declared('ruapehu', 'pbs-same', fields, 'pve-storage', { password: file });
    const found = reading('pve-storage', 'ruapehu', { 'pbs-same': fields });
    const readings = [found, reading('pbs-token', 'pbs', {})];
    const plan = decide(
      deciding({ desired: { digest: 'd', declared: [token, user] }, observed: { at, versions: new Map(), readings } }),
    );
    const [storage] = plan.steps.filter(({ subject }) => subject.startsWith('pve-storage/'));
    assert.deepEqual(
      storage?.changes.map(({ field }) => field),
      ['password'],
    );
    assert.deepEqual(storage?.after, ['create pbs-token/pbs/a@pbs!b']);
    const there = [found, reading('pbs-token', 'pbs', { 'a@pbs!b': { comment: '', enabled: true, expires: 0 } })];
    const quiet = decide(
      deciding({
        desired: { digest: 'd', declared: [token, user] },
        observed: { at, versions: new Map(), readings: there },
      }),
    );
    assert.deepEqual(
      quiet.steps.filter(({ subject }) => subject.startsWith('pve-storage/')),
      [],
    );
  });
});
