// What leads out of the server: notifications, metrics, S3, keys; and what an older one does not know (facts: pbs-api 6, 8).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type S3State, startS3 } from '../s3/server.ts';
import { keyFingerprint } from './encryption-keys.ts';
import { everyGrant } from './first.ts';
import { done, ended, type PbsLab, pbsLab, type Row, refusal } from './product.test-support.ts';

const all = (version?: string) => pbsLab({ opsGrants: everyGrant, ...(version === undefined ? {} : { version }) });
const base = '/config/notifications';
const targets = async (lab: PbsLab) =>
  Object.fromEntries((await lab.rows(`${base}/targets`)).map(({ name, origin }) => [name, origin]));

describe('notifications', () => {
  it('have a target and a matcher from the start, which go back to what they were when they are removed', async () => {
    const lab = all();
    assert.deepEqual(await targets(lab), { 'mail-to-root': 'builtin' });
    const matcher = async () => (await done(lab, 'GET', `${base}/matchers/default-matcher`)) as Row;
    const first = await matcher();
    assert.deepEqual([first['origin'], first['invert-match'], first['target']], ['builtin', true, ['mail-to-root']]);
    await done(lab, 'PUT', `${base}/matchers/default-matcher`, { form: 'disable=1' });
    assert.deepEqual([(await matcher())['origin'], (await matcher())['disable']], ['modified-builtin', true]);
    await done(lab, 'DELETE', `${base}/matchers/default-matcher`);
    assert.deepEqual(await matcher(), first);
    const taken = await refusal(lab, 'POST', `${base}/matchers`, { form: 'name=default-matcher' });
    assert.match(taken[1], /already exists/);
    const across = await refusal(lab, 'POST', `${base}/matchers`, { form: 'name=mail-to-root' });
    assert.match(across[1], /already exists/, 'names are those of the whole file');
  });
  it('need an address to mail to, a target that is there, and texts that PBS can read', async () => {
    const lab = all();
    const mail = `${base}/endpoints/sendmail`;
    assert.equal((await refusal(lab, 'POST', mail, { form: 'name=admins' }))[0], 400);
    await done(lab, 'POST', mail, { form: 'name=admins&mailto=a@b.example' });
    assert.equal((await refusal(lab, 'PUT', `${mail}/admins`, { form: 'delete=mailto' }))[0], 400);
    await done(lab, 'PUT', `${mail}/admins`, { form: 'delete=mailto&mailto-user=root@pam' });
    const wrong = ['target=nobody', 'match-field=type%3Dgc', 'match-severity=loud', 'match-calendar=25:00-26:00'];
    for (const form of wrong)
      assert.equal((await refusal(lab, 'POST', `${base}/matchers`, { form: `name=some&${form}` }))[0], 400, form);
    const right = 'match-field=regex:hostname%3D%5Epbs&match-severity=info,error&match-calendar=8:00-17:00';
    await done(lab, 'POST', `${base}/matchers`, { form: `name=some&target=admins&${right}` });
    const [status, body] = await refusal(lab, 'DELETE', `${mail}/admins`);
    assert.deepEqual([status, /referenced by: some/.test(body)], [400, true]);
  });
  it('keep the secrets of a webhook whose names come again without a value', async () => {
    const lab = all();
    const form = 'name=chat&url=https%3A%2F%2Fx.example&method=post&secret=name%3Da%2Cvalue%3DQQ%3D%3D';
    const hook = `${base}/endpoints/webhook`;
    await done(lab, 'POST', hook, { form });
    await done(lab, 'PUT', `${hook}/chat`, { form: 'secret=name%3Da&secret=name%3Db%2Cvalue%3DQg%3D%3D' });
    assert.deepEqual(((await done(lab, 'GET', `${hook}/chat`)) as Row)['secret'], ['name=a', 'name=b']);
    assert.equal(lab.host.secrets.reveal('notifications chat secret a'), 'QQ==');
    assert.equal((await refusal(lab, 'PUT', `${hook}/chat`, { form: 'secret=name%3Dc' }))[0], 400);
    const taken = await refusal(lab, 'POST', hook, { form: form.replace('QQ', 'WlpaWlpa') });
    assert.equal(taken[0], 400);
    assert.equal(lab.host.secrets.reveal('notifications chat secret a'), 'QQ==', 'a refused call changes nothing');
    await done(lab, 'PUT', `${hook}/chat`, { form: 'secret=name%3Db' });
    assert.equal(lab.host.secrets.reveal('notifications chat secret a'), undefined);
    assert.equal(lab.host.secrets.reveal('notifications chat secret b'), 'Qg==');
  });
  it('are tried on request: 500 where nobody answers, 404 where there is no such target', async () => {
    const lab = all();
    const push = `${base}/endpoints/gotify`;
    await done(lab, 'POST', push, { form: 'name=push&token=x+y+z&server=https%3A%2F%2Fgotify.lab.example' });
    await done(lab, 'POST', push, { form: 'name=dead&token=x+y+z&server=https%3A%2F%2Fdead.example' });
    const test = (name: string) => lab.ask('POST', `${base}/targets/${name}/test`);
    assert.deepEqual(
      [
        (await test('push')).status,
        (await test('mail-to-root')).status,
        (await test('dead')).status,
        (await test('no')).status,
      ],
      [200, 200, 500, 404],
    );
  });
});

