// What the step that removes a point never removes, whatever was decided before.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RunId } from '../../../model/run.ts';
import { instantAt } from '../../../values/instant.ts';
import { drive, worldWith } from '../driver.test-support.ts';
import { fault } from '../trees.test-support.ts';
import type { PointEntry } from './entry.ts';
import { manifestText, withSeal } from './manifest.ts';
import { readPoints } from './points.ts';
import { pruneSteps } from './prune-step.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-prune-'));
});
after(() => rmSync(folder, { recursive: true }));

function layerWith(name: string, points: Readonly<Record<string, string>>): PointEntry {
  for (const [id, volume] of Object.entries(points)) {
    const at = join(folder, name, id);
    mkdirSync(at, { recursive: true });
    const manifest = withSeal({
      ...{ format: 1, id, layer: name, kind: 'files', workload: 'w', takenAt: instantAt(0), sealedAt: instantAt(0) },
      ...{ run: 'r', source: { volume }, counts: {}, parts: [{ name: 'a', bytes: 0, sha256: emptyDigest }] },
      ...{ details: {}, tools: {} },
    });
    writeFileSync(join(at, 'a'), '');
    writeFileSync(join(at, 'manifest.json'), manifestText(manifest));
  }
  return { name, kind: 'files', machine: 'here', workload: 'w', keep: { keep_last: 1 }, to: folder };
}
const emptyDigest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

async function prune(entry: PointEntry, id: string, volume: string): Promise<void> {
  const { points } = await readPoints(worldWith().machine('here'), entry);
  const remove = points.filter(({ manifest }) => manifest.id === id).map((point) => ({ point, because: 'a test' }));
  assert.equal(remove.length, 1, 'the point is there');
  const steps = pruneSteps({ entry, source: { volume }, after: [] }, remove);
  await drive({ run: 'run9' as RunId, world: worldWith(), taken: folder }, steps, 'keep');
}

describe('removing a restore point', () => {
  it('takes that one away, and leaves the others', async () => {
    const entry = layerWith('two', { a: 'vm-1', b: 'vm-1' });
    await prune(entry, 'a', 'vm-1');
    assert.deepEqual(readdirSync(join(folder, 'two')), ['b']);
  });

  it('refuses the last one of its source, though the layer has points of other volumes', async () => {
    const entry = layerWith('many', { a: 'vm-1', b: 'vm-2' });
    await assert.rejects(prune(entry, 'a', 'vm-1'), fault('point-is-last'));
    assert.ok(existsSync(join(folder, 'many', 'a', 'manifest.json')));
  });

  it('refuses one that is held', async () => {
    const entry = layerWith('held', { a: 'vm-1', b: 'vm-1' });
    writeFileSync(join(folder, 'held', 'a', 'HOLD'), 'court case');
    await assert.rejects(prune(entry, 'a', 'vm-1'), fault('point-held'));
    assert.ok(existsSync(join(folder, 'held', 'a', 'manifest.json')));
  });

  it('takes no point that another kind of layer made for one of its own (reality 2.19)', async () => {
    const entry = { ...layerWith('other', { a: 'vm-1' }), kind: 'sqlite' };
    const { points, notes } = await readPoints(worldWith().machine('here'), entry);
    assert.deepEqual([points, notes.map(({ says }) => says)], [[], ['a layer of the kind files made it']]);
  });
});
