import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PbsFacts, PbsPoint } from '../model/host.ts';
import type { Instant } from '../values/instant.ts';
import { now, pbsHost, point, pveHost, seen, verifyJob } from './host-facts.test-support.ts';
import { hostUnverifiedPoint } from './host-unverified-point.ts';

const judge = (points: readonly PbsPoint[], more: Partial<PbsFacts> = {}) =>
  hostUnverifiedPoint.judge(pbsHost(points, more), now);
const at = (text: string) => text as Instant;
const never = (takenAt: string) => point('vm/100', takenAt, { verified: undefined });
const verified = (text: string | undefined) =>
  point('vm/100', '2025-06-01T02:00:00.000Z', {
    verified: { state: 'ok', at: text === undefined ? undefined : at(text) },
  });

describe('host-unverified-point', () => {
  it('is silent when every point was verified lately, and on a host without PBS', () => {
    assert.deepEqual(judge([point('vm/100', '2026-02-20T02:00:00.000Z')]), []);
    assert.deepEqual(hostUnverifiedPoint.judge(pveHost(), now), []);
  });

  it('waits until the verify job has had its turn', () => {
    assert.deepEqual(judge([never('2026-02-24T02:00:00.000Z')]), [], 'taken after its last run: the next one sees it');
    const passedOver = judge([never('2026-02-20T02:00:00.000Z')]);
    assert.deepEqual(seen(passedOver), ['warning pbs-namespace/pihanga/tank/']);
    assert.match(passedOver[0]?.says ?? '', /^1 restore point of 1 in datastore tank is unproved: 1 never verified$/);
  });

  it('does not hold it against a point that its backup still ran when the verify job went by', () => {
    const daily = verifyJob({ last: at('2026-02-25T05:00:00.000Z'), next: at('2026-02-26T05:00:00.000Z') });
    assert.deepEqual(judge([never('2026-02-25T02:00:00.000Z')], { verifyJobs: [daily] }), [], 'the next one sees it');
    assert.equal(judge([never('2026-02-24T02:00:00.000Z')], { verifyJobs: [daily] }).length, 1, 'control');
  });

  it('does not wait for a job that does not run, does not reach it, or is not there', () => {
    const fresh = [never('2026-02-24T02:00:00.000Z')];
    for (const job of [
      { next: undefined },
      { next: at('2026-02-10T00:00:00.000Z') },
      { next: at('2027-01-01T00:00:00.000Z') },
      { store: 'attic' },
      { namespace: 'prod' },
    ])
      assert.equal(judge(fresh, { verifyJobs: [verifyJob(job)] }).length, 1, JSON.stringify(job));
    const [finding] = judge(fresh, { verifyJobs: [] });
    assert.equal(finding?.cause, 'no verify job reaches them');
    assert.match(finding.remedy, /^proxmox-backup-manager verify-job create weekly-tank --store tank --schedule/);
  });

  it('gives a datastore that verifies new points itself a day for it', () => {
    const stores = [{ name: 'tank', path: '/x', verifiesNew: true, source: 'datastore.cfg', at: now }];
    assert.deepEqual(judge([never('2026-02-25T02:00:00.000Z')], { stores, verifyJobs: [] }), []);
    assert.equal(judge([never('2026-02-23T02:00:00.000Z')], { stores, verifyJobs: [] }).length, 1);
  });

  it('finds points that were verified long ago and that nothing verifies again', () => {
    const old = [verified('2026-01-10T00:00:00.000Z')];
    assert.equal(judge(old, { verifyJobs: [verifyJob({ againAfter: undefined })] }).length, 1);
    assert.equal(judge(old).length, 1, 'the job has run since they became outdated');
    assert.deepEqual(
      judge([verified('2026-01-24T00:00:00.000Z')]),
      [],
      'outdated since the last run: the next one sees them',
    );
    assert.deepEqual(judge(old, { verifyJobs: [verifyJob({ againAfter: 60 })] }), [], 'declared: every 60 days');
    assert.equal(judge([verified(undefined)]).length, 1, 'verified at an unknown time is not lately');
  });

  it('proposes at once a verify that does not pass over what was verified before', () => {
    const [finding] = judge([verified('2026-01-10T00:00:00.000Z')]);
    assert.match(finding?.remedy ?? '', /at once: proxmox-backup-manager verify tank --outdated-after 30$/);
    const [fresh] = judge([never('2026-02-20T02:00:00.000Z')]);
    assert.match(fresh?.remedy ?? '', /at once: proxmox-backup-manager verify tank$/, 'control: never verified');
  });

  it('proposes a verify job under a name that PBS takes and that is free', () => {
    const created = (store: string, verifyJobs: PbsFacts['verifyJobs']) => {
      const namespaces = ['prod', 'lab/deep'].map((namespace) => ({
        ...{ store, namespace, points: [never('2026-02-24T02:00:00.000Z')] },
        ...{ source: 'snapshots', at: now },
      }));
      const findings = hostUnverifiedPoint.judge(pbsHost([], { namespaces, verifyJobs }), now);
      return findings.map(({ remedy }) => /verify-job create (\S+)/.exec(remedy)?.[1] ?? '');
    };
    assert.deepEqual(created('tank', []), ['weekly-tank-prod', 'weekly-tank-lab-deep']);
    const taken = verifyJob({ id: 'weekly-tank-prod', namespace: 'other' });
    assert.deepEqual(created('tank', [taken]), ['weekly-tank-prod-2', 'weekly-tank-lab-deep']);
    const long = created('a-datastore-with-a-name-of-32-chr', []);
    assert.deepEqual(
      long.filter((id) => /^[A-Za-z0-9_][\w.-]{2,31}$/.test(id)),
      long,
    );
    assert.equal(new Set(long).size, 2, 'two names for two jobs');
  });

  it('is critical about failed points, and names the newest good one', () => {
    const bad = { verified: { state: 'failed', at: now } };
    const [finding, ...more] = judge([
      point('vm/100', '2026-02-20T02:00:00.000Z', bad),
      point('vm/100', '2026-02-18T02:00:00.000Z'),
      point('vm/100', '2026-02-19T02:00:00.000Z'),
      point('ct/200', '2026-02-20T02:00:00.000Z'),
    ]);
    assert.deepEqual(more, []);
    assert.equal(finding?.subject, 'pbs-group/pihanga/tank//vm%2F100');
    assert.equal(finding.severity, 'critical');
    assert.match(
      finding.says,
      /1 of 3 restore points.*newest of 2026-02-20 02:00 UTC; the newest good one is of 2026-02-19 02:00 UTC/,
    );
    assert.match(
      judge([point('vm/1', '2026-02-20T02:00:00.000Z', bad)])[0]?.says ?? '',
      /no point of it is known to be good/,
    );
    const odd = { verified: { state: 'sort of', at: now } };
    assert.equal(
      judge([point('vm/1', '2026-02-20T02:00:00.000Z', odd)])[0]?.severity,
      'critical',
      'anything but ok is no success',
    );
  });

  it('does not count a backup that is still running', () => {
    assert.deepEqual(
      judge([point('vm/100', '2026-02-01T02:00:00.000Z', { verified: undefined, finished: false })]),
      [],
    );
  });

  it('trusts no job it could not read about', () => {
    const [finding] = judge([never('2026-02-24T02:00:00.000Z')], { verifyJobs: undefined });
    assert.equal(finding?.cause, 'which verify jobs there are could not be read');
    assert.match(finding.remedy, /^proxmox-backup-manager verify-job list; /, 'there may be one already');
    assert.doesNotMatch(finding.remedy, /create/);
  });
});