describe('a metric server', () => {
  const path = '/config/metrics/influxdb-http';
  const near = 'http%3A%2F%2Fmetrics.lab.example%3A8086';
  const far = 'https%3A%2F%2Ffar.example';
  it('has to answer when it is written, unless it is switched off', async () => {
    const lab = all();
    assert.equal((await refusal(lab, 'POST', path, { form: `name=graphs&url=${far}` }))[0], 400);
    await done(lab, 'POST', path, { form: `name=graphs&url=${far}&enable=0` });
    assert.equal((await refusal(lab, 'PUT', `${path}/graphs`, { form: 'delete=enable' }))[0], 400);
    await done(lab, 'PUT', `${path}/graphs`, { form: `delete=enable&url=${near}` });
    lab.state.reachable.push('far.example:443');
    await done(lab, 'PUT', `${path}/graphs`, { form: `url=${far}` });
    const taken = await refusal(lab, 'POST', '/config/metrics/influxdb-udp', {
      form: 'name=graphs&host=metrics.lab.example%3A8089',
    });
    assert.match(taken[1], /already exists/, 'names are those of the whole file');
    const [row] = await lab.rows('/admin/metrics');
    assert.deepEqual(row, { name: 'graphs', type: 'influxdb-http', server: 'https://far.example' });
  });
});

describe('S3', () => {
  it('shows its buckets to a client, in no order, and nothing where nobody answers', async () => {
    const lab = all();
    const client = (id: string, endpoint: string) =>
      done(lab, 'POST', '/config/s3', { form: `id=${id}&endpoint=${endpoint}&access-key=K&secret-key=a+word+of+s3` });
    await client('cloud', encodeURIComponent('{{bucket}}.s3.lab.example'));
    await client('dead', '127.0.0.1');
    const names = (await lab.rows('/config/s3/cloud/list-buckets')).map(({ name }) => name).sort();
    assert.deepEqual(names, ['backups', 'spare']);
    assert.equal((await refusal(lab, 'GET', '/config/s3/dead/list-buckets'))[0], 400);
    const check = (bucket: string) => lab.ask('PUT', '/admin/s3/cloud/check', { form: `bucket=${bucket}` });
    assert.deepEqual([(await check('backups')).status, (await check('nothing')).status], [200, 400]);
  });
});

describe('an S3 service that really listens', () => {
  it('is asked with the keys and the certificate of the client, and gets the marker of the store', async () => {
    const state: S3State = {
      product: 's3',
      accessKey: 'LABKEY',
      region: 'here',
      buckets: [{ name: 'pbs-far' }],
      objects: {},
    };
    const service = await startS3({ name: 's3', now: Date.now, log: () => undefined, secret: 'a word of s3', state });
    try {
      const lab = all();
      lab.clock.now = Date.now();
      for (const login of lab.state.tokens) login.expire = 0;
      const { port } = service.listener;
      const { fingerprint } = service.certificate;
      const keys = 'access-key=LABKEY&secret-key=a+word+of+s3';
      const client = `id=cloud&endpoint=127.0.0.1&port=${port}&region=here&fingerprint=${fingerprint}&${keys}`;
      await done(lab, 'POST', '/config/s3', { form: client });
      assert.deepEqual(await lab.rows('/config/s3/cloud/list-buckets'), [{ name: 'pbs-far' }]);
      const far = 'name=far&path=/mnt/cache&backend=type%3Ds3%2Cclient%3Dcloud%2Cbucket%3Dpbs-far';
      assert.equal((await ended(lab, 'POST', '/config/datastore', { form: far })).status, 'OK');
      await ended(lab, 'DELETE', '/config/datastore/far?destroy-data=1');
      const again = await ended(lab, 'POST', '/config/datastore', { form: far });
      assert.match(again.status ?? '', /in-use marker found: bucket 'pbs-far' is used by datastore 'far'/);
      await done(lab, 'PUT', '/config/s3/cloud', { form: 'secret-key=another' });
      assert.equal((await refusal(lab, 'GET', '/config/s3/cloud/list-buckets'))[0], 400);
    } finally {
      await service.listener.shut();
    }
  });
});

