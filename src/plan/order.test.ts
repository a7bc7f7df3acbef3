import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { put } from '../../test/engine-world.ts';
import type { ResourceKind } from '../contracts/resource.ts';
import type { Act, Step } from '../model/step.ts';
import { type Ref, ref } from '../values/ref.ts';
import { inOrder, type Needs } from './order.ts';

const step = (
  act: Exclude<Act, 'do'>,
  kind: string,
  server: string,
  name: string,
  after: readonly string[] = [],
): Step =>
  put(`${act} ${ref(kind, server, name)}`, {
    ...{ kind: `${kind}.${act}`, act, subject: ref(kind, server, name), after },
    needs: [{ server, identity: 'configure' }],
  });
const kind = (name: string, ...after: string[]) => ({ name, after }) as unknown as ResourceKind;
const kinds = [kind('storage'), kind('job', 'storage'), kind('datastore'), kind('acl', 'datastore'), kind('token')];

/** The steps in an order in which they could be carried out; it fails where there is none. */
function carriedOut(steps: readonly Step[], needs: Readonly<Record<string, readonly Ref[]>> = {}): readonly string[] {
  const known: Needs = new Map(Object.entries(needs));
  const waiting = [...inOrder(steps, known, kinds)];
  const done: string[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ after }) => after.every((id) => done.includes(id)));
    assert.notEqual(
      next,
      -1,
      `nothing can be done of ${waiting.map(({ id, after }) => `${id} after ${after}`).join('; ')}`,
    );
    done.push(...waiting.splice(next, 1).map(({ id }) => id));
  }
  return done;
}
const afterOf = (steps: readonly Step[], needs: Readonly<Record<string, readonly Ref[]>>, id: string) =>
  inOrder(steps, new Map(Object.entries(needs)), kinds).find((one) => one.id === id)?.after;

describe('the order of steps', () => {
  it('makes what a thing needs before it, on whichever server that is', () => {
    const storage = step('create', 'storage', 'ruapehu', 's');
    const datastore = step('create', 'datastore', 'pbs', 'tank');
    const needs = { [storage.id]: [ref('datastore', 'pbs', 'tank')] };
    assert.deepEqual(carriedOut([storage, datastore], needs), [datastore.id, storage.id]);
  });

  it('waits for nothing that is there already, or that is another one of that name', () => {
    const storage = step('create', 'storage', 'ruapehu', 's');
    const others = [step('create', 'datastore', 'pbs', 'other'), step('create', 'datastore', 'elsewhere', 'tank')];
    assert.deepEqual(
      afterOf([storage, ...others], { [storage.id]: [ref('datastore', 'pbs', 'tank')] }, storage.id),
      [],
    );
  });

  it('waits for everything of a kind on a server where it is needed as a whole', () => {
    const storage = step('create', 'storage', 'ruapehu', 's');
    const rights = ['a', 'b'].map((name) => step('update', 'acl', 'pbs', name));
    const elsewhere = step('create', 'acl', 'other', 'c');
    const after = afterOf([storage, ...rights, elsewhere], { [storage.id]: [ref('acl', 'pbs')] }, storage.id);
    assert.deepEqual(
      after,
      rights.map(({ id }) => id),
    );
  });

  it('lets what is changed or made anew go first as well, and never what is removed', () => {
    const job = step('create', 'job', 'ruapehu', 'nightly');
    const needs = { [job.id]: [ref('storage', 'ruapehu', 's')] };
    for (const act of ['update', 'replace'] as const)
      assert.deepEqual(afterOf([job, step(act, 'storage', 'ruapehu', 's')], needs, job.id), [
        `${act} storage/ruapehu/s`,
      ]);
    assert.deepEqual(afterOf([job, step('remove', 'storage', 'ruapehu', 's')], needs, job.id), []);
  });

  it('removes a thing after everything that may stand on it, on that server alone', () => {
    const storage = step('remove', 'storage', 'ruapehu', 's');
    const job = step('remove', 'job', 'ruapehu', 'nightly');
    const elsewhere = step('remove', 'job', 'hikurangi', 'nightly');
    const order = carriedOut([storage, job, elsewhere]);
    assert.ok(order.indexOf(job.id) < order.indexOf(storage.id));
    assert.deepEqual(afterOf([storage, job, elsewhere], {}, storage.id), [job.id]);
    assert.deepEqual(afterOf([storage, job, elsewhere], {}, job.id), []);
  });

  it('never waits for itself, and keeps what a step waits for already, each once', () => {
    const acl = step('create', 'acl', 'pbs', 'a', ['something else']);
    const datastore = step('create', 'datastore', 'pbs', 'tank');
    const needs = [ref('acl', 'pbs'), ref('datastore', 'pbs', 'tank'), ref('datastore', 'pbs')];
    assert.deepEqual(afterOf([acl, datastore], { [acl.id]: needs }, acl.id), ['something else', datastore.id]);
  });
});
