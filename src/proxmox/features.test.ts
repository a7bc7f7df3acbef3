import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeApi } from './fake-api.test-support.ts';
import { atLeast, parseVersion, supports } from './features.ts';
import { missing, privilegesOn } from './permissions.ts';
import { versionOf } from './version.ts';

describe('a version', () => {
  it('is compared by its numbers, not as text', () => {
    for (const [version, floor, expected] of [
      ['9.1.2', '8.3', true],
      ['8.10', '8.9', true],
      ['8.2-4', '8.3', false],
      ['8.3', '8.3.0', true],
      ['4.2.3', '4.2', true],
      ['', '1.0', false],
    ] as const)
      assert.equal(atLeast(parseVersion(version), floor), expected, `${version} >= ${floor}`);
  });

  it('is read from both products', async () => {
    const pve = fakeApi('pve', () => ({ data: { version: '9.1.2', release: '9.1', repoid: 'ab' } }));
    const pbs = fakeApi('pbs', () => ({ data: { version: '4.2', release: '3', repoid: 'ab' } }));
    assert.deepEqual((await versionOf(pve)).parts, [9, 1, 2]);
    assert.deepEqual((await versionOf(pbs)).parts, [4, 2, 3]);
    await assert.rejects(versionOf(fakeApi('pve', () => ({ data: [] }))), { code: 'answer-not-understood' });
  });

  it('tells what the server can do, by name', () => {
    assert.equal(supports('pve', parseVersion('8.1.10'), 'fleecing'), false);
    assert.equal(supports('pve', parseVersion('8.1.11'), 'fleecing'), true);
    assert.equal(supports('pbs', parseVersion('3.4.1'), 's3-datastores'), false);
    assert.equal(supports('pbs', parseVersion('4.0.11'), 's3-datastores'), true);
  });
});

describe('our own privileges', () => {
  const api = fakeApi('pve', (_, path, params) => ({
    data:
      path === '/access/permissions' && params.path === '/storage/p1'
        ? { '/storage/p1': { 'Datastore.Audit': 1, 'VM.Backup': 0 } }
        : {},
  }));

  it('are those on that path, whether they go further down or not', async () => {
    assert.deepEqual([...(await privilegesOn(api, '/storage/p1'))], ['Datastore.Audit', 'VM.Backup']);
    assert.deepEqual([...(await privilegesOn(api, '/vms'))], []);
  });

  it('show which are missing, one of two being enough where either will do', async () => {
    const held = await privilegesOn(api, '/storage/p1');
    assert.deepEqual(missing(held, ['Datastore.Audit|Datastore.AllocateSpace', 'Datastore.Allocate']), [
      'Datastore.Allocate',
    ]);
  });
});
