// What `apply` looks at before it changes anything, and what stops it there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { validatingLab } from './validating.test-support.ts';

const { lab, pbs, requests, writes, storage, small, typed } = validatingLab();

describe('apply', () => {
  it('stops before it asks or changes anything where a right it needs is missing; --skip-validation says what it skips', async () => {
    const state = lab().servers['ruapehu']?.state;
    assert.ok(state !== undefined);
    const kept = [...state.acl];
    const only = (role: string, path: string, propagate: boolean) =>
      ['holdfast@pve', 'holdfast@pve!ops'].map((authId) => ({ path, authId, role, propagate }));
    state.acl = [...only('PVEAuditor', '/', true), ...only('PVEDatastoreUser', '/storage', true)];
    const estate = typed(small(storage('name: brand-new')));
    const before = writes();
    const stopped = await estate.type('apply', '--yes');
    assert.equal(stopped.status, 1, stopped.stdout);
    assert.match(stopped.stderr, /validation-failed[\s\S]*\/storage needs Datastore\.Allocate[\s\S]*pveum role add/);
    assert.equal(writes(), before);
    const skipped = await estate.type('apply', '--yes', '--skip-validation');
    assert.match(skipped.stderr, /Validation was skipped: no certificate, login or right was looked at/);
    assert.ok(writes() > before, 'the server itself refused it then');
    state.acl = kept;
  });

  it('stops where the storage it would make pins another certificate than its PBS shows', async () => {
    const other = Array(32).fill('AA').join(':');
    const estate = typed(small(storage('name: brand-new').replace(pbs().fingerprint, other)));
    const stopped = await estate.type('apply', '--yes');
    assert.equal(stopped.status, 1);
    assert.match(stopped.stderr, /validation-failed[\s\S]*brand-new, certificate: the estate pins AA:AA/);
    assert.ok(stopped.stderr.includes(pbs().fingerprint));
    const { state } = lab().servers['ruapehu'] ?? {};
    assert.ok(state?.product === 'pve' && !state.storages.some((one) => one.storage === 'brand-new'));
  });

  it('stops where two servers of the estate are one cluster, in which everything would be made twice', async () => {
    const before = writes();
    const twice = small(storage('name: brand-new')).replace(
      /^pve: \[(.*)\]$/m,
      (_, first) => `pve: [${first}, ${first.replace('name: ruapehu', 'name: again')}]`,
    );
    const estate = typed(twice);
    const seen = await estate.type('validate');
    assert.equal(seen.status, 1);
    assert.match(seen.stdout, /✗ cluster: it is of the same cluster as ruapehu: both have the node ruapehu/);
    const stopped = await estate.type('apply', '--yes');
    assert.equal(stopped.status, 1, stopped.stdout);
    assert.match(
      stopped.stderr,
      /validation-failed[\s\S]*again, cluster: [\s\S]*name each cluster once: take again out/,
    );
    assert.equal(writes(), before);
  });

  it('is not stopped by a storage whose PBS is down, and says so', async () => {
    const off = storage('name: brand-new, nodes: [elsewhere]').replace(/port: \d+/, 'port: 1');
    const applied = await typed(small(off)).type('apply', '--yes');
    assert.equal(applied.status, 0, applied.stderr);
    assert.match(applied.stderr, /warning +brand-new, port: port 1 of 127\.0\.0\.1/);
    assert.ok(requests().some(({ method, path }) => method === 'POST' && path.endsWith('/storage')));
  });
});
