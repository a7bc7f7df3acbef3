import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChangeClass, Step } from '../model/step.ts';
import { hours } from '../values/duration.ts';
import { ref } from '../values/ref.ts';
import { type Agreement, consentNeeded } from './consent.ts';
import { defaultGuard, guardSchema, mayReside } from './guard.ts';

const step = (name: string, changes: ChangeClass, parts: Partial<Step> = {}): Step => ({
  ...{ id: name, kind: 'pve-storage.update', subject: ref('pve-storage', 'ruapehu', name), act: 'update' },
  ...{
    title: `update storage ${name} on ruapehu`,
    because: [],
    after: [],
    lanes: [],
    risk: 'changes',
    needs: [],
    expects: [],
  },
  ...{ given: null, wayBack: 'undo', expands: false, patience: hours(1) },
  changes: [{ field: 'prune_backups', class: changes, because: 'keeps less' }],
  ...parts,
});
const removal = (name: string, server = 'ruapehu'): Step =>
  step(name, 'neutral', {
    ...{ id: `${server} ${name}`, act: 'remove', risk: 'destroys', changes: [] },
    ...{ subject: ref('pve-storage', server, name), title: `remove storage ${name} on ${server}` },
  });

const person: Agreement = { attended: true, yes: true, confirmed: [] };
const nobody: Agreement = { attended: false, yes: true, confirmed: ['tank'] };

const needsOf = (steps: readonly Step[], given: Agreement, guard = defaultGuard) => {
  const answer = consentNeeded({ steps }, guard, given);
  return answer.allowed ? [] : answer.needs;
};

describe('a change that costs restore points', () => {
  it('weakens, whatever its fields mean by themselves: a storage that is switched on and prunes at once', () => {
    const on = step('tank', 'strengthens', { risk: 'loses a restore point' });
    assert.deepEqual(
      needsOf([on], nobody).map(({ class: meaning }) => meaning),
      ['weakens'],
    );
    assert.deepEqual(needsOf([step('tank', 'strengthens')], nobody), [], 'control: it costs none');
    assert.deepEqual(needsOf([{ ...on, act: 'do', changes: [] }], nobody), [], 'control: a run has its own consent');
  });
});

describe('a person', () => {
  it('covers with one yes everything that does not destroy', () => {
    const steps = (['strengthens', 'neutral', 'weakens', 'reaches'] as const).map((each) => step(each, each));
    assert.deepEqual(consentNeeded({ steps }, defaultGuard, person), { allowed: true });
  });

  it('is asked once for the plan where no yes was said, and for nothing where there is nothing to do', () => {
    const [need, ...others] = needsOf([step('a', 'neutral'), step('b', 'weakens')], { ...person, yes: false });
    assert.deepEqual(others, []);
    assert.deepEqual([need?.class, need?.confirm], ['weakens', undefined]);
    assert.match(need?.says ?? '', /2 steps.*--yes/);
    assert.deepEqual(consentNeeded({ steps: [] }, defaultGuard, { ...person, yes: false }), { allowed: true });
  });

  it('names each object that is destroyed, besides saying yes', () => {
    const steps = [removal('tank'), removal('old'), step('c', 'strengthens')];
    assert.deepEqual(
      needsOf(steps, person).map(({ confirm }) => confirm),
      ['tank', 'old'],
    );
    assert.deepEqual(
      needsOf(steps, { ...person, confirmed: ['old'] }).map(({ confirm }) => confirm),
      ['tank'],
    );
    assert.deepEqual(needsOf(steps, { ...person, confirmed: ['old', 'tank'] }), []);
    assert.deepEqual(needsOf(steps, { ...person, yes: false, confirmed: ['old', 'tank'] }).length, 1);
    assert.deepEqual(needsOf(steps, { ...person, confirmed: ['TANK', 'old '] }).length, 2);
  });

  it('says which one, where two that are destroyed have one name', () => {
    const steps = [removal('tank', 'ruapehu'), removal('tank', 'pihanga')];
    assert.deepEqual(
      needsOf(steps, { ...person, confirmed: ['tank'] }).map(({ confirm }) => confirm),
      ['pve-storage/ruapehu/tank', 'pve-storage/pihanga/tank'],
    );
    const confirmed = ['pve-storage/ruapehu/tank', 'pve-storage/pihanga/tank'];
    assert.deepEqual(needsOf(steps, { ...person, confirmed }), []);
  });
});

describe('without a person', () => {
  it('only what strengthens or is neutral passes; a yes or a name counts for nothing', () => {
    assert.deepEqual(needsOf([step('a', 'strengthens'), step('b', 'neutral')], nobody), []);
    const refused = [step('c', 'weakens'), step('d', 'reaches'), removal('tank')];
    assert.deepEqual(
      needsOf([step('a', 'strengthens'), ...refused], nobody).map((need) => need.class),
      ['weakens', 'reaches', 'destroys'],
    );
    assert.match(
      needsOf(refused, nobody)[0]?.says ?? '',
      /update storage c on ruapehu: prune_backups keeps less, so a person must agree/,
    );
  });

  it('less passes where the guard says so, and more where it tries to is refused', () => {
    const tight = guardSchema.parse({ unattended: [] });
    assert.equal(needsOf([step('a', 'strengthens')], nobody, tight).length, 1);
    assert.deepEqual(needsOf([step('a', 'weakens')], person, tight), [], 'a person is not held back by it');
    for (const loose of ['weakens', 'reaches', 'destroys'])
      assert.equal(guardSchema.safeParse({ unattended: [loose] }).success, false);
  });

  it('a service holds what it needs to look and to run, and never what configures or prunes', () => {
    assert.deepEqual(
      (['observe', 'configure', 'run', 'drill', 'prune'] as const).filter((each) => mayReside(defaultGuard, each)),
      ['observe', 'run'],
    );
    assert.equal(guardSchema.safeParse({ identities_resident: ['configure'] }).success, false);
  });
});
