// What is decided without asking anybody: patterns, how a pool is read, what goes to the machine, what an entry may say.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { seconds } from '../../values/duration.ts';
import type { Instant } from '../../values/instant.ts';
import { snapshotName } from '../common/lvm/names.ts';
import { readTags } from '../common/lvm/tags.ts';
import { daysToFull, type Sample, withSample } from './forecast.ts';
import { matchesGlob } from './glob.ts';
import { mapperName, type PoolState, poolDevice, poolFault, readPoolStatus } from './pool.ts';
import { lvmThinEntry } from './schema.ts';
import { readAnswer } from './snapshot-answer.ts';
import { snapshotArgv, type Taking } from './snapshot-argv.ts';

describe('a pattern', () => {
  it('fits whole names, as a shell has it', () => {
    for (const [pattern, name, fits] of [
      ['vm-*-pvc-*', 'vm-9999-pvc-0f7c', true],
      ['vm-*-pvc-*', 'xvm-9999-pvc-0f7c', false],
      ['vm-*-pvc-*', 'vm-100-disk-0', false],
      ['vm-?-*', 'vm-12-x', false],
      ['vm-[12]-*', 'vm-2-x', true],
      ['vm-[!12]-*', 'vm-2-x', false],
      ['a.b+c', 'a.b+c', true],
      ['vm-[a-c]-*', 'vm-b-x', true],
      ['vm-[c-a]-*', 'vm-b-x', false],
      ['vm-[az-a-!]', 'vm-a', true],
      ['vm-[^1]', 'vm-^', true],
      ['a.b+c', 'aXb+c', false],
    ] as const)
      assert.equal(matchesGlob(pattern, name), fits, `${pattern} ${name}`);
  });

  it('of any kind fits itself when nothing in it is special, and never throws', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_+.*?[\]!-]{1,30}$/), fc.string(), (pattern, name) => {
        matchesGlob(pattern, name);
        if (!/[*?[\]]/.test(pattern)) assert.ok(matchesGlob(pattern, pattern));
      }),
    );
  });
});

describe('the pool', () => {
  const healthy: PoolState = {
    ...{ dataUsed: 80, dataTotal: 8000, metadataUsed: 113, metadataTotal: 1024, mode: 'rw', needsCheck: false },
  };

  it('is read from what the kernel says, and a failed one is none of health', () => {
    const line = '0 1024000 thin-pool 2 113/1024 80/8000 - rw discard_passdown queue_if_no_space - 256 ';
    assert.deepEqual(readPoolStatus(line), healthy);
    assert.equal(
      readPoolStatus(line.replace('queue_if_no_space -', 'queue_if_no_space needs_check'))?.needsCheck,
      true,
    );
    assert.equal(readPoolStatus('0 1024000 thin-pool Fail')?.mode, 'Fail');
    assert.equal(readPoolStatus('0 8 linear'), undefined);
    assert.equal(readPoolStatus(''), undefined);
  });

  it('is refused exactly from the limit on, in tenths of a percent', () => {
    const limits = { data_at_most: 90, metadata_at_most: 80 };
    const code = (more: Partial<PoolState>, snapshots = 1) =>
      poolFault({ ...healthy, ...more }, limits, 'pve/data', snapshots)?.code;
    assert.equal(code({ dataUsed: 7199 }), undefined);
    assert.equal(code({ dataUsed: 7200 }), 'pool-data-limit');
    assert.equal(code({ metadataUsed: 811 }), undefined);
    assert.equal(code({ metadataUsed: 812 }), 'pool-metadata-limit');
    assert.equal(code({ metadataUsed: 800 }, 3), 'pool-metadata-limit', 'three snapshots take more than one');
    assert.equal(code({ mode: 'ro' }), 'pool-unhealthy');
    assert.equal(code({ dataTotal: 0 }), 'pool-data-limit', 'one that cannot be right is not taken for empty');
  });

  it('is found by the name that the device mapper gives it', () => {
    assert.equal(poolDevice('my-vg', 'thin-pool'), 'my--vg-thin--pool-tpool');
    assert.equal(mapperName('pve', 'vm-9999-pvc-0'), 'pve-vm--9999--pvc--0');
  });

  it('is forecast from two days on, and only where it grows (reality 2.39)', () => {
    const at = (day: number): Instant => `2026-11-${String(day).padStart(2, '0')}T03:00:00.000Z` as Instant;
    let samples: readonly Sample[] = [];
    for (const day of [1, 2, 3]) samples = withSample(samples, { at: at(day), data: 50 + 10 * day, metadata: 10 });
    assert.equal(daysToFull(samples), 2);
    assert.equal(daysToFull(samples.slice(0, 2)), undefined);
    assert.equal(daysToFull(samples.map((one) => ({ ...one, data: 50 }))), undefined);
    assert.equal(withSample(samples, { at: at(30), data: 1, metadata: 1 }).length, 1, 'two weeks are remembered');
    assert.equal(withSample('nonsense', { at: at(1), data: 1, metadata: 1 }).length, 1);
  });
});

