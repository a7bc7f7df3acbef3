import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asYaml, type PbsEstate, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsNamespace } from './pbs-namespace.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
});
after(() => on[Symbol.asyncDispose]());

const store = (name: string, namespaces: string): string => `{ name: ${name}, namespaces: [${namespaces}] }`;
const datastores = (...entries: readonly string[]): string => `datastores: [${entries.join(', ')}]`;
const inStore = (name: string) =>
  on.state.namespaces
    .filter((one) => one.store === name)
    .map((one) => one.name)
    .sort();
const listing = /\/admin\/datastore\/[^/]+\/namespace$/;

describe('namespaces of a PBS', () => {
  it('are made with those above them, each after the one it lies in, and the plan after it is empty', async () => {
    const plan = await on.plan(datastores(store('archive', 'z/y/x, prod')));
    const steps = new Map(plan.steps.map((step) => [step.subject, step]));
    assert.deepEqual(
      [...steps.keys()].sort(),
      ['prod', 'z', 'z%2Fy', 'z%2Fy%2Fx'].map((name) => `pbs-namespace/pbs-pihanga/archive%2F${name}`),
    );
    assert.deepEqual(steps.get('pbs-namespace/pbs-pihanga/archive%2Fz%2Fy%2Fx' as never)?.after.length, 2);
    await on.settle(datastores(store('archive', 'z/y/x, prod')));
    assert.deepEqual(inStore('archive'), ['prod', 'z', 'z/y', 'z/y/x']);
  });

  it('that are there are left as they are: nothing is sent', async () => {
    const before = on.sent(listing).length;
    await on.settle(datastores(store('tank', 'workshop')));
    assert.equal(on.sent(listing).length, before);
  });

  it('are read with one request for each datastore', async () => {
    const before = on.readings(listing);
    await on.plan(datastores(store('tank', 'workshop, prod, prod/db'), store('archive', 'prod')));
    assert.equal(on.readings(listing) - before, 2);
  });

  it('are removed with --prune where they are empty', async () => {
    await on.settle(datastores(store('archive', 'gone, prod')));
    const plan = await on.plan(datastores(store('archive', 'prod, z/y/x')), { prune: true });
    assert.deepEqual(
      plan.steps.map(({ subject }) => subject),
      ['pbs-namespace/pbs-pihanga/archive%2Fgone'],
    );
    assert.deepEqual((await on.apply(plan)).fates, ['done']);
    assert.deepEqual(inStore('archive'), ['prod', 'z', 'z/y', 'z/y/x']);
  });

  it('that hold backups are not removed, nor the backups', async () => {
    await on.settle(datastores(store('archive', 'full, prod')));
    const [first] = on.state.snapshots;
    assert.ok(first !== undefined);
    on.state.snapshots.push({ ...first, store: 'archive', namespace: 'full' });
    const backups = on.state.snapshots.length;
    const plan = await on.plan(datastores(store('archive', 'prod, z/y/x')), { prune: true });
    const { fates, faults } = await on.apply(plan);
    assert.deepEqual(fates, ['failed']);
    assert.match(faults, /namespace-not-empty: it holds backups of (vm|ct)\/\d+/);
    assert.equal(on.state.snapshots.length, backups);
    assert.ok(inStore('archive').includes('full'));
  });

  it("are not removed with somebody else's below them", async () => {
    await on.settle(datastores(store('archive', 'shared, prod')));
    on.state.namespaces.push({ store: 'archive', name: 'shared/theirs' });
    const plan = await on.plan(datastores(store('archive', 'full, prod, z/y/x')), { prune: true });
    const { faults } = await on.apply(plan);
    assert.match(faults, /namespace-not-empty: it holds shared\/theirs/);
    assert.ok(inStore('archive').includes('shared/theirs'));
  });

  it('written by import declare what is there', async () => {
    const text = asYaml(await on.written(pbsNamespace));
    const [found, declared] = await on.foundAndDeclared(pbsNamespace, text);
    assert.deepEqual(declared, found);
    assert.ok(Object.keys(found).includes('tank/workshop'));
    assert.deepEqual((await on.plan(text)).steps, []);
  });
});

describe('a datastore with namespaces', () => {
  it('is made before them, and leaves without waiting for them to be empty: the backups stay', async () => {
    await using own = await pbsEstate();
    const fresh = '{ name: fresh, path: /mnt/datastore/fresh, namespaces: [prod] }';
    const text = datastores(fresh, store('tank', 'workshop'));
    const step = (await own.plan(text)).steps.find(({ kind }) => kind === 'pbs-namespace.create');
    assert.deepEqual(step?.after, ['create pbs-datastore/pbs-pihanga/fresh']);
    await own.settle(text);
    const [first] = own.state.snapshots;
    assert.ok(first !== undefined);
    own.state.snapshots.push({ ...first, store: 'fresh', namespace: 'prod' });
    await own.apply(
      await own.plan(datastores('{ name: archive, gc: daily }', store('tank', 'workshop')), { prune: true }),
    );
    assert.ok(!own.state.datastores.some(({ name }) => name === 'fresh'));
    const [left] = own.state.leftovers;
    assert.deepEqual([left?.snapshots.length, left?.namespaces], [1, ['prod']]);
    const after = await own.plan(datastores('{ name: archive, gc: daily }', store('tank', 'workshop')), {
      prune: true,
    });
    assert.deepEqual([after.steps, after.refusals], [[], []]);
  });
});
