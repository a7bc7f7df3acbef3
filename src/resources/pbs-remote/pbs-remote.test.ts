import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asYaml, type PbsEstate, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsS3Endpoint } from '../pbs-s3-endpoint/pbs-s3-endpoint.ts';
import { pbsRemote } from './pbs-remote.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
  on.secretFile('one.secret', 'the first word');
  on.secretFile('other.secret', 'another word');
});
after(() => on[Symbol.asyncDispose]());

const pin = `${'ab:'.repeat(31)}ab`;
const remote = (more: string): string => `remotes: [{ name: offsite, ${more} }]`;
const stored = () => on.state.remotes.find(({ id }) => id === 'offsite')?.options;
const usual = 'host: pbs.example.org, auth_id: sync@pbs!pull, password: { file: one.secret }';

describe('a remote of PBS', () => {
  it('is made with its password, which the plan does not hold, and the plan after it is empty', async () => {
    assert.doesNotMatch(JSON.stringify(await on.plan(remote(usual))), /the first word/);
    await on.settle(remote(usual));
    assert.deepEqual(stored(), { host: 'pbs.example.org', 'auth-id': 'sync@pbs!pull' });
    assert.equal(on.sent(/config\/remote/).length, 1);
    assert.ok('password' in (on.sent(/config\/remote/)[0] ?? {}));
  });

  it('takes every option there is, and gives each of them up again', async () => {
    await on.settle(remote(`${usual}, port: 8017, fingerprint: "${pin}", comment: at Anna's, use_node_proxy: true`));
    assert.deepEqual(stored(), {
      ...{ host: 'pbs.example.org', 'auth-id': 'sync@pbs!pull', port: 8017, comment: "at Anna's" },
      ...{ fingerprint: pin.toUpperCase(), 'use-node-proxy': true },
    });
    await on.settle(remote(usual));
    assert.deepEqual(stored(), { host: 'pbs.example.org', 'auth-id': 'sync@pbs!pull' });
  });

  it('is as declared where the server spells it otherwise', async () => {
    Object.assign(stored() ?? {}, { port: 8007, fingerprint: pin });
    assert.deepEqual((await on.plan(remote(`${usual}, fingerprint: "${pin.toUpperCase()}"`))).steps, []);
    assert.equal((await on.plan(remote(usual))).steps.length, 1, 'one fingerprint less is a change (control)');
  });

  it('gets its password anew with another login and with another secret, and at no other change', async () => {
    const writes = () => on.sent(/config\/remote/);
    await on.settle(remote(`${usual}, comment: moved`));
    assert.ok(!('password' in (writes().at(-1) ?? {})));
    await on.settle(remote('host: pbs.example.org, auth_id: sync@pbs!other, password: { file: one.secret }'));
    assert.ok('password' in (writes().at(-1) ?? {}));
    await on.settle(remote('host: pbs.example.org, auth_id: sync@pbs!other, password: { file: other.secret }'));
    assert.ok('password' in (writes().at(-1) ?? {}));
  });

  it('is refused without its password where one is needed, and not where it is there already', async () => {
    const [missing] = (await on.plan('remotes: [{ name: second, host: b.example.org, auth_id: a@pbs }]')).refusals;
    assert.equal(missing?.code, 'secret-not-declared');
    assert.match(missing?.remedy ?? '', /add `password: \{ file: \/etc\/holdfast\/second.secret \}`/);
    const [other] = (await on.plan(remote('host: pbs.example.org, auth_id: sync@pbs!third'))).refusals;
    assert.match(other?.says ?? '', /auth_id is sync@pbs!other .* and sync@pbs!third here/);
    await on.settle(remote('host: pbs.example.org, auth_id: sync@pbs!other, comment: no password needed'));
  });

  it('does not give the password that PBS holds to another host, unless its certificate is the same', async () => {
    const bare = 'auth_id: sync@pbs!other';
    const [away] = (await on.plan(remote(`host: evil.example.org, ${bare}`))).refusals;
    assert.equal(away?.code, 'secret-not-declared');
    assert.match(away?.says ?? '', /host is pbs\.example\.org on .* and evil\.example\.org here/);
    const pinned = `${bare}, fingerprint: "${pin}"`;
    await on.settle(remote(`host: pbs.example.org, ${pinned}`));
    assert.deepEqual((await on.plan(remote(`host: 10.0.0.9, ${pinned}`))).refusals, [], 'control');
    const other = pin.replaceAll('a', 'c');
    const both = await on.plan(remote(`host: evil.example.org, ${bare}, fingerprint: "${other}"`));
    assert.equal(both.refusals[0]?.code, 'secret-not-declared');
    await on.settle(remote(`host: new.example.org, ${bare}, password: { file: other.secret }`));
    assert.equal(stored()?.['host'], 'new.example.org');
    await on.settle(remote(`host: pbs.example.org, ${bare}, password: { file: other.secret }`));
  });

  it('goes with --prune after the sync job that uses it', async () => {
    const job = 'sync: [{ name: fetch, store: tank, remote: offsite, remote_store: theirs, schedule: daily }]';
    await on.settle(`${remote('host: pbs.example.org, auth_id: sync@pbs!other')}\n${job}`);
    const plan = await on.plan('', { prune: true });
    const going = new Map(plan.steps.map((step) => [step.subject as string, step]));
    assert.deepEqual(going.get('pbs-remote/pbs-pihanga/offsite')?.after, ['remove pbs-sync-job/pbs-pihanga/fetch']);
    assert.deepEqual((await on.apply(plan)).fates, ['done', 'done']);
    assert.deepEqual([on.state.remotes, on.state.syncJobs], [[], []]);
  });

  it('written by import declares what is there, without a secret', async () => {
    const options = { host: '10.0.0.2', 'auth-id': 'root@pam', port: 8008, comment: 'theirs' };
    on.state.remotes.push({ id: 'theirs', options });
    const text = asYaml(await on.written(pbsRemote));
    const [found, declared] = await on.foundAndDeclared(pbsRemote, text);
    assert.deepEqual(declared, found);
    assert.doesNotMatch(text, /password/);
    const plan = await on.plan(text);
    assert.deepEqual([plan.steps, plan.refusals], [[], []]);
  });
});

