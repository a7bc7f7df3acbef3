import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PveFacts } from '../model/host.ts';
import { ct, job, now, pbs, pveHost, seen, thin, vm } from './host-facts.test-support.ts';
import { hostUnprotectedGuest } from './host-unprotected-guest.ts';

const judge = (more: Partial<PveFacts> = {}) => hostUnprotectedGuest.judge(pveHost(more), now);
const remedies = (more: Partial<PveFacts>) => judge(more).map(({ remedy }) => remedy);

describe('host-unprotected-guest', () => {
  it('is silent when an enabled job takes every guest', () => {
    assert.deepEqual(judge(), []);
  });

  it('is critical about a guest that no job takes, and less so about a template (reality 2.47)', () => {
    const guests = [vm(100), ct(200), vm(300), vm(301, { template: true })];
    assert.deepEqual(seen(judge({ guests })), ['critical guest/ruapehu/300', 'info guest/ruapehu/301']);
  });

  it('does not count what cannot run: a disabled job, and storages that take nothing', () => {
    const all = job('nightly');
    const cases: readonly [Partial<PveFacts>, RegExp, RegExp][] = [
      [
        { jobs: [{ ...all, enabled: false }] },
        /job nightly is disabled/,
        /^pvesh set \/cluster\/backup\/nightly --enabled 1$/,
      ],
      [{ storages: [pbs({ disabled: true })] }, /which is disabled/, /^pvesm set pbs1 --disable 0$/],
      [
        { storages: [pbs({ nodes: ['hikurangi'] })] },
        /not for node ruapehu/,
        /^pvesm set pbs1 --nodes hikurangi,ruapehu$/,
      ],
      [{ storages: [pbs({ content: ['none'] })] }, /takes no backups/, /^pvesm set pbs1 --content backup$/],
      [{ storages: [thin] }, /does not exist/, /--storage STORAGE/],
    ];
    for (const [more, cause, remedy] of cases) {
      const findings = judge(more);
      assert.deepEqual(seen(findings), ['critical guest/ruapehu/100', 'critical guest/ruapehu/200']);
      assert.match(findings[0]?.cause ?? '', cause);
      assert.match(findings[0]?.remedy ?? '', remedy);
    }
  });

  it('gives the command that ends an exclusion without starting another', () => {
    const excluding = (except: readonly number[]) =>
      remedies({ jobs: [job('nightly', { selection: { by: 'all', except }, takes: [200] })] })[0] ?? '';
    assert.match(excluding([100]), /^pvesh set \/cluster\/backup\/nightly --delete exclude;/);
    assert.match(excluding([100, 104]), /^pvesh set \/cluster\/backup\/nightly --exclude 104;/);
  });

  it('does not propose to end the exclusion in a job for another node: that would protect nobody', () => {
    const elsewhere = { selection: { by: 'all' as const, except: [100] }, takes: [], node: 'hikurangi' };
    const [finding] = judge({ guests: [vm(100)], jobs: [job('theirs', elsewhere)] });
    assert.equal(finding?.cause, 'none of 1 job selects it');
    assert.match(finding.remedy, /^add to `backup_jobs`/);
    const here = judge({ guests: [vm(100)], jobs: [job('ours', { ...elsewhere, node: 'ruapehu' })] });
    assert.match(here[0]?.remedy ?? '', /^pvesh set \/cluster\/backup\/ours --delete exclude/, 'control');
  });

  it('offers the job a guest could join, else the line for the estate', () => {
    const list = job('some', { selection: { by: 'list', vmids: [200] }, takes: [200] });
    assert.deepEqual(remedies({ jobs: [list] }), ['pvesh set /cluster/backup/some --vmid 200,100']);
    const lines = remedies({ jobs: [] });
    assert.match(lines[0] ?? '', /backup_jobs.*- \{ name: nightly, on: \[ruapehu\].*storage: pbs1/);
    assert.equal(judge({ jobs: [] })[0]?.cause, 'there is no backup job at all');
  });

  it('calls a guest neither protected nor unprotected while the members of a pool, or old jobs, are unknown', () => {
    const byPool = job('pooled', { selection: { by: 'pool', pool: 'core' }, takes: undefined });
    assert.deepEqual(seen(judge({ jobs: [byPool] })), ['warning guest/ruapehu/100', 'warning guest/ruapehu/200']);
    assert.deepEqual(seen(judge({ jobs: [byPool, job('all')] })), []);
    assert.deepEqual(seen(judge({ jobs: [], oldStyleJobs: 2 })), [
      'warning guest/ruapehu/100',
      'warning guest/ruapehu/200',
    ]);
    assert.match(judge({ jobs: [], oldStyleJobs: 2 })[0]?.cause ?? '', /vzdump\.cron/);
  });

  it('does not ask that the PBS be backed up into itself', () => {
    const inside = pbs({}, { home: { at: 'guest', vmid: 100, because: 'its MAC' } });
    const jobs = [job('nightly', { takes: [200] })];
    assert.deepEqual(judge({ storages: [thin, inside], jobs }), []);
    assert.deepEqual(seen(judge({ jobs })), ['critical guest/ruapehu/100']);
  });

  it('judges nothing where guests or jobs could not be read, which host-unread says', () => {
    assert.deepEqual(judge({ jobs: undefined }), []);
    assert.deepEqual(judge({ guests: undefined }), []);
  });

  it('shows a hostile name as what it is', () => {
    const [finding] = judge({ guests: [vm(300, { name: '\u001b[2Jroot\u202e' })] });
    assert.match(finding?.says ?? '', /VM 300 \(\\u001b\[2Jroot\\u202e\)/);
  });
});
