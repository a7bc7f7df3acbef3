import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { World } from '../../contracts/world.ts';
import { read } from '../../estate/estate.test-support.ts';
import { guardSchema } from '../../guard/guard.ts';
import type { Plan } from '../../model/plan.ts';
import { apiThrough } from '../../proxmox/api.ts';
import { refused } from '../../proxmox/fake-api.test-support.ts';
import type { Surroundings } from '../../surroundings.ts';
import { systemClock } from '../../values/instant.ts';
import { openWorld } from '../../world.ts';
import { asYaml, type PbsEstate, pbs, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsToken } from './pbs-token.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
});
after(() => on[Symbol.asyncDispose]());

const id = 'backup@pbs!nightly';
const user = 'users: [{ id: backup@pbs }]';
const tokens = (more: string): string => `${user}\ntokens: [{ id: "${id}", ${more} }]`;
const kept = (file: string): string => tokens(`save_to: { file: ${file} }`);
const stored = (name = id) => on.state.tokens.find((token) => token.id === name);
const fileIn = (name: string): string => join(on.lab.dir, name);

/** What the PBS answers whoever comes with the secret of a file. */
async function loginWith(file: string): Promise<number> {
  const secret = readFileSync(fileIn(file), 'utf8').trim();
  return (await on.lab.ask(pbs, 'GET', '/version', { login: `${id}:${secret}` })).status;
}

async function forget(): Promise<void> {
  const plan = await on.plan('users: []', { prune: true });
  for (const fate of (await on.apply(plan)).fates) assert.equal(fate, 'done');
  assert.equal(stored(), undefined);
}

async function withWorld<Result>(work: (world: World) => Promise<Result>): Promise<Result> {
  const surroundings = { clock: systemClock, env: {}, home: on.lab.dir, user: process.getuid?.() ?? -1 };
  const estate = await read(fileIn('own.yaml'));
  await using world = openWorld(surroundings as unknown as Surroundings, estate, guardSchema.parse({}), on.lab.dir);
  return await work(world);
}

function stepOf(plan: Plan) {
  const step = plan.steps.find(({ kind }) => kind.startsWith('pbs-token.'));
  const kind = pbsToken.stepKinds.find(({ name }) => name === step?.kind);
  assert.ok(step !== undefined && kind !== undefined);
  const inWorld = (world: World) =>
    ({ run: 'r', step, world, signal: new AbortController().signal, log: () => undefined }) as unknown as StepContext;
  return { step, kind, inWorld };
}

describe('a token of a PBS', () => {
  it('is made after its user, its secret lies in its file for its owner alone, and opens the server', async () => {
    await on.settle(kept('nightly.token'));
    assert.equal(await loginWith('nightly.token'), 200);
    assert.equal(statSync(fileIn('nightly.token')).mode & 0o777, 0o600);
  });

  it('gives every option up again, and keeps its secret at each change', async () => {
    const all = 'enabled: false, expires: 2031-02-28, comment: of the night, save_to: { file: nightly.token }';
    await on.settle(tokens(all));
    assert.deepEqual(stored(), { id, enable: false, expire: 1_930_003_200, comment: 'of the night' });
    await on.settle(kept('nightly.token'));
    assert.deepEqual(stored(), { id });
    assert.equal(await loginWith('nightly.token'), 200);
    Object.assign(stored() ?? {}, { enable: true, expire: 0 });
    assert.deepEqual((await on.plan(kept('nightly.token'))).steps, [], 'the other spelling is no change');
  });

  it('may be declared without a file when it is there, and is not made without one', async () => {
    assert.deepEqual((await on.plan(tokens('enabled: true'))).steps, []);
    const other = 'tokens: [{ id: "workshop@pbs!new" }]';
    const { steps, refusals } = await on.plan(other);
    assert.deepEqual(steps, []);
    assert.deepEqual(
      refusals.map(({ code, remedy }) => [code, remedy]),
      [['token-without-file', 'say where it is kept: save_to: { file: /etc/holdfast/workshop-pbs-new.token }']],
    );
  });

  it('whose file is lost is made anew, with the rights it had', async () => {
    on.state.acl.push({ authId: id, path: '/datastore/tank', role: 'DatastoreReader', propagate: true });
    rmSync(fileIn('nightly.token'));
    const plan = await on.plan(kept('nightly.token'));
    assert.match(plan.steps[0]?.because.join() ?? '', /its secret is not in the file/);
    assert.deepEqual((await on.apply(plan)).fates, ['done']);
    assert.equal(await loginWith('nightly.token'), 200);
    assert.ok(on.state.acl.some(({ authId }) => authId === id));
    assert.deepEqual((await on.plan(kept('nightly.token'))).steps, []);
  });

  it('is made anew with the rights it had, which are logged first, by an older PBS that can only remove it and make another', async () => {
    on.state.acl.push({ authId: id, path: '/remote', role: 'RemoteAudit', propagate: false });
    const had = on.state.acl.filter(({ authId }) => authId === id);
    rmSync(fileIn('nightly.token'));
    const { kind, inWorld } = stepOf(await on.plan(kept('nightly.token')));
    const log: string[] = [];
    await withWorld((world) => {
      const context = inWorld({ ...world, server: async (name, as) => older(await world.server(name, as)) });
      return kind.do({ ...context, log: (line) => log.push(line) });
    });
    assert.equal(await loginWith('nightly.token'), 200);
    assert.match(log.join('\n'), /backup@pbs!nightly has RemoteAudit on \/remote, not below it; it is given back/);
    const byPath = (one: { path: string }, other: { path: string }) => (one.path < other.path ? -1 : 1);
    assert.deepEqual(on.state.acl.filter(({ authId }) => authId === id).sort(byPath), had.sort(byPath));
  });

  it('goes before its user, and takes its file’s secret out of use', async () => {
    await on.settle(kept('nightly.token'));
    const plan = await on.plan('users: []', { prune: true });
    assert.deepEqual(
      plan.steps.map(({ kind, after: first }) => [kind, first.length]),
      [
        ['pbs-user.remove', 1],
        ['pbs-token.remove', 0],
      ],
    );
    await forget();
    assert.equal(await loginWith('nightly.token'), 401);
  });

  it('is never taken for one that had its name: the file of that one is kept beside the new one', async () => {
    const before = readFileSync(fileIn('nightly.token'), 'utf8');
    await on.settle(kept('nightly.token'));
    assert.equal(readFileSync(fileIn('nightly.token.old'), 'utf8'), before);
    assert.equal(await loginWith('nightly.token'), 200);
    await forget();
  });

  it('written by import declares what is there, and holds no secret', async () => {
    const text = asYaml(await on.written(pbsToken));
    const [found, declared] = await on.foundAndDeclared(pbsToken, text);
    assert.deepEqual(declared, found);
    assert.deepEqual(Object.keys(found), ['holdfast@pbs!ops', 'holdfast@pbs!storage']);
    assert.doesNotMatch(text, /save_to|enabled|comment/);
    assert.deepEqual((await on.plan(text)).steps, []);
  });

  it('that Holdfast is logged in with is neither made anew nor removed', async () => {
    const own = 'tokens: [{ id: "holdfast@pbs!ops", comment: ours, expires: none, save_to: { file: own.token } }]';
    const { fates, faults } = await on.apply(await on.plan(own));
    assert.deepEqual(fates, ['failed']);
    assert.match(faults, /^own-login: its secret would be made anew/);
    assert.equal((await on.lab.ask(pbs, 'GET', '/version')).status, 200);
  });
});

