import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Keep, normaliseKeep } from './retention.ts';
import { keepFromProxmox, keepToOptions, keepToProperty } from './retention-property.ts';

const keepOf = (held: string | Record<string, unknown>): Keep => {
  const read = keepFromProxmox(held);
  assert.ok(!('problem' in read), JSON.stringify(read));
  return read;
};
const problemOf = (held: string | Record<string, unknown>): string => {
  const read = keepFromProxmox(held);
  assert.ok('problem' in read, `${JSON.stringify(held)} was taken`);
  return read.problem;
};

describe('retention as Proxmox writes it', () => {
  it('writes the rules that are set, and keep-all where there is none', () => {
    assert.equal(keepToProperty({ keep_monthly: 3, keep_daily: 7, keep_last: 0 }), 'keep-daily=7,keep-monthly=3');
    for (const keep of [{}, { keep_all: 1 }, { keep_daily: 0 }]) assert.equal(keepToProperty(keep), 'keep-all=1');
  });

  it('gives PBS an option for each rule, and none to keep every point', () => {
    assert.deepEqual(keepToOptions({ keep_monthly: 3, keep_daily: 7 }), { 'keep-daily': 7, 'keep-monthly': 3 });
    assert.deepEqual(keepToOptions({ keep_all: 1 }), {});
  });

  it('reads every spelling a storage may hold', () => {
    for (const held of ['keep-all=1', 'keep-all=yes', 'keep-last=0', 'keep-all=0', 'keep-all=1,keep-daily=0', ''])
      assert.deepEqual(normaliseKeep(keepOf(held)), { keep_all: 1 }, held);
    assert.deepEqual(keepOf('keep-weekly=04,keep-all=0'), { keep_weekly: 4, keep_all: 0 });
    assert.deepEqual(keepOf(''), {}, 'an unset storage is told from one that keeps everything');
  });

  it('reads the record of a job, and leaves the rest of it alone', () => {
    assert.deepEqual(keepOf({ 'keep-last': '3', 'keep-all': 0 }), { keep_last: 3, keep_all: 0 });
    assert.deepEqual(keepOf({ id: 'nightly', 'keep-daily': 7, schedule: 'daily' }), { keep_daily: 7 });
    assert.deepEqual(keepOf({ 'keep-all': 1 }), { keep_all: 1 });
  });

  it('says what it cannot read instead of guessing', () => {
    assert.equal(problemOf('keep-fortnightly=2'), '"keep-fortnightly" is no rule of retention');
    assert.equal(problemOf('keep-daily=7,keep-daily=3'), 'keep-daily stands there twice');
    assert.equal(problemOf('keep-daily=-1'), 'keep-daily is "-1"');
    assert.equal(problemOf('keep-all=maybe'), 'keep-all is "maybe"');
    assert.equal(problemOf('keep-daily'), '"keep-daily" has no value');
    assert.match(problemOf('keep-all=1,keep-daily=7'), /cannot stand beside keep_daily/);
    assert.equal(problemOf({ 'keep-daily': null }), 'keep-daily is "null"');
  });

  it('reads back the policy it wrote', () => {
    const number = fc.nat(40);
    const anyKeep = fc.record(
      {
        keep_last: number,
        keep_hourly: number,
        keep_daily: number,
        keep_weekly: number,
        keep_monthly: number,
        keep_yearly: number,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anyKeep, (keep) => {
        assert.deepEqual(normaliseKeep(keepOf(keepToProperty(keep))), normaliseKeep(keep));
        assert.deepEqual(normaliseKeep(keepOf(keepToOptions(keep))), normaliseKeep(keep));
      }),
    );
  });
});
