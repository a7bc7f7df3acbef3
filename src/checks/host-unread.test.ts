import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Unread } from '../model/host.ts';
import { at, now, pveHost, seen } from './host-facts.test-support.ts';
import { hostUnread } from './host-unread.ts';

const unread = (source: string, hides: string): Unread => ({
  source,
  at,
  hides,
  fault: { code: 'x', where: source, says: 'permission denied\u001b[2J', remedy: 'run it as root' },
});
const judge = (...all: readonly Unread[]) => hostUnread.judge({ ...pveHost(), unread: all }, now);

describe('host-unread', () => {
  it('is silent when everything could be read', () => {
    assert.deepEqual(judge(), []);
  });

  it('names each source once, with every question it leaves open, and what to do', () => {
    const findings = judge(
      unread('/etc/pve/jobs.cfg', 'what is backed up'),
      unread('/etc/pve/jobs.cfg', 'how'),
      unread('df /', 'room'),
    );
    assert.equal(new Set(findings.map(({ id }) => id)).size, 2);
    assert.match(findings[0]?.says ?? '', /jobs\.cfg; not known: what is backed up; how/);
    assert.equal(findings[0]?.remedy, 'run it as root');
    assert.ok(seen(findings).every((line) => line.startsWith('warning ')));
  });

  it('lets no control character of a program through to the terminal', () => {
    const [finding] = judge(unread('x', 'y'));
    assert.equal(finding?.cause, 'permission denied\\u001b[2J');
    assert.ok(!Object.values(finding).some((value) => String(value).includes('\u001b')));
  });
});
