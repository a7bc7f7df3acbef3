import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePlan, type Plan } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import { minutes } from '../values/duration.ts';
import { instantAt } from '../values/instant.ts';
import { ref } from '../values/ref.ts';
import { configurationDrift } from './configuration-drift.ts';

const at = instantAt(0);
const job = ref('pve-backup-job', 'ruapehu', 'nightly');
const step = (more: Partial<Step>): Step => ({
  ...{ id: 'x', kind: 'pve-backup-job.update', subject: job, act: 'update', title: 'x', because: [], after: [] },
  ...{ lanes: [], needs: [], expects: [], expands: false, patience: minutes(1) },
  ...{ changes: [], risk: 'changes', given: null, wayBack: 'undo' },
  ...more,
});
const planOf = (steps: readonly Step[]): Plan =>
  makePlan({
    ...{ estate: 'test', job: 'apply', madeAt: at, desired: '', observed: '', steps },
    ...{ notes: [], refusals: [], unchanged: 0, afterFailure: 'keep' },
  });
const judged = (more: Partial<Step>) => configurationDrift.judge(planOf([step(more)]), at);

describe('configuration-drift', () => {
  it('is silent where everything is as declared, and about storages, which have a check of their own', () => {
    assert.deepEqual(configurationDrift.judge(planOf([]), at), []);
    assert.deepEqual(judged({ subject: ref('pve-storage', 'ruapehu', 'pbs1'), kind: 'pve-storage.update' }), []);
  });

  it('is critical about a backup job that is missing or switched off: nothing is backed up tonight', () => {
    const off = { changes: [{ field: 'enabled', from: false, to: true, class: 'strengthens' }] } as const;
    for (const more of [off, { act: 'create' } as const]) assert.equal(judged(more)[0]?.severity, 'critical');
    const prune = { subject: ref('pbs-prune-job', 'pbs', 'nightly'), act: 'create' } as const;
    assert.equal(judged(prune)[0]?.severity, 'warning');
  });

  it('shows both values of each field that differs, and what the plan computed of it', () => {
    const [finding] = judged({
      subject: ref('pbs-prune-job', 'pbs', 'nightly'),
      changes: [{ field: 'keep', from: { keep_daily: 2 }, to: { keep_daily: 7 }, class: 'strengthens' }],
      means: ['nothing is removed'],
    });
    assert.equal(finding?.says, 'prune job nightly on pbs differs from the estate: keep');
    assert.deepEqual(
      finding?.evidence.map(({ says }) => says),
      ['keep: {"keep_daily":2} there, {"keep_daily":7} in the estate', 'nothing is removed'],
    );
  });

  it('can wait where nothing that is protected changes', () => {
    const changes = [{ field: 'comment', from: 'a', to: 'b', class: 'neutral' }] as const;
    assert.equal(judged({ changes })[0]?.severity, 'info');
  });
});
