import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePlan, type Plan, type Refusal } from '../model/plan.ts';
import { instantAt } from '../values/instant.ts';
import { ref } from '../values/ref.ts';
import { notAsDeclared } from './not-as-declared.ts';
import { serverUnread } from './server-unread.ts';

const at = instantAt(0);
const planWith = (refusals: readonly Refusal[]): Plan =>
  makePlan({
    ...{ estate: 'test', job: 'apply', madeAt: at, desired: '', observed: '', steps: [] },
    ...{ notes: [], refusals, unchanged: 3, afterFailure: 'keep' },
  });
const unread = (name: string): Refusal => ({
  ...{ subject: ref('pve-storage', 'ruapehu', name), code: 'server-unreachable', says: 'connection refused' },
  ...{ remedy: 'start it', unread: 'ruapehu' },
});
const fixed: Refusal = {
  ...{ subject: ref('pve-storage', 'hikurangi', 'pbs1'), code: 'storage-fixed-field', says: 'its datastore is old' },
  ...{ remedy: 'declare it under another name' },
};

describe('server-unread', () => {
  it('is silent where every server answered, also about what cannot be done there', () => {
    assert.deepEqual(serverUnread.judge(planWith([]), at), []);
    assert.deepEqual(serverUnread.judge(planWith([fixed]), at), []);
  });

  it('is one finding a server, however much is declared there, with what was seen and what to do', () => {
    const [finding, ...more] = serverUnread.judge(planWith([unread('pbs1'), unread('pbs2'), fixed]), at);
    assert.deepEqual(more, []);
    assert.equal(finding?.subject, 'server/ruapehu');
    assert.match(finding?.says ?? '', /2 declared things there are in order \(pve-storage\/ruapehu\/pbs1, .*pbs2\)/);
    assert.deepEqual(
      finding?.evidence.map(({ says }) => says),
      ['server-unreachable: connection refused'],
    );
    assert.equal(finding?.remedy, 'start it');
  });
});

describe('not-as-declared', () => {
  it('is silent where nothing is refused, and where nothing is known', () => {
    assert.deepEqual(notAsDeclared.judge(planWith([]), at), []);
    assert.deepEqual(notAsDeclared.judge(planWith([unread('pbs1')]), at), []);
  });

  it('names each thing that cannot be as declared, with the reason and the way out', () => {
    const [finding] = notAsDeclared.judge(planWith([fixed]), at);
    assert.deepEqual(
      [finding?.subject, finding?.severity, finding?.remedy],
      ['pve-storage/hikurangi/pbs1', 'critical', 'declare it under another name'],
    );
    assert.match(finding?.evidence[0]?.says ?? '', /^storage-fixed-field: its datastore is old$/);
  });
});
