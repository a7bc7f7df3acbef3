// What a restore in place promises to whoever agrees to it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LayerContext } from '../../contracts/layer.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Instant } from '../../values/instant.ts';
import type { Taken } from '../common/dumps/taken.ts';
import { planRestore } from './restore-plan.ts';
import { redisEntry } from './schema.ts';

const entry = redisEntry.parse({
  ...{ name: 'cache', kind: 'redis', machine: 'here', workload: 'apps', to: '/copies', keep: { keep_last: 3 } },
  ...{ service: 'redis-server', data: '/var/lib/redis' },
});
const at = '2026-10-01T00:00:00.000Z' as Instant;
const context: LayerContext = { timeZone: 'UTC', now: at, layers: [] };
const server = {
  ...{ down: null, version: '7.0.15', role: 'master', keys: 7, clients: 2, replicas: 0, reads: 'dump' },
  names: { dump: 'dump.rdb', logs: 'appendonlydir', log: 'appendonly.aof' },
};

const pointWith = (counts: Taken['counts']): RestorePoint => {
  const taken = {
    name: 'dump',
    form: 'rdb',
    part: 'd01.rdb',
    compress: 'none',
    bytes: 1,
    sha256: 'a'.repeat(64),
    counts,
  };
  return {
    manifest: {
      ...{ format: 1, id: 'p', layer: 'cache', kind: 'redis', workload: 'apps', takenAt: at, sealedAt: at },
      ...{ run: 'r', source: {}, counts: {}, parts: [], tools: {}, details: { items: [taken], missing: [] } },
    },
    ...{ machine: 'here', folder: '/p', bytes: 1, held: undefined },
  };
};

const comparing = (counts: Taken['counts']): string | undefined =>
  planRestore(entry, { target: 'live', point: pointWith(counts) }, context, server).steps.find(
    ({ id }) => id === 'compare',
  )?.title;

describe('the plan of a restore in place', () => {
  it('promises to compare as many keys as were counted, and nothing where nobody has', () => {
    assert.match(comparing({ keys: 12 }) ?? '', /compare .* \(12 keys\)/);
    assert.match(comparing({}) ?? '', /nobody has counted/);
    assert.doesNotMatch(comparing({}) ?? '', /compare|0 keys/);
  });
});
