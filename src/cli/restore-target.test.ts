import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RestorePoint } from '../model/restore-point.ts';
import { holding, leadingTo, othersAsText, targetFor, type Way } from './restore-target.ts';

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
    const withPaths = { ...databases, layer: { ...databases.layer, holdsPaths: true } } as Way;
    assert.deepEqual(namesOf(holding('apps', 'a/b', [snapshots, withPaths])), ['databases']);
    assert.deepEqual(holding('apps', undefined, both), both);
    assert.throws(() => holding('apps', 'a/b', [snapshots]), { code: 'only-means-nothing', where: 'apps' });
  });

  const dumps = (name: string, ...parts: readonly string[]): Way => {
    const plain = way(name, ['live', 'database/NAME', '/FOLDER']);
    return { ...plain, layer: { ...plain.layer, parts: () => parts } } as Way;
  };

  it('of one database is for points that have it: one that it failed in is passed over', () => {
    const files = { ...databases, layer: { ...databases.layer, holdsPaths: true } } as Way;
    const all = [dumps('tonight', 'mail'), dumps('yesterday', 'mail', 'shop'), files];
    assert.deepEqual(namesOf(holding('apps', 'shop', all)), ['yesterday']);
    assert.deepEqual(namesOf(holding('apps', 'srv/mail', all)), ['databases']);
    assert.throws(() => holding('apps', 'shpo', all.slice(0, 2)), {
      code: 'part-unknown',
      says: 'no point has it; they have mail, shop',
    });
  });

  it('into a folder is asked back where dumps and files may be meant', () => {
    const all = [dumps('postgres', 'shop'), databases];
    assert.throws(() => leadingTo('./back', all), { code: 'misused', remedy: 'say which: --by postgres' });
    assert.deepEqual(namesOf(leadingTo('live', all)), ['postgres']);
    assert.deepEqual(namesOf(leadingTo('./back', holding('apps', 'shop', all))), ['postgres']);
  });

  it('goes to the folder that is meant from where the command was typed', () => {
    assert.equal(targetFor(dumps('postgres'), './back', '/srv'), '/srv/back');
    assert.equal(targetFor(dumps('postgres'), 'database/shop', '/srv'), 'database/shop');
    assert.equal(targetFor(databases, 'back', '/srv'), '/srv/back');
    assert.equal(targetFor(snapshots, 'pve/back', '/srv'), 'pve/back');
  });

  it('says what was not meant, and where that would go', () => {
    assert.equal(othersAsText([snapshots, snapshots]), 'Not meant: 2 points of snapshots (--to live, --to pve/NAME)\n');
    assert.equal(othersAsText([databases]), 'Not meant: 1 point of databases (--to FOLDER)\n');
    assert.equal(othersAsText([]), '');
  });
});
