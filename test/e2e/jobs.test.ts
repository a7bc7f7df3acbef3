// What `holdfast jobs` says beneath its table: what an operator has to know of his schedules before he sleeps.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { estateIn } from './estate.test-support.ts';

const text = (schedule: string): string => `estate: watchful
machines: [{ name: here, local: true }]
workloads: [{ name: photos }]
layers:
  - { name: photos, kind: disk-image, machine: here, workload: photos, image: FOLDER/a.img, to: FOLDER/b, keep: { keep_last: 2 } }
schedules: [{ job: photos, schedule: "${schedule}", time_zone: Europe/Berlin, window: 1h }]
`;

async function jobs(schedule: string): Promise<string> {
  const estate = estateIn(text(schedule), 'watchful');
  try {
    const { stdout, stderr, status } = await estate.type('jobs');
    assert.equal(status, 0, stderr);
    return stdout;
  } finally {
    estate.close();
  }
}

describe('jobs', () => {
  it('says that nothing watches its schedules, and that no run has shown whether the window is enough', async () => {
    const shown = await jobs('02:00');
    assert.match(shown, /photos\s.*02:00 Europe\/Berlin\s.*never\s.*pending/);
    assert.match(shown, /Nothing watches 1 schedule: start `holdfast serve`/);
    assert.match(shown, /photos: no run has shown yet whether 1h are enough/);
    assert.doesNotMatch(shown, /is no hour/);
  });

  it('says what Proxmox makes of a schedule that does not mean what it looks like', async () => {
    assert.match(await jobs('25:00'), /photos: 25 is no hour, so Proxmox reads minute 25 and second 0 of every hour/);
  });
});
