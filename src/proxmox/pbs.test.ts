import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeApi } from './fake-api.test-support.ts';
import { datastores, datastoreUsage } from './pbs.ts';

describe('datastores', () => {
  it('are listed by name with what nobody knows', async () => {
    const listed = await datastores(
      fakeApi('pbs', () => ({
        data: [
          { name: 'tank', path: '/t' },
          { name: 'cold', path: '/c' },
        ],
        digest: 'd',
      })),
    );
    assert.deepEqual(
      listed.entries.map(({ name, raw }) => [name, raw.path]),
      [
        ['cold', '/c'],
        ['tank', '/t'],
      ],
    );
    assert.equal(listed.digest, 'd');
  });

  it('have no usage where the server could not say, and no date where there is none', async () => {
    const past = { 'history-start': 1_770_000_000, 'history-delta': 1800, history: [0.1, null, 0.2] };
    const usage = await datastoreUsage(
      fakeApi('pbs', () => ({
        data: [
          { store: 'full', total: 100, used: 90, avail: 10, 'estimated-full-date': 1_780_000_000, ...past },
          { store: 'flat', total: 100, used: 90, avail: 10, 'estimated-full-date': 0, ...past },
          { store: 'shrinking', total: 100, used: 90, avail: 10, 'estimated-full-date': 1_700_000_000, ...past },
          { store: 'away', error: 'datastore is in offline maintenance mode' },
        ],
      })),
    );
    assert.deepEqual(
      usage.map(({ store, used, fullAt, error }) => [store, used, fullAt, error === undefined]),
      [
        ['away', undefined, undefined, false],
        ['flat', 90, undefined, true],
        ['full', 90, '2026-05-28T20:26:40.000Z', true],
        ['shrinking', 90, undefined, true],
      ],
    );
  });
});