describe('a token whose secret was lost between the server and its file', () => {
  it('is in doubt, is made anew by the next plan, and then its file opens the server', async () => {
    const declared = kept('later/nightly.token');
    const plan = await on.plan(declared);
    // Its disk goes away after the server has made the token, and before the secret is written.
    const { tokens } = on.state;
    tokens.push = (...made) => {
      rmSync(fileIn('later'), { recursive: true });
      return Array.prototype.push.apply(tokens, made);
    };
    const { fates, faults } = await on.apply(plan);
    Reflect.deleteProperty(tokens, 'push');
    assert.deepEqual(fates.includes('done'), true, 'the user is made');
    assert.match(faults, /^secret-not-saved/);
    assert.ok(stored() !== undefined);
    const { kind, inWorld } = stepOf(plan);
    const probed = await withWorld((world) => kind.probe(inWorld(world)));
    assert.equal(probed.answer, 'cannot tell');
    assert.match(probed.evidence, /its secret was lost before it was saved; the next plan has it made anew/);
    await on.settle(declared);
    assert.equal(await loginWith('later/nightly.token'), 200);
    await forget();
  });

  it('is not made where its secret could not be written', async () => {
    writeFileSync(fileIn('blocked'), '');
    const { faults } = await on.apply(await on.plan(kept('blocked/nightly.token')));
    assert.match(faults, /^secret-not-saved[\s\S]*blocked/);
    assert.equal(stored(), undefined);
    await forget();
  });

  it('that was killed right after the answer came to the same end', async () => {
    const declared = `${kept('killed.token')}`;
    await on.settle(user);
    const { kind, inWorld } = stepOf(await on.plan(declared));
    const killed = (world: World): World => ({ ...world, keepSecret: () => Promise.reject(new Error('killed')) });
    await withWorld((world) => assert.rejects(kind.do(inWorld(killed(world))), /killed/));
    assert.ok(stored() !== undefined);
    assert.equal(existsSync(fileIn('killed.token')), false);
    const [step] = (await on.plan(declared)).steps;
    assert.deepEqual(
      step?.changes.map(({ field, to, class: meaning }) => [field, to, meaning]),
      [['secret', 'made anew', 'reaches']],
    );
    await on.settle(declared);
    assert.equal(await loginWith('killed.token'), 200);
  });

  it('shows its secret neither in the plan nor in the log of requests', async () => {
    const secret = readFileSync(fileIn('killed.token'), 'utf8').trim();
    assert.match(secret, /^[0-9a-f-]{36}$/);
    const seen = JSON.stringify([await on.plan(kept('killed.token')), on.lab.log()]);
    assert.equal(seen.includes(secret), false);
  });
});

/** The same server before it could make a secret anew. */
function older(api: Awaited<ReturnType<World['server']>>): typeof api {
  return apiThrough(api, async (verb, path, params, options) => {
    if (params['regenerate'] === undefined) return api[verb](path, params, options);
    const says = "parameter verification failed - 'regenerate': schema does not allow additional properties.";
    throw refused('pbs', 400, says);
  });
}
