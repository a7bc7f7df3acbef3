// Where copies go and where restores go: what is refused before anything is written there.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { localMachine } from '../../machines/local.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { instantAt, systemClock } from '../../values/instant.ts';
import { checkDestination, checkRoom } from '../common/points/destination.ts';
import { inTheWay } from '../common/trees/target.ts';
import { fault } from '../common/trees.test-support.ts';
import { planRestore } from './restore.ts';
import { type DiskImageEntry, diskImageEntry } from './schema.ts';

const machine = localMachine({ name: 'here', clock: systemClock });
const given = (more: object) => ({
  ...{ name: 'photos', kind: 'disk-image', machine: 'here', workload: 'photos', image: '/img', to: '/copies' },
  ...{ keep: { keep_last: 2 }, ...more },
});
const entry = (more: object): DiskImageEntry => diskImageEntry.parse(given(more));

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-destination-'));
  mkdirSync(join(folder, 'fine'));
  mkdirSync(join(folder, 'open'));
  chmodSync(join(folder, 'open'), 0o777);
  mkdirSync(join(folder, 'sticky'));
  chmodSync(join(folder, 'sticky'), 0o1777);
  symlinkSync(join(folder, 'fine'), join(folder, 'link'));
  writeFileSync(join(folder, 'file'), '');
});
after(() => rmSync(folder, { recursive: true }));

describe('the folder that restore points go to', () => {
  const check = (to: string, more: object = {}) => checkDestination(machine, entry({ to: join(folder, to), ...more }));

  it('may be there, or be new in one that is there', async () => {
    await check('fine');
    await check('new');
  });

  for (const [what, to, code] of [
    ['is a link', 'link', 'destination-not-a-folder'],
    ['is a file', 'file', 'destination-not-a-folder'],
    ['lies in a folder that is not there', 'missing/copies', 'destination-missing'],
    ['may be written to by everybody', 'open', 'destination-open-to-all'],
    ['may be written to by everybody, as /tmp', 'sticky', 'destination-open-to-all'],
  ] as const)
    it(`is refused where it ${what}`, () => assert.rejects(check(to), fault(code)));

  it("is refused where the layer's own folder in it is a link, or open to everybody", async () => {
    symlinkSync('/etc', join(folder, 'fine', 'linked'));
    mkdirSync(join(folder, 'fine', 'public'));
    chmodSync(join(folder, 'fine', 'public'), 0o707);
    await assert.rejects(check('fine', { name: 'linked' }), fault('destination-not-a-folder'));
    await assert.rejects(check('fine', { name: 'public' }), fault('destination-open-to-all'));
  });

  it('is refused while nothing is mounted where its disk should be (reality 1.2d)', () =>
    assert.rejects(check('fine', { mounted_at: join(folder, 'fine') }), fault('destination-not-mounted')));

  it('is taken where something is mounted', () =>
    checkDestination(machine, entry({ to: '/proc', mounted_at: '/proc' })));

  it('is refused before anything moves where there is no room, for a folder that is still to be made, too', async () => {
    await checkRoom(machine.files, join(folder, 'not', 'there'), 1);
    await assert.rejects(checkRoom(machine.files, join(folder, 'not', 'there'), 2 ** 60), fault('no-room'));
  });
});

describe('the folder that a restore goes to', () => {
  const way = (target: string) => inTheWay(machine, join(folder, target));

  it('may be empty, or new in one that is there, in /tmp too', async () => {
    mkdirSync(join(folder, 'empty'));
    for (const target of ['empty', 'new', 'sticky/new']) assert.equal(await way(target), undefined, target);
  });

  for (const [what, target, says] of [
    ['holds something', 'fine', /not empty: linked, public/],
    ['is a link', 'link', /is a link/],
    ['is a file', 'file', /is a file/],
    ['lies nowhere', 'no/where', /no folder/],
    ['may be written to by everybody', 'sticky', /everybody may write/],
    ['lies where everybody may rename it', 'open/new', /everybody may rename/],
  ] as const)
    it(`is refused where it ${what}`, async () => assert.match((await way(target)) ?? '', says));

  const planned = (target: string) => {
    const takenAt = instantAt(0);
    const manifest = { id: 'p', takenAt, sealedAt: takenAt, counts: { devices: 1, sockets: 2 } };
    const point = { manifest, machine: 'here', folder: '/copies/photos/p', bytes: 1 } as unknown as RestorePoint;
    return planRestore(entry({}), { point, target }, { timeZone: 'UTC', now: takenAt, layers: [] });
  };

  for (const target of ['/copies/photos', '/copies/photos/p', '/copies/photos/new', '/copies', '/'])
    it(`is refused where it and the points lie within each other (${target})`, () => {
      const { refusals, steps } = planned(target);
      assert.match(refusals[0]?.code ?? '', /^target-(among-points|not-absolute)$/);
      assert.deepEqual(steps, []);
    });

  for (const target of ['back', './back', '/back/../copies', '/back/', '//back', '/a/./b', '/a\0b'])
    it(`is refused where it is not written as a plain absolute path (${JSON.stringify(target)})`, () =>
      assert.equal(planned(target).refusals[0]?.code, 'target-not-absolute'));

  it('may stand beside them, and what will be left out is said beforehand', () => {
    const { refusals, notes, steps } = planned('/copies/photos-back');
    assert.deepEqual(refusals, []);
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ['tree.unpack', 'tree.settle'],
    );
    assert.match(
      notes.map(({ says }) => says).join('\n'),
      /1 device node.*restore_devices[\s\S]*2 sockets were not kept/,
    );
  });
});

describe('what an estate says of a disk image', () => {
  it('is taken as it is in the guide', () => {
    assert.equal(diskImageEntry.safeParse(given({ mounted_at: '/', to: '/copies' })).success, false);
    assert.ok(diskImageEntry.safeParse(given({ mounted_at: '/copies', filesystem: 'xfs', prune_at_most: 3 })).success);
  });

  for (const more of [
    { image: 'relative.img' },
    { image: '/a/../b' },
    { to: '/copies/' },
    { to: '//copies' },
    { filesystem: 'ntfs' },
    { prune_at_most: 0 },
    { mounted_at: '/elsewhere' },
    { retention: 3 },
  ])
    it(`is refused with ${JSON.stringify(more)}`, () =>
      assert.equal(diskImageEntry.safeParse(given(more)).success, false));
});
