// What is sent, after what, what stays here and what has had its time: decided from the points alone.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Json } from '../../values/canonical.ts';
import { milliseconds } from '../../values/duration.ts';
import { after, instantAt } from '../../values/instant.ts';
import { withSeal } from '../common/points/manifest.ts';
import { decide, type Situation } from './decide.ts';
import { shapeOf } from './pack.ts';
import { tooLarge } from './physical.ts';
import { withheldIn } from './withheld.ts';

const first = instantAt(Date.UTC(2026, 0, 1));
const sha256 = '0'.repeat(64);

/** A point of that day. */
function point(day: number, source = 'A', details: Readonly<Record<string, Json>> = {}): RestorePoint {
  const takenAt = after(first, milliseconds(day * 86_400_000));
  const manifest = withSeal({
    ...{
      format: 1,
      id: `${source}${String(day).padStart(3, '0')}`,
      layer: 'trees',
      kind: 'disk-image',
      workload: 'photos',
    },
    ...{
      takenAt,
      sealedAt: takenAt,
      run: `run${day}` as RunId,
      source: { uuid: source },
      counts: {},
      details,
      tools: {},
    },
    parts: [{ name: 'contents.tar', bytes: 1, sha256 }],
  });
  return { manifest, machine: 'here', folder: `/points/${manifest.id}`, bytes: 1, held: undefined };
}

const copy = (of: RestorePoint) => ({ name: of.manifest.id, point: of });
const days = (from: number, to: number, source = 'A') =>
  Array.from({ length: to - from + 1 }, (_, nth) => point(from + nth, source));
const ids = (points: readonly Readonly<{ point: RestorePoint }>[]) =>
  points.map(({ point: { manifest } }) => manifest.id);
const decided = (over: Partial<Situation>) =>
  decide({
    ...{
      keep: { keep_last: 100 },
      before: undefined,
      prune_at_most: 100,
      newestFirst: false,
      timeZone: 'UTC',
      sources: [],
      copies: [],
    },
    ...{ nameOf: ({ manifest }) => manifest.id, withheld: () => undefined },
    ...over,
  });

describe('what had its time at a place of copies', () => {
  const copies = days(1, 5).map((one) =>
    copy(point(Number(one.manifest.id.slice(1)), 'A', { policy: { keep_last: 20 } })),
  );
  const keep = { keep_last: 2 };

  it('goes by the policy of that place, however long the layer that made the points keeps its own', () => {
    const { remove, agreed } = decided({ keep, before: keep, prune_at_most: undefined, copies });
    assert.deepEqual([ids(remove), agreed], [['A001', 'A002', 'A003'], true]);
  });

  it('does not all go at once where the policy was tightened, or nobody knows the one before', () => {
    for (const before of [undefined, { keep_last: 20 }]) {
      const { remove, remarks, agreed } = decided({ keep, before, prune_at_most: undefined, copies });
      assert.deepEqual([remove, agreed], [[], false]);
      assert.match(remarks.map(({ says }) => says).join(), /would remove 3 of/);
    }
  });
});

describe('what is sent to a place of copies', () => {
  it('is what is missing there, oldest first, each as a change of the one before (reality L7)', () => {
    const [one, two, three, four] = days(1, 4);
    assert.ok(one && two && three && four);
    const { send } = decided({ sources: [four, two, three, one], copies: [copy(two)] });
    assert.deepEqual(
      send.map(({ point: { manifest }, bases }) => [manifest.id, bases]),
      [
        ['A001', ['A002']],
        ['A003', ['A001', 'A002']],
        ['A004', ['A003', 'A002']],
      ],
    );
  });

  it('is sent newest first where that is declared, each beside what is nearest there', () => {
    const { send } = decided({ sources: days(1, 3), newestFirst: true });
    assert.deepEqual(
      send.map(({ point: { manifest }, bases }) => [manifest.id, bases]),
      [
        ['A003', []],
        ['A002', ['A003']],
        ['A001', ['A002']],
      ],
    );
  });

  it('is never a change of a point of another source', () => {
    const { send } = decided({ sources: [...days(1, 2, 'A'), ...days(1, 2, 'B')] });
    for (const { point: one, bases } of send) for (const base of bases) assert.equal(base[0], one.manifest.id[0]);
    assert.deepEqual(ids(send).toSorted(), ['A001', 'A002', 'B001', 'B002']);
  });

  it('is, whatever is here and there, all that would be kept and is not there; and nothing is removed that would be kept, nor the last one', () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 25 });
    fc.assert(
      fc.property(some, some, fc.integer({ min: 1, max: 8 }), fc.boolean(), (here, there, last, newestFirst) => {
        const [sources, copies] = [here.map((day) => point(day)), there.map((day) => copy(point(day)))];
        const { send, past, remove } = decided({ sources, copies, newestFirst, keep: { keep_last: last } });
        const all = [...new Set([...here, ...there])].toSorted((one, other) => one - other);
        const kept = all.slice(-last).map((day) => point(day).manifest.id);
        const wanted = kept.filter((id) => !copies.some(({ name }) => name === id));
        assert.deepEqual(ids(send).toSorted(), wanted);
        assert.equal(past.length + send.length, here.filter((day) => !there.includes(day)).length);
        for (const id of ids(remove)) assert.ok(!kept.includes(id));
        const names = new Set([...copies.map(({ name }) => name), ...ids(send)]);
        for (const { bases } of send) for (const base of bases) assert.ok(names.has(base));
      }),
    );
  });
});

