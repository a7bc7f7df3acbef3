// What stands in LVM is all that is known of a snapshot: names, tags and reports, with every text that a cluster may have.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../../fault.ts';
import { lvmEntryOf } from './entry.ts';
import { lvRow, lvsAnswer, poolRow, type Row, snapshotRow } from './lvm.test-support.ts';
import { isOfRun, isOurs, nameFor, originWord, readName, snapshotName } from './names.ts';
import { readVolumes } from './report.ts';
import { lineOf, policyText, restorePointOf, sinceBootText, snapshotsIn } from './snapshots.ts';
import { decodeValue, longestTag, readTags, type Tags, tagOf, tagsOf } from './tags.ts';

const run = '20261121T030000-ab12cd';
const vm = 'vm-9999-pvc-0f7c';
const name = snapshotName(run, `uuid-of-${vm}`);

const tags = (more: Tags = {}): Tags => ({
  ...{ point: 'p1', layer: 'volumes', run, workload: 'photos/library', taken: '2026-11-21T03:00:00.000Z', origin: vm },
  ...{
    originUuid: `uuid-of-${vm}`,
    volume: 'pve/1/local-lvm/x',
    claim: 'photos/library',
    sealed: '2026-11-21T03:00:01Z',
  },
  ...more,
});
const read = (...rows: readonly Row[]) => readVolumes(lvsAnswer(...rows), 'here');
const remarksOn = (...rows: readonly Row[]) => snapshotsIn(read(...rows)).remarks.map(({ says }) => says);

describe('a name in a volume group', () => {
  it('tells the run that made it, what it is for, and of which volume it is', () => {
    assert.equal(name, `hf_20261121t030000_ab12cd_${originWord(`uuid-of-${vm}`)}`);
    assert.deepEqual(readName(name), {
      run: '20261121t030000_ab12cd',
      role: undefined,
      origin: originWord(`uuid-of-${vm}`),
    });
    for (const role of ['clone', 'safety', 'old', 'new'] as const)
      assert.equal(readName(nameFor(role, run, 'u'))?.role, role);
    assert.ok(isOfRun(name, run));
    assert.ok(!isOfRun(name, '20261121T030000-ab12ce'));
  });

  it('is ours whenever the run began, and never as long as LVM refuses it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{8}T[0-9]{6}-[0-9a-f]{6}$/), fc.string(), (any, uuid) => {
        const made = snapshotName(any, uuid);
        assert.ok(isOurs(made) && isOfRun(made, any));
      }),
    );
  });

  it('of somebody else is not ours', () => {
    for (const foreign of [vm, 'data', 'snap_vm-100-disk-0_x', 'hf-x', 'hf_', 'HF_a', `hf_${'x'.repeat(81)}`])
      assert.ok(!isOurs(foreign), foreign);
  });
});

describe('a tag', () => {
  it('holds any text and gives it back, in the letters that LVM takes, and never more than it takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (value) => {
        const tag = tagOf('claim', value);
        assert.match(tag, /^hf\.claim=[A-Za-z0-9_+.:/-]*$/);
        assert.ok(tag.length <= longestTag);
        const back = readTags([tag]).tags.claim ?? '';
        if (back.endsWith('…') && !value.endsWith('…')) assert.ok(value.startsWith(back.slice(0, -1)));
        else assert.equal(back, value);
      }),
    );
  });

  it('holds what would break out of a command, a list or a shell', () => {
    for (const value of [
      '$(touch x)',
      '`x`',
      "'; rm -rf /",
      'a,hf.sealed=now',
      '--addtag',
      'a\nb',
      '\u0000',
      'ünïcode 名',
      '+41',
      '=',
    ]) {
      const [tag = ''] = tagsOf({ volume: value });
      assert.doesNotMatch(tag, /[^A-Za-z0-9_+.:/=-]/);
      assert.equal(readTags([tag]).tags.volume, value);
    }
  });

  it('says where it had to cut', () => {
    const back = readTags([tagOf('held', 'ü'.repeat(2000))]).tags.held ?? '';
    assert.match(back, /^ü{160,}…$/);
  });

  it('that nobody could have written is no text of ours', () => {
    for (const text of ['+4', '+zz', '+AB', 'a b', 'ü', '+..x']) assert.equal(decodeValue(text), undefined, text);
    assert.match(readTags(['hf.claim=+zz']).problem ?? '', /not written by Holdfast/);
    assert.match(readTags(['hf.sealed=x', 'hf.sealed=y']).problem ?? '', /more than once/);
    assert.equal(readTags(['tier1', 'csi.volume=x']).problem, undefined, 'foreign tags are no problem');
  });
});