describe('an encryption key', () => {
  const keys = '/config/encryption-keys';
  it('is told once, made or given, and its fingerprint for ever', async () => {
    const lab = all();
    const made = (await done(lab, 'POST', keys, { form: 'id=offsite' })) as Row;
    const data = String(made['data']);
    assert.equal(made['fingerprint'], keyFingerprint(Buffer.from(data, 'base64')));
    const [row] = await lab.rows(keys);
    assert.deepEqual([row?.['id'], row?.['fingerprint'], row?.['data']], ['offsite', made['fingerprint'], undefined]);
    assert.ok(!JSON.stringify(lab.state).includes(data));
    // facts: pbs-datastore-format section 4, the key of the bytes 00..1f
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
    const given = {
      kdf: null,
      created: '2026-01-01T00:00:00Z',
      modified: '2026-01-01T00:00:00Z',
      data: bytes.toString('base64'),
    };
    const form = `id=given&key=${encodeURIComponent(JSON.stringify(given))}`;
    const fingerprint = String(((await done(lab, 'POST', keys, { form })) as Row)['fingerprint']);
    assert.equal(fingerprint.replaceAll(':', ''), '0eabd4460b6eb9ca345023dee2b778c790e54a1683b9659c0a57ae199090159b');
    const locked = encodeURIComponent(JSON.stringify({ ...given, kdf: { Scrypt: {} } }));
    assert.equal((await refusal(lab, 'POST', keys, { form: `id=locked&key=${locked}` }))[0], 400);
  });
  it('goes only when it is archived and no job knows it, and an archived one is not listed', async () => {
    const lab = all();
    await done(lab, 'POST', keys, { form: 'id=offsite' });
    const job = 'id=s-one&store=tank&remote=there&remote-store=vault&sync-direction=push&active-encryption-key=offsite';
    await done(lab, 'POST', '/config/sync', { form: job });
    const archive = () => refusal(lab, 'POST', `${keys}/offsite`);
    const remove = () => refusal(lab, 'DELETE', `${keys}/offsite`);
    assert.equal((await archive())[0], 400, 'it is in use');
    await done(lab, 'PUT', '/config/sync/s-one', { form: 'delete=active-encryption-key' });
    assert.equal((await archive())[0], 200);
    assert.deepEqual(await lab.rows(keys), []);
    assert.equal((await lab.rows(`${keys}?include-archived=1`)).length, 1);
    assert.match((await remove())[1], /associated with sync job 's-one'/);
    await done(lab, 'PUT', '/config/sync/s-one', { form: 'delete=associated-key' });
    await archive();
    assert.match((await remove())[1], /not archived/);
    await archive();
    assert.equal((await remove())[0], 200);
  });
});

describe('an older PBS', () => {
  it('has no path and no parameter that came later', async () => {
    const old = all('3.2.7');
    for (const path of ['/config/s3', '/config/encryption-keys'])
      assert.equal((await refusal(old, 'GET', path))[0], 404);
    const sync = 'id=s-one&store=tank&remote=there&remote-store=vault';
    const unknown = /: schema does not allow additional properties\.$/;
    for (const more of ['sync-direction=pull', 'resync-corrupt=1', 'worker-threads=2', 'verified-only=1'])
      assert.match((await refusal(old, 'POST', '/config/sync', { form: `${sync}&${more}` }))[1], unknown, more);
    assert.match((await refusal(old, 'GET', '/config/sync?sync-direction=all'))[1], unknown);
    assert.equal((await refusal(old, 'POST', '/config/sync', { form: sync }))[0], 200, 'what it knows it takes');
    assert.deepEqual(
      Object.keys((await old.rows('/admin/datastore'))[0] ?? {}).filter((name) => /backend|mount/.test(name)),
      [],
    );
    const store = { form: 'name=big&path=/mnt/big&backend=type%3Dfilesystem' };
    assert.match((await refusal(old, 'POST', '/config/datastore', store))[1], unknown);
  });
  it('of 3.4 pushes, and still has no S3', async () => {
    const lab = all('3.4.1');
    const push = 'id=s-one&store=tank&remote=there&remote-store=vault&sync-direction=push';
    assert.equal((await refusal(lab, 'POST', '/config/sync', { form: push }))[0], 200);
    assert.equal((await refusal(lab, 'GET', '/config/s3'))[0], 404);
    assert.equal((await refusal(all('4.0.1'), 'GET', '/config/s3'))[0], 200);
    assert.equal((await refusal(all('4.0.1'), 'GET', '/config/encryption-keys'))[0], 404);
  });
});