const suspicious = (day: number, against: string): RestorePoint =>
  point(day, 'A', {
    judgement: {
      ...{ verdict: 'suspicious', against, suspicion: 'abcdefabcdef', paths: ['one'] },
      reasons: [{ signal: 'scrambled', says: '60 % of the files' }],
    },
  });
const approval = { suspicion: 'abcdefabcdef', reason: 'all photos were converted', owner: 'me' };

describe('what an attack may have changed', () => {
  const points = [
    point(1),
    suspicious(2, 'A001'),
    point(3, 'A', { judgement: { verdict: 'not known', against: 'A001', because: 'no tool' } }),
  ];
  const sentOf = (layers: Parameters<typeof withheldIn>[0], all: readonly RestorePoint[]) =>
    decided({ sources: all, withheld: withheldIn(layers, all) });

  it('stays here, and so does what came after it until it is fine again or approved', () => {
    const { send, withheld } = sentOf([{ name: 'trees' }], points);
    assert.deepEqual([ids(send), ids(withheld)], [['A001'], ['A002', 'A003']]);
    assert.match(withheld.map(({ says }) => says).join(), /suspicion abcdefabcdef.*suspicious_approved/);
    const fine = point(4, 'A', { judgement: { verdict: 'fine', against: 'A001' } });
    assert.deepEqual(ids(sentOf([{ name: 'trees' }], [...points, fine]).send), ['A001', 'A002', 'A003', 'A004']);
  });

  it('is sent when it was approved (control)', () => {
    const approved = { name: 'trees', suspicious_approved: [approval] };
    assert.deepEqual(ids(sentOf([approved], points).send), ['A001', 'A002', 'A003']);
    const another = { name: 'trees', suspicious_approved: [{ ...approval, suspicion: '000000000000' }] };
    assert.deepEqual(ids(sentOf([another], points).send), ['A001']);
  });

  it('holds nothing of another source back', () => {
    const all = [...points, ...days(1, 3, 'B')];
    assert.deepEqual(ids(sentOf([{ name: 'trees' }], all).send).toSorted(), ['A001', 'B001', 'B002', 'B003']);
  });
});

describe('how a point goes out', () => {
  const as = { recipients: false, encrypted: false, flat: false, plain: false, tame: false, specials: 0 };
  it('is its folder, or one archive where the target cannot hold all of it, or an encrypted one', () => {
    assert.equal(shapeOf(as), 'folder');
    assert.equal(shapeOf({ ...as, plain: true }), 'archive');
    assert.equal(shapeOf({ ...as, plain: true, flat: true }), 'folder');
    assert.equal(shapeOf({ ...as, tame: true }), 'folder');
    assert.equal(shapeOf({ ...as, tame: true, specials: 1 }), 'archive');
    assert.equal(shapeOf({ ...as, recipients: true }), 'encrypted');
  });

  it('is never in the clear where it is to be encrypted', () => {
    const any = {
      encrypted: fc.boolean(),
      flat: fc.boolean(),
      plain: fc.boolean(),
      tame: fc.boolean(),
      specials: fc.nat(),
    };
    fc.assert(
      fc.property(fc.record(any), (shaping) => {
        const shape = shapeOf({ ...shaping, recipients: true });
        assert.equal(shape === 'encrypted', !shaping.encrypted);
      }),
    );
  });
});

describe('the room that a copy takes', () => {
  const mega = 1024 * 1024;
  it('is too much where it is twice what was expected, and nobody knows where nobody can tell', () => {
    assert.match(tooLarge(2000 * mega, 1000 * mega) ?? '', /was not linked/);
    assert.equal(tooLarge(1001 * mega, 1000 * mega), undefined);
    assert.equal(tooLarge(10 * mega, 0), undefined, 'blocks and folders');
    assert.equal(tooLarge(undefined, 1000 * mega), undefined);
    assert.equal(tooLarge(2000 * mega, undefined), undefined);
  });
});
