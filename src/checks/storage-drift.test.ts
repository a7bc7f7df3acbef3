import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePlan, type Plan } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import { minutes } from '../values/duration.ts';
import { instantAt } from '../values/instant.ts';
import { ref } from '../values/ref.ts';
import { storageDrift } from './storage-drift.ts';

const at = instantAt(0);
const step = (more: Partial<Step>): Step => ({
  ...{ id: 'x', kind: 'pve-storage.update', subject: ref('pve-storage', 'ruapehu', 'pbs1'), act: 'update', title: 'x' },
  ...{ because: [], after: [], lanes: [], needs: [], expects: [], expands: false, patience: minutes(1) },
  ...{ changes: [], risk: 'changes', given: null, wayBack: 'undo' },
  ...more,
});
const planOf = (steps: readonly Step[]): Plan =>
  makePlan({
    ...{ estate: 'test', job: 'apply', madeAt: at, desired: '', observed: '', steps },
    ...{ notes: [], refusals: [], unchanged: 0, afterFailure: 'keep' },
  });

describe('storage-drift', () => {
  it('is silent where everything is as declared, and about what is no storage', () => {
    assert.deepEqual(storageDrift.judge(planOf([]), at), []);
    const job = step({ subject: ref('pbs-prune-job', 'pihanga', 'nightly') });
    assert.deepEqual(storageDrift.judge(planOf([job]), at), []);
  });

  it('is critical about a storage that no backup can go to: missing, or switched off there', () => {
    const off = step({ changes: [{ field: 'enabled', from: false, to: true, class: 'strengthens' }] });
    const missing = step({ act: 'create' });
    for (const one of [off, missing]) assert.equal(storageDrift.judge(planOf([one]), at)[0]?.severity, 'critical');
  });

  it('shows both values of each field that differs, with where they were read', () => {
    const changed = step({
      changes: [{ field: 'prune_backups', from: { keep_daily: 2 }, to: { keep_daily: 7 }, class: 'strengthens' }],
    });
    const [finding] = storageDrift.judge(planOf([changed]), at);
    assert.equal(finding?.severity, 'warning');
    assert.deepEqual(finding?.evidence, [
      {
        says: 'prune_backups: {"keep_daily":2} there, {"keep_daily":7} in the estate',
        source: 'ruapehu, GET /storage',
        at,
      },
    ]);
  });

  it('is the same finding as long as the same storage drifts', () => {
    const [one] = storageDrift.judge(planOf([step({ act: 'create' })]), at);
    const [other] = storageDrift.judge(planOf([step({})]), at);
    assert.equal(one?.id, other?.id);
  });
});
