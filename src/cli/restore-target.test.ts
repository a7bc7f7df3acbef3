import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layers } from '../layers/all.ts';
import type { RestorePoint } from '../model/restore-point.ts';
import { holdingPaths, leadingTo, othersAsText, type Way } from './restore-target.ts';

const way = (name: string, targets?: readonly string[]): Way =>
  ({
    layer: targets === undefined ? {} : { targets: () => targets.map((to) => ({ to, says: '' })) },
    entry: { name },
    point: {} as RestorePoint,
    because: 'the newest point',
  }) as unknown as Way;

describe('where a restore goes', () => {
  const snapshots = way('snapshots', ['live', 'pve/NAME']);
  const databases = way('databases');
  const both = [snapshots, databases];
  const namesOf = (ways: readonly Way[]) => ways.map(({ entry }) => entry.name);

  for (const [to, meant] of [
    ['live', 'snapshots'],
    ['pve/rescued', 'snapshots'],
    ['/srv/back', 'databases'],
    ['./back', 'databases'],
    ['../pve/back', 'databases'],
  ] as const)
    it(`says which points are meant: ${to} is for ${meant}`, () =>
      assert.deepEqual(namesOf(leadingTo(to, both)), [meant]));

  for (const to of ['back', 'other/rescued', 'pve/a/b'])
    it(`is asked back where it may be a folder or a volume: ${to}`, () =>
      assert.throws(() => leadingTo(to, both), { code: 'misused', remedy: /\.\/.*live, pve\/NAME/ }));

  it('leaves all of them where nothing was said, or where all go to one sort of place', () => {
    assert.deepEqual(leadingTo(undefined, both), both);
    assert.deepEqual(leadingTo('back', [databases]), [databases]);
    assert.deepEqual(leadingTo('nowhere', [snapshots]), [snapshots]);
  });

  it('of one file or folder is for points that hold paths, and for no others', () => {
    const holding = { ...databases, layer: { ...databases.layer, holdsPaths: true } } as Way;
    assert.deepEqual(namesOf(holdingPaths('apps', 'a/b', [snapshots, holding])), ['databases']);
    assert.deepEqual(holdingPaths('apps', undefined, both), both);
    assert.throws(() => holdingPaths('apps', 'a/b', [snapshots]), { code: 'only-means-nothing', where: 'apps' });
  });

  it('of one database is for every server that says it can be asked for', () => {
    const of = layers.filter(({ kind }) => ['mysql', 'postgres'].includes(kind));
    assert.equal(of.length, 2);
    for (const layer of of) {
      const [asked] = holdingPaths('apps', 'shop', [{ ...databases, layer } as Way]);
      assert.equal(asked?.layer.kind, layer.kind);
    }
  });

  it('says what was not meant, and where that would go', () => {
    assert.equal(othersAsText([snapshots, snapshots]), 'Not meant: 2 points of snapshots (--to live, --to pve/NAME)\n');
    assert.equal(othersAsText([databases]), 'Not meant: 1 point of databases (--to FOLDER)\n');
    assert.equal(othersAsText([]), '');
  });
});
