import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Plan } from './model/plan.ts';
import type { Step } from './model/step.ts';
import type { Check, Looked, Validation } from './validate/check.ts';
import { judgeFirst, touchedBy } from './validate-first.ts';
import type { Instant } from './values/instant.ts';
import { type Ref, ref } from './values/ref.ts';

const step = (subject: Ref, server: string, act: Step['act'] = 'create') =>
  ({ subject, act, needs: [{ server, identity: 'configure' }] }) as unknown as Step;
const plan = (...steps: Step[]) => ({ steps }) as unknown as Plan;
const storageStep = step(ref('pve-storage', 'ruapehu', 'tank'), 'ruapehu');

const looked = (kind: Looked['kind'], name: string, ...checks: Check[]): Looked => ({
  ...{ kind, product: 'pve', subject: ref(kind, name), name, address: 'x:1', verdict: 'invalid', checks },
});
const seen = (...all: Looked[]): Validation => ({
  at: '2026-01-01T00:00:00.000Z' as Instant,
  servers: all.filter(({ kind }) => kind === 'server'),
  storages: all.filter(({ kind }) => kind === 'storage'),
});
const check = (name: Check['check'], state: Check['state'], more: Partial<Check> = {}): Check => ({
  ...{ check: name, state, seen: 'what was seen', remedy: 'what to do', ...more },
});
const missing = (identity: 'observe' | 'configure', kind: string) =>
  check('privileges', 'wrong', {
    privileges: {
      login: 'a@pve!b',
      path: '/',
      privileges: ['Sys.Modify'],
      problem: 'missing',
      identities: [identity],
      kinds: [kind],
    },
  });
const stops = (of: Plan, ...all: Looked[]) => judgeFirst(of, seen(...all)).stops.length;

describe('what stops an apply', () => {
  it('is another certificate, a login that is not taken, a right the plan needs', () => {
    const of = plan(storageStep);
    assert.equal(stops(of, looked('server', 'ruapehu', check('certificate', 'wrong'))), 1);
    assert.equal(stops(of, looked('storage', 'tank', check('certificate', 'wrong'))), 1);
    assert.equal(stops(of, looked('storage', 'tank', check('login', 'wrong'))), 1);
    assert.equal(stops(of, looked('server', 'ruapehu', check('login', 'wrong', { identities: ['configure'] }))), 1);
    assert.equal(stops(of, looked('server', 'ruapehu', missing('configure', 'pve-storage'))), 1);
  });

  it('is nothing that is down, and no right or login that this plan does not use: those are told', () => {
    const all = [
      looked(
        'server',
        'ruapehu',
        check('port', 'unreachable'),
        missing('observe', 'reading'),
        missing('configure', 'pve-backup-job'),
      ),
      looked('server', 'ruapehu', check('login', 'wrong', { identities: ['run'] })),
      looked('storage', 'tank', check('DNS', 'unreachable'), check('scan', 'wrong', { from: 'ruapehu/ruapehu' })),
    ];
    const { stops, warnings } = judgeFirst(plan(storageStep), seen(...all));
    assert.deepEqual(stops, []);
    assert.equal(warnings.length, 6);
    assert.equal(warnings[0], 'ruapehu, port: what was seen\n  do this: what to do');
  });

  it('is no login or datastore that the plan itself makes, but another certificate all the same', () => {
    for (const kind of ['pbs-token', 'pbs-acl', 'pbs-datastore', 'pbs-namespace']) {
      const of = plan(storageStep, step(ref(kind, 'attic', 'x'), 'attic'));
      const tank = (leadsTo: string, ...checks: Check[]): Looked => ({
        ...looked('storage', 'tank', ...checks),
        leadsTo,
      });
      assert.equal(stops(of, tank('attic', check('login', 'wrong'), check('datastore', 'wrong'))), 0);
      assert.equal(stops(of, tank('attic', check('certificate', 'wrong'))), 1);
      assert.equal(
        stops(of, tank('cellar', check('login', 'wrong'))),
        1,
        'what is made on another PBS makes no way there',
      );
    }
  });

  it('is looked for only where the plan writes: storages that are removed are not tried', () => {
    const gone = step(ref('pve-storage', 'ruapehu', 'gone'), 'ruapehu', 'remove');
    const { servers, storages } = touchedBy(plan(storageStep, gone, step(ref('pbs-prune-job', 'attic', 'j'), 'attic')));
    assert.deepEqual([...servers], ['ruapehu', 'attic']);
    assert.deepEqual([...storages], ['tank']);
  });
});
