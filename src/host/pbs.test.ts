import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HostFacts } from '../model/host.ts';
import { fixtureHost } from './fixture.test-support.ts';

const missing = (facts: HostFacts) => facts.unread.map(({ source, fault }) => `${source}: ${fault.code}`).sort();

describe('doctor reads a PBS host', () => {
  it('whole: datastores, prune and verify jobs, and the points of each namespace', async (t) => {
    const facts = await (await fixtureHost(t, 'pbs')).read();
    assert.equal(facts.pve, undefined);
    assert.equal(facts.pbs?.version, '4.2.1-1');
    assert.deepEqual(
      facts.pbs?.stores?.map(({ name }) => name),
      ['tank', 'attic'],
    );
    assert.deepEqual(
      facts.pbs?.pruneJobs?.map(({ id, namespace, enabled, keeps }) => [id, namespace, enabled, keeps]),
      [
        ['daily-tank', '', true, 'keep-daily=7,keep-monthly=3,keep-yearly=1'],
        ['prod-only', 'prod', true, 'keep-last=2'],
        ['off', '', false, 'keep-last=1'],
      ],
    );
    const prod = facts.pbs?.namespaces.find(({ namespace }) => namespace === 'prod');
    assert.deepEqual(
      prod?.points.map(({ group, finished, verified }) => [group, finished, verified?.state, verified?.at]),
      [
        ['vm/100', true, 'failed', '2026-02-21T18:12:52.000Z'],
        ['vm/100', true, 'ok', '2026-02-21T18:12:52.000Z'],
        ['vm/100', false, undefined, undefined],
        ['ct/200', true, undefined, undefined],
      ],
    );
  });

  it('and says in the words of PBS what a datastore in maintenance hides', async (t) => {
    const facts = await (await fixtureHost(t, 'pbs')).read();
    assert.equal(facts.unread.length, 1);
    assert.match(facts.unread[0]?.fault.says ?? '', /offline maintenance mode: disk is out/);
    assert.match(facts.unread[0]?.hides ?? '', /datastore attic/);
  });

  it('and counts the schedule that an older datastore has of its own as a prune job', async (t) => {
    const host = await fixtureHost(t, 'pbs');
    await host.put(
      'etc/proxmox-backup/datastore.cfg',
      'datastore: tank\n\tpath /x\n\tprune-schedule daily\n\tkeep-last 5\n',
    );
    const last = (await host.read()).pbs?.pruneJobs?.at(-1);
    assert.deepEqual([last?.store, last?.enabled, last?.keeps], ['tank', true, 'keep-last=5']);
  });

  it('and says which entries of a list make no sense', async (t) => {
    const host = await fixtureHost(t, 'pbs');
    const good = '{"backup-type":"vm","backup-id":"1","backup-time":1771639200,"size":1}';
    const bad = '{"backup-type":"vm","backup-id":"2","backup-time":9e15,"size":1}';
    await host.put('answers/proxmox-backup-debug/admin-datastore-tank-snapshots', `[${good},${bad},7]`);
    const facts = await host.read();
    assert.equal(facts.pbs?.namespaces.find(({ namespace }) => namespace === '')?.points.length, 1);
    assert.equal(missing(facts).filter((one) => one.includes('tank/snapshots')).length, 2);
  });

  it('whose answers are nonsense, without falling over', async (t) => {
    for (const nonsense of ['', '{}', '[1,null]', '<html>']) {
      const host = await fixtureHost(t, 'pbs');
      for (const answer of ['admin-verify', 'admin-datastore-tank-snapshots', 'admin-datastore-tank-namespace'])
        await host.put(`answers/proxmox-backup-debug/${answer}`, nonsense);
      const facts = await host.read();
      assert.ok(
        missing(facts).some((one) => one.includes('tank/namespace')),
        `what makes no sense is said: ${nonsense}`,
      );
      assert.ok(
        missing(facts).some((one) => one.includes('admin/verify')),
        nonsense,
      );
    }
  });
});
