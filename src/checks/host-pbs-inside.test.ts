import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackupJob, HostFacts, PbsHome } from '../model/host.ts';
import { ct, job, now, pbs, pbsHost, pveHost, seen, thin, vm } from './host-facts.test-support.ts';
import { hostPbsInside } from './host-pbs-inside.ts';

const inGuest: PbsHome = { at: 'guest', vmid: 101, because: '10.0.0.9 is its address' };
const guests = [vm(100), vm(101, { name: 'pbs' }), ct(200)];
const host = (home: PbsHome, jobs: readonly BackupJob[] = [job('nightly', { takes: [100, 200] })]): HostFacts =>
  pveHost({ guests, jobs, storages: [thin, pbs({}, { home })] });
const judge = (facts: HostFacts) => hostPbsInside.judge(facts, now);

describe('host-pbs-inside', () => {
  it('is silent about a PBS that was seen elsewhere, and about a disabled entry', () => {
    assert.deepEqual(judge(pveHost()), []);
    assert.deepEqual(judge(pveHost({ storages: [pbs({ disabled: true }, { home: inGuest })] })), []);
  });

  it('is critical when guests of one host are kept in a PBS that is a guest of it', () => {
    const [finding, ...more] = judge(host(inGuest));
    assert.deepEqual(more, []);
    assert.equal(finding?.severity, 'critical');
    assert.match(finding.says, /is VM 101 \(pbs\) on ruapehu: lost together with 2 guests/);
    assert.equal(finding.evidence[0]?.says, '10.0.0.9 is its address');
  });

  it('is critical when the PBS is installed on the PVE host itself', () => {
    const findings = judge(host({ at: 'this host', because: '10.0.0.9 is an address of this host' }));
    assert.deepEqual(seen(findings), ['critical pve-storage/ruapehu/pbs1']);
    assert.match(findings[0]?.says ?? '', /lost together with 3 guests|lost together with 2 guests/);
  });

  it('is milder when only guests of other nodes are kept there', () => {
    const facts = pveHost({
      guests: [vm(100), vm(101, { node: 'hikurangi' })],
      jobs: [job('nightly', { takes: [100] })],
      storages: [pbs({}, { home: inGuest })],
    });
    assert.deepEqual(seen(judge(facts)), ['warning pve-storage/ruapehu/pbs1']);
  });

  it('says that it does not know, instead of nothing, where a PBS runs', () => {
    const findings = judge(host({ at: 'unknown', because: 'it is behind a router' }));
    assert.deepEqual(seen(findings), ['info pve-storage/ruapehu/pbs1']);
    assert.match(findings[0]?.remedy ?? '', /runs_on/);
  });

  it('warns of a PBS that is backed up into itself, with the exclusion to declare', () => {
    const remedyOf = (more: Partial<BackupJob>) => {
      const found = judge(host(inGuest, [job('nightly', { takes: [100, 101], ...more })]));
      return found.find(({ subject }) => subject === 'backup-job/ruapehu/nightly')?.remedy;
    };
    const all = (except: readonly number[]) => remedyOf({ selection: { by: 'all', except } });
    assert.equal(all([]), 'pvesh set /cluster/backup/nightly --exclude 101');
    assert.equal(all([105]), 'pvesh set /cluster/backup/nightly --exclude 105,101');
    assert.equal(
      remedyOf({ selection: { by: 'list', vmids: [100, 101] } }),
      'pvesh set /cluster/backup/nightly --vmid 100',
    );
    assert.equal(
      remedyOf({ selection: { by: 'list', vmids: [101] } }),
      'pvesh set /cluster/backup/nightly --enabled 0',
    );
    assert.equal(
      remedyOf({ selection: { by: 'pool', pool: 'a/b' } }),
      'pvesh set /pools --poolid a/b --vms 101 --delete 1',
    );
    assert.equal(
      remedyOf({ selection: { by: 'pool', pool: '; reboot' } }),
      'pvesh set /pools --poolid POOL --vms 101 --delete 1',
    );
  });

  it('has nothing against a PBS that is backed up to somewhere else', () => {
    const elsewhere = job('nightly', { takes: [101], storage: 'usb' });
    assert.deepEqual(seen(judge(host(inGuest, [elsewhere]))), ['warning pve-storage/ruapehu/pbs1']);
  });

  it('mentions a PBS on a PVE host whose own entries point elsewhere', () => {
    const both = { ...pveHost(), pbs: pbsHost([]).pbs };
    assert.deepEqual(seen(judge(both)), ['info host/ruapehu']);
    assert.deepEqual(judge(pbsHost([])), [], 'a PBS host that is no PVE host');
  });
});
