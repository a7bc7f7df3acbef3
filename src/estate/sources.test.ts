import assert from 'node:assert/strict';
import { symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { files, kinds, problemsOf, read, withFiles } from './estate.test-support.ts';
import { readEstate } from './read.ts';

describe('an estate of several files', () => {
  it('is every .yaml of a folder, lists joined in the order of the names', () =>
    withFiles(
      {
        '10-base.yaml': 'estate: a\nworkloads: [{ name: one }]\n',
        '20-more.yaml': 'workloads:\n  - { name: two }\n  - { name: three, tier: gold }\n',
        '30-tiers.yaml': 'tiers: [{ name: gold }]\n',
        '.hidden.yaml': 'broken: [',
        'notes.txt': 'broken: [',
      },
      async (folder) => {
        const estate = await read(folder);
        assert.deepEqual(
          estate.workloads.map(({ name }) => name),
          ['one', 'two', 'three'],
        );
        assert.equal(estate.placeOf(['workloads', 0, 'name']), '10-base.yaml:2:21');
        assert.equal(estate.placeOf(['workloads', 2, 'tier']), '20-more.yaml:3:26');
        assert.equal(estate.file, folder);
      },
    ));

  it('tells of problems in the file they stand in, those between files too', () =>
    withFiles(
      {
        'a.yaml': 'estate: a\ntiers: [{ name: gold }]\n',
        'b.yaml': 'estate: b\ntiers:\n  - { name: gold }\nworkloads: [{ name: w, tier: golt }]\n',
        'c.yml': 'tiers: []\n',
      },
      async (folder) =>
        assert.deepEqual(
          (await problemsOf(folder)).map((line) => line.replaceAll(`${folder.split('/').at(-1)}/`, '')),
          [
            'c.yml:1:1 would not be read; name it .yaml, or take it out of the folder',
            `b.yaml:1:1 estate: stands at ${folder}/a.yaml:1:1 already; keep one of them`.replaceAll(`${folder}/`, ''),
            'b.yaml:3:13 tiers[1].name: "gold" is the name of tiers[0] already; rename or remove one of them',
            'b.yaml:4:30 workloads[0].tier: names "golt", which is not in `tiers`; did you mean gold?',
          ],
        ),
    ));

  it('takes in what it includes, from folders below it', () =>
    withFiles(
      {
        'estate.yaml': 'estate: a\ninclude: [hosts/one.yaml, tiers.yaml]\nworkloads: [{ name: x }]\n',
        'hosts/one.yaml': 'include: [deeper/two.yaml]\nworkloads: [{ name: y }]\n',
        'hosts/deeper/two.yaml': 'workloads: [{ name: z, tier: gold }]\n',
        'tiers.yaml': 'tiers: [{ name: gold }]\n',
      },
      async (folder) => {
        const estate = await read(join(folder, 'estate.yaml'));
        assert.deepEqual(
          estate.workloads.map(({ name }) => name),
          ['x', 'y', 'z'],
        );
        assert.equal(estate.placeOf(['workloads', 2]), 'hosts/deeper/two.yaml:1:13');
      },
    ));

  it('refuses includes that go through links, in circles, or twice', () =>
    withFiles(
      {
        'estate.yaml': 'include: [link.yaml, folder/x.yaml, one.yaml, two.yaml, two.yaml]\n',
        'one.yaml': 'include: [back.yaml]\n',
        'back.yaml': 'include: [one.yaml]\n',
        'two.yaml': 'tiers: []\n',
        'elsewhere/x.yaml': 'tiers: []\n',
      },
      async (folder) => {
        await symlink('/etc/passwd', join(folder, 'link.yaml'));
        await symlink(join(folder, 'elsewhere'), join(folder, 'folder'));
        assert.deepEqual(await problemsOf(join(folder, 'estate.yaml')), [
          'estate.yaml:1:11 include[0]: goes through the symbolic link link.yaml; an include is a file of its own',
          'estate.yaml:1:22 include[1]: goes through the symbolic link folder; an include is a file of its own',
          'estate.yaml:1:57 include[4]: is part of the estate already, as two.yaml; name it once',
          'back.yaml:1:11 include[0]: includes itself: estate.yaml -> one.yaml -> back.yaml -> one.yaml',
        ]);
      },
    ));

  it('refuses a folder with a link in it, which could lead anywhere', () =>
    withFiles({ 'a.yaml': 'estate: a\n' }, async (folder) => {
      await symlink('/etc/passwd', join(folder, 'b.yaml'));
      assert.match((await problemsOf(folder)).join(), /b\.yaml:1:1 is a link, not a regular file/);
    }));

  it('refuses more includes in a row than anybody follows', () => {
    const chain = Array.from(
      { length: 12 },
      (_, index) => [`${index}.yaml`, `include: [${index + 1}.yaml]\n`] as const,
    );
    return withFiles(Object.fromEntries([...chain, ['12.yaml', 'estate: a\n']]), async (folder) =>
      assert.match((await problemsOf(join(folder, '0.yaml'))).join(), /more than 8 includes in a row/),
    );
  });

  it('may be named through a link, and is the same estate then', () =>
    withFiles({ 'estate.yaml': 'tiers: [{ name: gold }]\n' }, async (folder) => {
      await symlink('estate.yaml', join(folder, 'current'));
      const [straight, linked] = [await read(join(folder, 'estate.yaml')), await read(join(folder, 'current'))];
      assert.equal(linked.name, straight.name);
      await symlink('circle', join(folder, 'circle'));
      assert.match((await problemsOf(join(folder, 'circle'))).join(), /leads in a circle/);
    }));
});

describe('an estate that is too large', () => {
  it('is refused by its size, before a byte of it is read', () =>
    withFiles({ 'estate.yaml': 'description: "' }, async (folder) => {
      const path = join(folder, 'estate.yaml');
      await truncate(path, 100 * 1024 * 1024);
      const unread = { ...files, read: () => Promise.reject(new Error('it was read')) };
      await assert.rejects(readEstate(path, { files: unread, kinds }), /has 100 MiB, a file may have 4\.00 MiB/);
    }));

  it('is refused by the sum of its files', () =>
    withFiles(
      Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [`${name}.yaml`, `# ${'x'.repeat(4_000_000)}\n`])),
      async (folder) => assert.match((await problemsOf(folder)).join(), /e\.yaml:1:1 brings the estate over 16\.0 MiB/),
    ));

  it('is refused where it is no UTF-8', () =>
    withFiles({}, async (folder) => {
      await writeFile(join(folder, 'estate.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]));
      assert.deepEqual(await problemsOf(join(folder, 'estate.yaml')), [
        'estate.yaml:1:1 is no UTF-8 text; save it as UTF-8',
      ]);
    }));
});