describe('what goes to the machine', () => {
  const taking = (claim: string, origin: string): Taking => ({
    ...{
      vg: 'pve',
      pool: 'data',
      data_at_most: 89.95,
      metadata_at_most: 80,
      taken: '2026-11-21T03:00:00.000Z' as Instant,
      together: false,
      hold: seconds(5),
    },
    volumes: [
      {
        origin,
        originUuid: 'u-1',
        bytes: 4096,
        name: snapshotName('r', 'u-1'),
        tags: { claim, volume: claim, workload: claim },
      },
    ],
  });

  it('is one fixed text with arguments, in which no name of a cluster can end a word', () => {
    const [, , text] = snapshotArgv(taking('', 'vm-1-pvc-1'));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (claim) => {
        const argv = snapshotArgv(taking(claim, 'vm-1-pvc-1'));
        const [sh, c, script, , , data, , , , are, hold, device, take = '', seal = '', ...more] = argv;
        assert.deepEqual([sh, c, script, data, are, hold, more], ['sh', '-c', text, '900', 'apart', '500', []]);
        assert.equal(device, 'pve-vm--1--pvc--1');
        const words = take.split(' ');
        assert.deepEqual(words.slice(0, 6), ['lvcreate', '-s', '-k', 'y', '-n', snapshotName('r', 'u-1')]);
        assert.equal(words.at(-1), 'pve/vm-1-pvc-1');
        const parts = words.slice(6, -1);
        assert.equal(parts.length, 6);
        for (const part of parts) assert.match(part, /^(--addtag|hf\.[a-z]+=[A-Za-z0-9_.:/+-]*)$/);
        assert.match(
          seal,
          /^lvchange --addtag hf\.sealed=[0-9A-Z.:-]+ -S '[A-Za-z0-9_.:/+\-"=&[\] ]*' pve\/hf_[a-z0-9_]+$/,
        );
        assert.equal(seal.split('"').length % 2, 1, 'no quote is left open');
        const { tags } = readTags(parts.filter((part) => part !== '--addtag'));
        assert.equal(tags.claim, claim);
      }),
    );
  });

  it('comes back as lines that are read whatever a command says in between', () => {
    const wanted = ['a', 'b', 'c'].map((one) => ({ origin: `vm-1-pvc-${one}`, name: `hf_${one}` }));
    const lines = [
      ...['pool 0 1 thin-pool 2 1/10 2/20 - rw a b - 256', 'suspended pve-vm--1--pvc--c', 'skew 1250', 'said'],
      ...[
        'Cannot read termcap database;',
        '  Logical volume "hf_a" created.',
        '  Logical volume pve/vm-1-pvc-b in use.',
      ],
      ...['  Logical volume pve/hf_a changed.', '  Failed to find logical volume "pve/hf_b"', ''],
    ];
    const answer = readAnswer(lines.join('\n'), 'pve', wanted);
    assert.deepEqual([answer.sealed, answer.skew, answer.full], [['hf_a'], 1250, false]);
    assert.equal(
      answer.failed.get('hf_b'),
      'Logical volume pve/vm-1-pvc-b in use.; Failed to find logical volume "pve/hf_b"',
    );
    assert.match(answer.failed.get('hf_c') ?? '', /its device is suspended/);
    const odd = readAnswer('said\n  Logical volume "hf_a" created.\n', 'pve', wanted.slice(0, 1));
    assert.match(odd.failed.get('hf_a') ?? '', /not as a snapshot of this volume must be/);
    fc.assert(fc.property(fc.string(), (text) => assert.deepEqual(readAnswer(text, 'pve', wanted).sealed, [])));
  });
});

describe('an entry', () => {
  const entry = (more: object) =>
    lvmThinEntry.safeParse({ name: 'v', kind: 'lvm-thin', machine: 'm', workload: 'w', keep: {}, ...more });
  const exclusion = { reason: 'r', owner: 'o', review_by: '2027-01-01' };

  it('may exclude by one of namespace, claim and volume, and by a namespace only where a cluster knows it', () => {
    assert.ok(entry({ exclude: [{ volume: 'vm-1-pvc-1', ...exclusion }] }).success);
    assert.ok(entry({ kubernetes: 'k', exclude: [{ namespace: 'n', ...exclusion }] }).success);
    assert.ok(!entry({ exclude: [{ namespace: 'n', ...exclusion }] }).success);
    assert.ok(!entry({ kubernetes: 'k', exclude: [{ namespace: 'n', volume: 'v', ...exclusion }] }).success);
    assert.ok(
      !entry({ kubernetes: 'k', exclude: [{ namespace: 'n', reason: 'r', owner: 'o' }] }).success,
      'nothing is excluded for ever',
    );
  });

  it('holds no name that LVM or a shell would take for something else', () => {
    for (const name of ['-f', 'a b', '$(x)', 'a/b', '', 'a"b', 'x,y']) {
      assert.ok(!entry({ volume_group: name }).success, name);
      assert.ok(!entry({ pool: name }).success, name);
    }
    assert.ok(!entry({ expect_within: 'soon' }).success);
    assert.ok(!entry({ data_at_most: 100 }).success, 'a full pool is no limit');
  });
});
