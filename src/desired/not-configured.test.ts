import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notConfigured } from './not-configured.ts';

describe('what is declared and not brought about by itself', () => {
  it('is said of each schedule, with what does start it', () => {
    const notes = notConfigured({ schedules: [{ job: 'photos-image', schedule: 'daily' }, { job: 'music-image' }] });
    assert.deepEqual(
      notes.map(({ subject, level }) => [subject, level]),
      [
        ['schedule/photos-image', 'warning'],
        ['schedule/music-image', 'warning'],
      ],
    );
    assert.match(notes[0]?.says ?? '', /nothing starts it but `holdfast run photos-image`/);
  });

  it('is nothing where no schedule is declared: backup jobs are put on PVE', () =>
    assert.deepEqual(notConfigured({ schedules: [] }), []));
});
