import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Estate } from '../model/estate.ts';
import { notConfigured } from './not-configured.ts';

const pve = ['ruapehu', 'hikurangi'].map((name) => ({ product: 'pve' as const, name, url: `https://${name}` }));
const said = (estate: Partial<Estate>) => notConfigured({ sections: {}, pve, schedules: [], ...estate });

describe('what is declared and not brought about by itself', () => {
  it('is said of each backup job on each of its servers, with what does start it', () => {
    const notes = said({ sections: { backup_jobs: [{ name: 'nightly' }, { name: 'weekly', on: ['ruapehu'] }] } });
    assert.deepEqual(
      notes.map(({ subject }) => subject),
      ['backup-job/ruapehu/nightly', 'backup-job/hikurangi/nightly', 'backup-job/ruapehu/weekly'],
    );
    for (const { level, says } of notes) {
      assert.equal(level, 'warning');
      assert.match(says, /does not put it on PVE: nothing starts it but `holdfast run (nightly|weekly)`/);
    }
  });

  it('is said of each schedule, and of nothing else', () => {
    assert.deepEqual(
      said({ schedules: [{ job: 'photos-image', schedule: 'daily' }] }).map(({ subject }) => subject),
      ['schedule/photos-image'],
    );
    assert.deepEqual(said({ sections: { pbs_storages: [{ name: 'pbs' }] } }), []);
  });
});