describe('a report of LVM', () => {
  it('is read with what a guard and a snapshot need of it', () => {
    const [pool, live, snapshot] = read(
      poolRow('89.99', '12,30'),
      lvRow(vm, { lv_tags: 'a,b' }),
      snapshotRow(name, vm, tags()),
    );
    assert.deepEqual(
      { type: pool?.type, data: pool?.dataPercent, metadata: pool?.metadataPercent, bytes: pool?.metadataBytes },
      { type: 'pool', data: 89.99, metadata: 12.3, bytes: 4194304 },
    );
    assert.deepEqual(
      { type: live?.type, tags: live?.tags, active: live?.active, open: live?.open, skip: live?.skipsActivation },
      { type: 'thin', tags: ['a', 'b'], active: true, open: true, skip: false },
    );
    assert.deepEqual(
      {
        active: snapshot?.active,
        skip: snapshot?.skipsActivation,
        origin: snapshot?.originUuid,
        data: snapshot?.dataPercent,
      },
      { active: false, skip: true, origin: `uuid-of-${vm}`, data: undefined },
    );
  });

  it('tells a suspended volume, and what LVM says is wrong', () => {
    const state = (attribute: string) => {
      const [one] = read(lvRow(vm, { lv_attr: attribute }));
      return [one?.active, one?.suspended, one?.health];
    };
    assert.deepEqual(state('Vwi-s-tz--'), [true, true, undefined]);
    assert.match(String(state('twi-aotzM-')[2]), /metadata can only be read/);
    assert.match(String(state('twi-cotz--')[2]), /thin_check/);
    assert.match(String(state('Vwi-aotzF-')[2]), /failed/);
    assert.match(String(state('Vwi-a-tzp-')[2]), /disk of it is missing/);
  });

  it('without a field that this version does not know is still read, and one that cannot be is a fault', () => {
    const { lv_metadata_size, origin_uuid, ...less } = lvRow(vm);
    assert.equal(read(less)[0]?.originUuid, undefined);
    assert.deepEqual(read(), []);
    const unreadable = (text: string) =>
      assert.throws(
        () => readVolumes(text, 'here'),
        (error) => error instanceof Fault && error.code === 'lvm-answer',
      );
    unreadable('  WARNING: nothing here');
    unreadable('{"log":[]}');
    unreadable(lvsAnswer({ lv_name: 'x' }));
    unreadable(lvsAnswer(lvRow(vm, { lv_size: '1.00g' })));
  });
});

describe('a snapshot in LVM', () => {
  it('is a restore point when it was sealed, and tells everything of itself', () => {
    const policy = policyText({ keep_daily: 7, keep_last: 2 });
    const sinceBoot = sinceBootText({ boot: 'b-1', elapsed: 90000.4 as never });
    const { sealed, remarks } = snapshotsIn(
      read(lvRow(vm), snapshotRow(name, vm, tags({ policy, sinceBoot, held: '' }))),
    );
    assert.deepEqual(remarks, []);
    const [one] = sealed;
    assert.ok(one !== undefined);
    assert.equal(one.held, 'no reason is given');
    const point = restorePointOf('ruapehu', one);
    assert.equal(point.folder, `/dev/pve/${name}`);
    assert.deepEqual(point.manifest.source, {
      ...{ vg: 'pve', pool: 'data', lv: vm, lv_uuid: `uuid-of-${vm}`, line: `uuid-of-${vm}` },
      ...{ volume: 'pve/1/local-lvm/x', namespace: 'photos', claim: 'library' },
    });
    assert.deepEqual(point.manifest.details['policy'], { keep_last: 2, keep_daily: 7 });
    assert.deepEqual(point.manifest.details['since_boot'], { boot: 'b-1', elapsed: 90000 });
  });

  it('without its seal, with tags of another, or with some missing is none, and that is said', () => {
    const { sealed: _, ...unsealed } = tags();
    assert.match(remarksOn(snapshotRow(name, vm, unsealed))[0] ?? '', /being taken/);
    assert.match(remarksOn(snapshotRow(name, vm, tags({ originUuid: 'other' })))[0] ?? '', /another snapshot/);
    assert.match(remarksOn(snapshotRow(name, vm, tags({ run: 'other' })))[0] ?? '', /another snapshot/);
    assert.match(remarksOn(snapshotRow(name, vm, tags({ taken: 'yesterday' })))[0] ?? '', /when it was taken/);
    assert.match(remarksOn(snapshotRow(name, vm, {}))[0] ?? '', /not of Holdfast/);
    assert.match(remarksOn(snapshotRow('hf_by_hand', vm, tags()))[0] ?? '', /not of Holdfast/);
    assert.match(remarksOn(snapshotRow(vm, '', tags()))[0] ?? '', /renamed/);
    assert.match(remarksOn(snapshotRow(nameFor('clone', run, 'u'), vm, tags()))[0] ?? '', /clone/);
    assert.match(remarksOn(snapshotRow(name, vm, tags(), { lv_attr: 'Vwi---tzFk' }))[0] ?? '', /failed/);
    assert.deepEqual(remarksOn(lvRow('snap_vm-100-disk-0_before'), lvRow(vm, { lv_tags: 'tier1' })), []);
  });

  it('of another layer is none of this one', () => {
    const volumes = read(snapshotRow(name, vm, tags({ layer: 'other' })));
    assert.equal(snapshotsIn(volumes, 'volumes').sealed.length, 0);
    assert.equal(snapshotsIn(volumes).sealed.length, 1);
  });

  it('keeps the line of its volume when that is swapped for a copy of a snapshot of itself', () => {
    const first = `uuid-of-${vm}`;
    const restored = lvRow(vm, { lv_uuid: 'new', origin: name, origin_uuid: `uuid-of-${name}` });
    const after = { sealed: snapshotsIn(read(snapshotRow(name, 'gone', tags()))).sealed, live: read(restored)[0] };
    assert.ok(after.live !== undefined);
    assert.equal(lineOf(after.live, after.sealed), first);
    const later = snapshotRow(snapshotName('r2', 'new'), vm, tags({ run: 'r2', originUuid: 'new', line: first }));
    const without = read({ ...restored, origin: '', origin_uuid: '' })[0];
    assert.ok(without !== undefined);
    assert.equal(lineOf(without, snapshotsIn(read(later)).sealed), first, 'the point it came from is gone by then');
    assert.equal(lineOf(without, []), 'new', 'a volume that nothing knows is its own');
  });
});

it('an entry of this layer is read by others, and an entry of another layer is not', () => {
  const entry = { name: 'v', kind: 'lvm-thin', machine: 'm', workload: 'w', keep: {} };
  assert.equal(lvmEntryOf(entry)?.volumes, 'vm-*-pvc-*');
  assert.equal(lvmEntryOf({ ...entry, kind: 'files' }), undefined);
});
