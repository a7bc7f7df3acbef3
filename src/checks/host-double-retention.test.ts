import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackupJob, HostFacts, HostStorage, PbsHome, PruneJob, Retention } from '../model/host.ts';
import { hostDoubleRetention } from './host-double-retention.ts';
import { at, job, now, pbs, pbsHost, pruneJob, pveHost, seen } from './host-facts.test-support.ts';

const rule = (text: string): Retention => ({ text, keepsAll: text === 'keep-all=1' });
const here: PbsHome = { at: 'this host', because: 'its address' };
const judge = (facts: HostFacts) => hostDoubleRetention.judge(facts, now);
const pve = (storage: HostStorage, own: Partial<BackupJob> = {}) =>
  pveHost({ storages: [storage], jobs: [job('nightly', own)] });
const both = (prune: readonly PruneJob[], retention = rule('keep-last=3'), namespace = ''): HostFacts => ({
  ...pve(pbs({ retention }, { home: here, namespace })),
  pbs: pbsHost([], { pruneJobs: prune }).pbs,
});

describe('host-double-retention', () => {
  it('is silent when only PBS prunes', () => {
    assert.deepEqual(judge(pve(pbs())), []);
    assert.deepEqual(judge(both([pruneJob('daily')], rule('keep-all=1'))), []);
    assert.deepEqual(judge(pbsHost([])), []);
  });

  it('is silent when only PVE prunes, where PBS can be seen to have no prune job for it', () => {
    const others = [
      pruneJob('other', { store: 'attic' }),
      pruneJob('off', { enabled: false }),
      pruneJob('ns', { namespace: 'prod' }),
    ];
    assert.deepEqual(judge(both(others)), []);
  });

  it('warns when both are seen, and proposes that PBS alone prunes', () => {
    const [finding] = judge(both([pruneJob('daily')]));
    assert.equal(finding?.severity, 'warning');
    assert.match(finding.says, /storage pbs1: keep-last=3; prune job daily: keep-daily=7/);
    assert.equal(finding.remedy, 'let PBS alone prune: pvesm set pbs1 --prune-backups keep-all=1');
  });

  it('knows which namespaces a prune job reaches', () => {
    const deep = (depth: number | undefined) => judge(both([pruneJob('daily', { depth })], undefined, 'a/b')).length;
    assert.deepEqual([deep(undefined), deep(2), deep(1), deep(0)], [1, 1, 0, 0]);
    assert.equal(judge(both([pruneJob('daily', { namespace: 'a' })], undefined, 'ab')).length, 0, 'ab is not within a');
  });

  it('says that the other side is unseen, instead of nothing, when PVE prunes on a PBS elsewhere', () => {
    const findings = judge(pve(pbs({ retention: rule('keep-last=3') })));
    assert.deepEqual(seen(findings), ['info pve-storage/ruapehu/pbs1']);
    assert.match(findings[0]?.says ?? '', /cannot be seen from this host/);
  });

  it('counts what prunes in effect: the job, else the storage, else vzdump.conf, and not with remove=0', () => {
    const unruled = pbs({ retention: undefined });
    const withDefaults = (own: Partial<BackupJob>) =>
      judge(
        pveHost({
          storages: [unruled],
          jobs: [job('nightly', own)],
          vzdump: { retention: rule('keep-last=2'), source: '/etc/vzdump.conf', at },
        }),
      );
    assert.match(withDefaults({})[0]?.says ?? '', /vzdump\.conf: keep-last=2/);
    assert.deepEqual(withDefaults({ removes: false }), []);
    assert.deepEqual(withDefaults({ retention: rule('keep-all=1') }), []);
    const [own] = judge(pve(unruled, { retention: rule('keep-last=9') }));
    assert.match(own?.remedy ?? '', /pvesh set \/cluster\/backup\/nightly --delete prune-backups/);
  });

  it('mentions a job whose retention silently takes the place of its storage', () => {
    const findings = judge(pve(pbs({ retention: rule('keep-daily=7') }), { retention: rule('keep-last=1') }));
    assert.deepEqual(seen(findings), ['info pve-storage/ruapehu/pbs1', 'info backup-job/ruapehu/nightly']);
    const same = { retention: rule('keep-daily=7') };
    assert.deepEqual(seen(judge(pve(pbs(same), same))), ['info pve-storage/ruapehu/pbs1']);
  });

  it('is silent about a retention of the storage that no job falls back to', () => {
    const kept = pbs({ retention: rule('keep-daily=7') });
    const prunings = (own: Partial<BackupJob>) =>
      seen(judge(pve(kept, own))).filter((one) => one.endsWith('pve-storage/ruapehu/pbs1'));
    assert.deepEqual(
      prunings({}),
      ['info pve-storage/ruapehu/pbs1'],
      'control: a job that says nothing falls back to it',
    );
    assert.deepEqual(prunings({ retention: rule('keep-all=1') }), []);
    assert.deepEqual(prunings({ removes: false }), []);
  });

  it('does not end the retention of a job only to let that of its storage, or of vzdump.conf, take its place', () => {
    const own = { retention: rule('keep-last=1') };
    const both = 'pvesm set pbs1 --prune-backups keep-all=1; pvesh set /cluster/backup/nightly --delete prune-backups';
    const [overStorage] = judge(pve(pbs({ retention: rule('keep-daily=7') }), own));
    assert.ok(overStorage?.remedy.includes(both), overStorage?.remedy);
    const vzdump = { retention: rule('keep-last=2'), source: '/etc/vzdump.conf', at };
    const [overDefaults] = judge(
      pveHost({ storages: [pbs({ retention: undefined })], jobs: [job('nightly', own)], vzdump }),
    );
    assert.ok(overDefaults?.remedy.includes(both), overDefaults?.remedy);
  });

  it('has nothing to say of a job beside a storage that keeps all, or that says the same in another order', () => {
    const beside = (own: string, usual: string) =>
      judge(pve(pbs({ retention: rule(usual) }), { retention: rule(own) })).filter(({ subject }) =>
        subject.startsWith('backup-job/'),
      );
    assert.deepEqual(beside('keep-last=3', 'keep-all=1'), []);
    assert.deepEqual(beside('keep-last=3,keep-daily=7', 'keep-daily=7,keep-last=3'), []);
    assert.equal(beside('keep-last=3,keep-daily=8', 'keep-daily=7,keep-last=3').length, 1);
  });

  it('counts no prune job that keeps nothing by count: PBS removes nothing by it', () => {
    const idle = pruneJob('idle', { keeps: '' });
    assert.deepEqual(judge(both([idle])), []);
    assert.deepEqual(judge(pbsHost([], { pruneJobs: [pruneJob('a'), idle] })), []);
  });

  it('ends the pruning of a datastore from before there were prune jobs by its own command', () => {
    const old = pruneJob('tank in datastore.cfg', { source: '/etc/proxmox-backup/datastore.cfg' });
    const [finding] = judge(pbsHost([], { pruneJobs: [pruneJob('daily'), old] }));
    assert.equal(
      finding?.remedy,
      'keep one of them, for instance daily: proxmox-backup-manager datastore update tank --delete prune-schedule',
    );
  });

  it('warns of two prune jobs over one namespace on a PBS, and not of two beside each other', () => {
    const pair = (one: Partial<PruneJob>, other: Partial<PruneJob>) =>
      seen(judge(pbsHost([], { pruneJobs: [pruneJob('a', one), pruneJob('b', other)] })));
    assert.deepEqual(pair({}, { namespace: 'prod' }), ['warning pbs-datastore/pihanga/tank']);
    assert.deepEqual(pair({ depth: 0 }, { namespace: 'prod' }), []);
    assert.deepEqual(pair({ namespace: 'prod' }, { namespace: 'lab' }), []);
    assert.deepEqual(pair({}, { store: 'attic' }), []);
    assert.deepEqual(pair({}, { enabled: false }), []);
  });
});
