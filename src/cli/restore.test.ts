// Which point a restore takes, where several layers protect one workload.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { estateIn } from '../../test/e2e/estate.test-support.ts';
import { manifestText, withSeal } from '../layers/common/points/manifest.ts';
import { pointId } from '../layers/common/points/places.ts';
import { type Instant, parseInstant } from '../values/instant.ts';

const text = `
estate: two
machines: [{ name: here, local: true }]
workloads: [{ name: photos }]
layers:
  - { name: weekly, kind: disk-image, machine: here, workload: photos, image: FOLDER/a.img, to: FOLDER/a, keep: { keep_last: 5 } }
  - { name: nightly, kind: disk-image, machine: here, workload: photos, image: FOLDER/a.img, to: FOLDER/b, keep: { keep_last: 5 } }
`;

function point(folder: string, layer: string, at: string): string {
  const takenAt = parseInstant(at) as Instant;
  const id = pointId(takenAt, `run-${layer}`);
  const part = { name: 'contents.tar', bytes: 0, sha256: '0'.repeat(64) };
  const manifest = withSeal({
    ...{ format: 1, id, layer, kind: 'disk-image', workload: 'photos', takenAt, sealedAt: takenAt, run: 'r' },
    ...{ source: {}, counts: {}, parts: [part], details: {}, tools: {} },
  });
  mkdirSync(join(folder, layer, id), { recursive: true });
  writeFileSync(join(folder, layer, id, 'manifest.json'), manifestText(manifest));
  writeFileSync(join(folder, layer, id, part.name), '');
  return id;
}

describe('restore', () => {
  it('takes the newest point of all layers, whichever the estate names first', async () => {
    const estate = estateIn(text, 'two');
    const old = point(join(estate.folder, 'a'), 'weekly', '2026-11-01T03:00:00Z');
    const young = point(join(estate.folder, 'b'), 'nightly', '2026-11-20T03:00:00Z');
    const oldest = point(join(estate.folder, 'b'), 'nightly', '2026-10-20T03:00:00Z');
    const { stdout, status, stderr } = await estate.type('--json', 'restore', 'photos');
    assert.equal(status, 0, stderr);
    const ways = JSON.parse(stdout) as { point: { manifest: { id: string } }; layer: string; because: string }[];
    assert.deepEqual(
      ways.map(({ point: { manifest }, layer }) => [manifest.id, layer]),
      [
        [young, 'nightly'],
        [old, 'weekly'],
        [oldest, 'nightly'],
      ],
    );
    assert.equal(ways.filter(({ because }) => because === 'the newest point').length, 1);
    estate.close();
  });
});
