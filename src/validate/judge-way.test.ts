import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { days, hours } from '../values/duration.ts';
import { parseFingerprint } from '../values/fingerprint.ts';
import { after, type Instant } from '../values/instant.ts';
import { judgeCertificate, judgeName, judgePort, type Way } from './judge-way.ts';

const now = '2026-05-01T12:00:00.000Z' as Instant;
const print = (pair: string) => parseFingerprint(Array(32).fill(pair).join(':'));
const way: Way = { product: 'pbs', host: 'pbs.example', port: 8007, pinned: print('AA') };
const served = (pair: string, until = after(now, days(300))) => ({
  ...{ fingerprint: print(pair) ?? assert.fail(), subject: 'CN=x', issuer: 'CN=x', names: [] },
  ...{ from: now, until },
});

describe('the way to a server', () => {
  it('that fails at the name says which entry to add', () => {
    const { state, seen, remedy } = judgeName(way, { failed: 'the name is not known' });
    assert.equal(state, 'unreachable');
    assert.match(seen, /DNS resolution failed for pbs\.example/);
    assert.match(remedy ?? '', /add a DNS entry pbs\.example -> ADDRESS/);
  });

  it('shows the addresses that were found', () => {
    assert.match(judgeName(way, { addresses: ['10.0.0.1', 'fd00::1'] }).seen, /10\.0\.0\.1, fd00::1/);
  });

  it('that fails at the port names the service, and says where the usual port is another', () => {
    const [port] = judgePort(way, { kind: 'closed', says: 'refused' });
    assert.match(port?.remedy ?? '', /systemctl status proxmox-backup-proxy.*firewalls/);
    assert.doesNotMatch(port?.remedy ?? '', /listens on 8007/);
    const [other] = judgePort({ ...way, port: 8006 }, { kind: 'closed', says: 'refused' });
    assert.match(other?.remedy ?? '', /PBS listens on 8007/);
  });

  it('that fails at TLS has an open port', () => {
    const checks = judgePort(way, { kind: 'no-tls', says: 'it does not speak TLS on that port' });
    assert.deepEqual(
      checks.map(({ check, state }) => [check, state]),
      [
        ['port', 'good'],
        ['TLS', 'unreachable'],
      ],
    );
  });
});

describe('a certificate', () => {
  it('other than the pinned one is wrong, and both are shown with the command that pins the new one', () => {
    const { state, seen, remedy } = judgeCertificate(way, served('BB'), undefined, now);
    assert.equal(state, 'wrong');
    assert.ok(seen.includes(print('AA') ?? '') && seen.includes(print('BB') ?? ''));
    assert.match(remedy ?? '', /holdfast trust pbs\.example:8007$/);
  });

  it('as pinned is good for fourteen days more, and a warning below that or after its end', () => {
    const state = (until: Instant) => judgeCertificate(way, served('AA', until), undefined, now);
    assert.equal(state(after(now, days(14))).state, 'good');
    assert.match(state(after(now, hours(14 * 24 - 1))).seen, /^it expires in 13 days/);
    assert.equal(state(after(now, hours(14 * 24 - 1))).state, 'warning');
    assert.match(state(after(now, hours(-1))).seen, /^it has expired/);
  });

  it('of an authority is what that verdict says', () => {
    const byAuthority = { ...way, pinned: undefined };
    const fault = new Fault('certificate-not-trusted', {
      where: 'x',
      says: 'its certificate is for another host',
      remedy: 'pin it',
    });
    assert.equal(judgeCertificate(byAuthority, served('BB'), undefined, now).state, 'good');
    const judged = judgeCertificate(byAuthority, served('BB'), fault, now);
    assert.deepEqual([judged.state, judged.seen], ['wrong', 'its certificate is for another host']);
    assert.equal(judgeCertificate(byAuthority, served('BB', after(now, days(3))), undefined, now).state, 'warning');
  });
});
