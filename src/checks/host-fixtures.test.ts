// All host checks over whole hosts, as `doctor` runs them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fixtureHost, noon } from '../host/fixture.test-support.ts';
import type { HostFacts } from '../model/host.ts';
import { checks } from './all.ts';

const judge = (facts: HostFacts) =>
  checks.flatMap((check) => (check.judges === 'host' ? check.judge(facts, noon) : []));
const listed = (facts: HostFacts) =>
  judge(facts)
    .map(({ check, severity, subject }) => `${severity} ${check} ${subject}`)
    .sort();

describe('doctor', () => {
  it('has nothing to say about a sound PVE host', async (t) => {
    assert.deepEqual(judge(await (await fixtureHost(t, 'pve-clean')).read()), []);
  });

  it('finds every fault of a bad PVE host, and no other', async (t) => {
    const facts = await (await fixtureHost(t, 'pve-faulty')).read();
    assert.deepEqual(listed(facts), [
      'critical host-fleecing backup-job/ruapehu/fleeced',
      'critical host-pbs-inside pve-storage/ruapehu/pbs-pihanga',
      'critical host-staging guest/ruapehu/200',
      'critical host-target-on-root pve-storage/ruapehu/usb',
      'critical host-unprotected-guest guest/ruapehu/105',
      'info host-double-retention backup-job/ruapehu/fleeced',
      'info host-double-retention pve-storage/ruapehu/pbs-pihanga',
      'info host-unprotected-disk guest-disk/ruapehu/200/mp1',
      'warning host-pbs-inside backup-job/ruapehu/nightly',
      'warning host-unprotected-disk guest-disk/ruapehu/100/scsi1',
      'warning host-unprotected-disk guest-disk/ruapehu/200/mp0',
    ]);
  });

  it('finds the faults of a PBS host, and says what it could not see', async (t) => {
    const facts = await (await fixtureHost(t, 'pbs')).read();
    const unread = listed(facts).filter((line) => line.includes('host-unread'));
    assert.equal(unread.length, 1);
    assert.deepEqual(
      listed(facts).filter((line) => !line.includes('host-unread')),
      [
        'critical host-unverified-point pbs-group/pihanga/tank/prod/vm%2F100',
        'warning host-double-retention pbs-datastore/pihanga/tank',
        'warning host-unverified-point pbs-namespace/pihanga/tank/',
      ],
    );
  });

  it('gives each finding an identity, evidence with source and time, a cause and a remedy', async (t) => {
    for (const name of ['pve-faulty', 'pbs']) {
      const findings = judge(await (await fixtureHost(t, name)).read());
      assert.equal(new Set(findings.map(({ id }) => id)).size, findings.length);
      for (const { evidence, cause, remedy, says } of findings) {
        assert.ok(evidence.length > 0 && evidence.every(({ source, at }) => source !== '' && at === noon), says);
        assert.ok(cause !== '' && remedy !== '', says);
      }
    }
  });

  it('stays silent about nothing on a host where everything fails to answer', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    await host.put('answers', undefined);
    await host.put('etc/pve', undefined);
    const lines = listed(await host.read());
    assert.ok(lines.length >= 5 && lines.every((line) => line.startsWith('warning host-unread ')), lines.join('\n'));
  });
});
