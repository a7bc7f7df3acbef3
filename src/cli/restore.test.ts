// Which point a restore takes, where several layers protect one workload.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { estateIn } from '../../test/e2e/estate.test-support.ts';
import { manifestText, withSeal } from '../layers/common/points/manifest.ts';
import { pointId } from '../layers/common/points/places.ts';
import { ask, database, unlessSqlite } from '../layers/common/sqlite/databases.test-support.ts';
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

const databases = `
estate: one
machines: [{ name: here, local: true }]
workloads: [{ name: apps }]
layers:
  - { name: dbs, kind: sqlite, machine: here, workload: apps, from: { folder: FOLDER/data }, to: FOLDER/to, keep: { keep_last: 5 } }
`;
const skip = (process.getuid?.() !== 0 || unlessSqlite) && 'it needs root and sqlite3';

const copied = `
estate: copied
machines: [{ name: here, local: true }, { name: there, local: true }]
workloads: [{ name: apps }, { name: away }]
layers:
  - { name: dbs, kind: sqlite, machine: here, workload: apps, from: { folder: FOLDER/data }, to: FOLDER/to, keep: { keep_last: 5 } }
  - { name: away, kind: offsite, machine: here, workload: away, points_of: [dbs], to: FOLDER/copies, to_machine: there, staging: FOLDER/staging, keep: { keep_last: 5 } }
`;

describe('restore of a workload whose points are copied', { skip }, () => {
  it('knows the copies, also where the points themselves are lost', async () => {
    using estate = estateIn(copied, 'copied');
    mkdirSync(join(estate.folder, 'data'));
    database(join(estate.folder, 'data', 'app.db'), 20);
    for (const job of ['dbs', 'away']) assert.equal((await estate.type('run', job)).status, 0);
    rmSync(join(estate.folder, 'to'), { recursive: true });
    mkdirSync(join(estate.folder, 'to'));
    const back = join(estate.folder, 'back');
    const restored = await estate.type('restore', 'apps', '--to', back, '--yes');
    assert.equal(restored.status, 0, restored.stdout + restored.stderr);
    assert.equal(ask(join(back, 'app.db'), 'SELECT count(*) FROM notes'), '20');
    rmSync(join(estate.folder, 'copies'), { recursive: true });
    assert.notEqual((await estate.type('restore', 'apps')).status, 0, 'control: the copies are lost, too');
  });
});

describe('restore --only', { skip }, () => {
  it('brings one database of many back, and says what is near where there is none of that name', async () => {
    const estate = estateIn(databases, 'one');
    try {
      for (const name of ['a', 'b']) {
        mkdirSync(join(estate.folder, 'data', name), { recursive: true });
        database(join(estate.folder, 'data', name, 'app.db'), 20);
      }
      const run = await estate.type('run', 'dbs');
      assert.equal(run.status, 0, run.stderr);
      const back = join(estate.folder, 'back');
      const wrong = await estate.type('--json', 'restore', 'apps', '--only', 'c/app.db', '--to', back, '--yes');
      assert.equal(wrong.status, 1);
      assert.match(wrong.stdout + wrong.stderr, /path-not-in-point.*near it is in there: a\/app\.db, b\/app\.db/s);
      assert.equal((await estate.type('restore', 'apps', '--only', '/a', '--to', back, '--yes')).status, 64);
      const shown = await estate.type('restore', 'apps', '--only', 'a/app.db');
      assert.match(shown.stdout, /--only a\/app\.db --to FOLDER/);
      assert.equal(existsSync(back), false);
      const { status, stdout, stderr } = await estate.type(
        '--json',
        'restore',
        'apps',
        '--only',
        'b',
        '--to',
        back,
        '--yes',
      );
      assert.equal(status, 0, stderr);
      assert.equal(JSON.parse(stdout).only, 'b');
      assert.deepEqual(readdirSync(back, { recursive: true }).sort(), ['b', 'b/app.db']);
      assert.equal(ask(join(back, 'b/app.db'), 'SELECT count(*) FROM notes'), '20');
    } finally {
      estate.close();
    }
  });
});

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