describe('an S3 endpoint of PBS', () => {
  const endpoint = (more: string): string => `s3_endpoints: [{ name: lab-s3, endpoint: s3.lab.example, ${more} }]`;
  const key = 'access_key_id: AK1, secret_key: { file: one.secret }';
  const held = () => on.state.s3Clients.find(({ id }) => id === 'lab-s3')?.options;

  it('takes every option there is, and gives each of them up again but its limit, which PBS keeps', async () => {
    const everything = `${key}, port: 9000, region: eu-1, fingerprint: "${pin}", path_style: true, rate_in: 20 MiB,
      burst_in: 40MiB, rate_out: 1.5 MB, burst_out: 3 MB, provider_quirks: [skip-if-none-match-header]`;
    await on.settle(endpoint(`${everything}, put_rate_limit: 50`));
    assert.equal(held()?.['put-rate-limit'], 50);
    assert.equal(held()?.['secret-key'], undefined);
    const [limit] = (await on.plan(endpoint(key))).refusals;
    assert.equal(limit?.code, 'field-cannot-be-unset');
    await on.settle(endpoint(`${key}, put_rate_limit: 50`));
    assert.deepEqual(held(), { endpoint: 's3.lab.example', 'access-key': 'AK1', 'put-rate-limit': 50 });
  });

  it('is as declared where the server writes a rate in another unit', async () => {
    Object.assign(held() ?? {}, { 'rate-in': '1024 KiB' });
    assert.deepEqual((await on.plan(endpoint(`${key}, put_rate_limit: 50, rate_in: 1MiB`))).steps, []);
  });

  it('gets its secret anew with another key', async () => {
    await on.settle(endpoint('access_key_id: AK2, secret_key: { file: other.secret }, put_rate_limit: 50'));
    assert.ok('secret-key' in (on.sent(/config\/s3/).at(-1) ?? {}));
  });

  it('written by import declares what is there, without a secret', async () => {
    const text = asYaml(await on.written(pbsS3Endpoint));
    const [found, declared] = await on.foundAndDeclared(pbsS3Endpoint, text);
    assert.deepEqual(declared, found);
    const plan = await on.plan(text);
    assert.deepEqual([plan.steps, plan.refusals], [[], []]);
  });

  it('stays with --prune as long as a datastore lies in it, and goes when none does', async () => {
    on.state.datastores.push({
      ...{ name: 'cloud', path: '/c', total: 1, used: 0 },
      options: { backend: 'type=s3,client=lab-s3,bucket=spare' },
    });
    const kept = await on.apply(await on.plan('', { prune: true }));
    assert.match(kept.faults, /in-use by datastores: cloud/);
    on.state.datastores = on.state.datastores.filter(({ name }) => name !== 'cloud');
    assert.deepEqual((await on.apply(await on.plan('', { prune: true }))).fates, ['done']);
    assert.deepEqual(on.state.s3Clients, []);
  });
});
