import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChangeClass } from '../model/step.ts';
import { classOfChange } from './change-class.ts';

type Case = readonly [field: string, from: unknown, to: unknown, expected: ChangeClass];

const cases: Readonly<Record<string, readonly Case[]>> = {
  'retention that keeps longer strengthens, any other change of it weakens': [
    ['layers[].keep', { keep_daily: 7 }, { keep_daily: 14 }, 'strengthens'],
    ['layers[].keep', { keep_daily: 7 }, { keep_daily: 3 }, 'weakens'],
    ['layers[].keep', { keep_daily: 7 }, { keep_daily: 14, keep_weekly: 1 }, 'strengthens'],
    ['layers[].keep', { keep_daily: 7, keep_weekly: 4 }, { keep_daily: 30 }, 'weakens'],
    ['layers[].keep', { keep_daily: 7 }, { keep_daily: 7, keep_weekly: 0 }, 'neutral'],
    ['pbs_storages[].prune_backups', { keep_all: 1 }, { keep_daily: 7 }, 'weakens'],
    ['pbs_storages[].prune_backups', undefined, { keep_daily: 7 }, 'weakens'],
    ['pbs_storages[].prune_backups', { keep_daily: 7 }, {}, 'strengthens'],
    ['pbs[].datastores[].prune.keep', { keep_last: 3 }, { keep_last: 4 }, 'strengthens'],
    ['pbs[].datastores[].prune.keep_last', 3, 4, 'weakens'],
  ],
  'who is spoken to, and with which secret, reaches': [
    ['pve[].url', 'https://a:8006', 'https://b:8006', 'reaches'],
    ['pve[].token.secret', { file: '/a' }, { file: '/b' }, 'reaches'],
    ['pve[].identities.run.id', 'a@pve!b', 'c@pve!d', 'reaches'],
    ['pbs_storages[].server', undefined, 'pbs.home', 'reaches'],
    ['channels[].url', 'https://a', 'https://b', 'reaches'],
    ['layers[].machine', 'here', 'there', 'reaches'],
  ],
  'switching off weakens, switching on strengthens; a prune job the other way round': [
    ['pbs_storages[].enabled', true, false, 'weakens'],
    ['pbs_storages[].enabled', false, true, 'strengthens'],
    ['pbs_storages[].encrypted', true, false, 'weakens'],
    ['pbs[].datastores[].prune.enabled', false, true, 'weakens'],
    ['pbs[].datastores[].prune.enabled', true, false, 'neutral'],
  ],
  'what is looked at no longer everywhere weakens, though nothing was said of it before': [
    ['pbs[].datastores[].verify.namespace', '', 'prod', 'weakens'],
    ['pbs[].datastores[].verify.max_depth', null, 0, 'weakens'],
    ['pbs[].sync[].max_depth', null, 0, 'weakens'],
    ['pbs[].sync[].transfer_last', null, 1, 'weakens'],
    ['pbs[].sync[].namespace', '', 'prod', 'weakens'],
    ['pbs[].sync[].remote_namespace', '', 'prod', 'weakens'],
    ['pbs_storages[].namespace', '', 'prod', 'weakens'],
  ],
  'what another PBS holds is not taken over without a word': [
    ['pbs[].datastores[].overwrite_in_use', undefined, true, 'destroys'],
    ['pbs[].datastores[].overwrite_in_use', undefined, false, 'neutral'],
  ],
  'a promise with less time, more copies or another site strengthens': [
    ['tiers[].rpo', '24h', '12h', 'strengthens'],
    ['tiers[].rpo', '24h', '1d', 'neutral'],
    ['tiers[].rpo', '24h', '2d', 'weakens'],
    ['tiers[].rpo', undefined, '24h', 'strengthens'],
    ['tiers[].rpo', '24h', undefined, 'weakens'],
    ['tiers[].copies', 2, 3, 'strengthens'],
    ['tiers[].copies', 3, undefined, 'weakens'],
    ['tiers[].offsite', undefined, true, 'strengthens'],
    ['tiers[].offsite', true, undefined, 'weakens'],
    ['approval_expires', '1h', '2h', 'weakens'],
    ['approval_expires', 3_600_000, 60_000, 'strengthens'],
    ['workloads[].tier', undefined, 'gold', 'neutral'],
    ['workloads[].tier', 'gold', 'silver', 'weakens'],
  ],
  'taking in more hosts or guests strengthens where they are backed up, and reaches where they get a secret': [
    ['backup_jobs[].on', ['a'], ['a', 'b'], 'strengthens'],
    ['backup_jobs[].on', ['a', 'b'], ['b'], 'weakens'],
    ['backup_jobs[].on', ['a', 'b'], ['b', 'a'], 'neutral'],
    ['backup_jobs[].on', ['a'], undefined, 'strengthens'],
    ['backup_jobs[].on', undefined, ['a'], 'weakens'],
    ['pbs_storages[].nodes', ['a'], ['a', 'b'], 'reaches'],
    ['pbs_storages[].nodes', ['a'], [], 'reaches'],
    ['pbs_storages[].nodes', [], ['a'], 'weakens'],
    ['pbs_storages[].nodes', ['a'], ['b'], 'weakens'],
    ['pbs[].datastores[].namespaces', ['prod'], ['prod', 'test'], 'strengthens'],
    ['pbs[].datastores[].namespaces', ['prod'], undefined, 'weakens'],
    ['backup_jobs[].select', { guests: [100] }, { guests: [100, 101] }, 'strengthens'],
    ['backup_jobs[].select', { guests: [100, 101] }, { guests: [100] }, 'weakens'],
    ['backup_jobs[].select', { guests: [100] }, 'all', 'strengthens'],
    ['backup_jobs[].select', 'all', { all_but: [101] }, 'weakens'],
    ['backup_jobs[].select', { all_but: [101, 102] }, { all_but: [101] }, 'strengthens'],
    ['backup_jobs[].select', { all_but: [101] }, { all_but: [102] }, 'weakens'],
    ['backup_jobs[].select', 'all', { pool: 'prod' }, 'weakens'],
    ['backup_jobs[].select', { pool: 'a' }, { pool: 'b' }, 'weakens'],
    ['backup_jobs[].select', { guests: [100] }, { all_but: [101] }, 'weakens'],
    ['backup_jobs[].select', 'all', 'all', 'neutral'],
  ],
  'leaving out on purpose weakens, and so does looking at it later': [
    ['exclusions[].subject', undefined, 'vm/105', 'weakens'],
    ['exclusions[].review_by', '2027-01-31', '2028-01-31', 'weakens'],
    ['exclusions[].review_by', '2027-01-31', '2026-01-31', 'strengthens'],
    ['exclusions[].reason', 'a', 'b', 'neutral'],
  ],
  'a comment is neutral, and what cannot be compared weakens': [
    ['backup_jobs[].comment', 'a', 'b', 'neutral'],
    ['workloads[].description', 'a', undefined, 'neutral'],
    ['tiers[].rpo', '24h', 'soon', 'weakens'],
    ['schedules[].schedule', '02:00', 'sometimes', 'weakens'],
  ],
};

describe('the class of a change', () => {
  for (const [title, rows] of Object.entries(cases))
    it(title, () => {
      for (const [field, from, to, expected] of rows) {
        const { class: found, because } = classOfChange(field, from, to);
        assert.equal(found, expected, `${field}: ${JSON.stringify(from)} -> ${JSON.stringify(to)} (${because})`);
        assert.notEqual(because, '');
      }
    });

  it('is a defect where a field has none', () =>
    assert.throws(() => classOfChange('pve[].frobnicate', 1, 2), /has no class of change/));
});
