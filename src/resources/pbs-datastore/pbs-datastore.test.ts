import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asYaml, type PbsEstate, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsDatastore } from './pbs-datastore.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
  on.secretFile('s3.secret', 'not to be read back');
});
after(() => on[Symbol.asyncDispose]());

const store = (more: string): string => `datastores: [{ ${more} }]`;
const stored = (name: string) => on.state.datastores.find((one) => one.name === name);
const refusals = async (text: string) => (await on.plan(text)).refusals.map(({ code, says }) => `${code}: ${says}`);
const everything = `name: whole, path: /mnt/datastore/whole, comment: all of it, gc: daily, verify_new: true,
  maintenance: { mode: read-only, message: 'moving, "soon" back at 100%' },
  notify: { user: root@pam, gc: error, sync: never }, notification_mode: legacy-sendmail,
  tuning: { chunk_order: none, sync_level: file, gc_atime_safety_check: false, gc_atime_cutoff: 60, gc_cache_capacity: 0,
    default_verification_workers: 8, default_verification_readers: 2 },
  notification_thresholds: { s3_get: 1000, s3_upload: 10 GiB }, counter_reset_schedule: monthly`;

/** That nothing is set of how it tells is nothing an estate could say. */
const sayable = (found: object): object =>
  Object.fromEntries(
    Object.entries(found).map(([name, { notification_mode: mode, ...rest }]) => [
      name,
      mode === '' ? rest : { ...rest, notification_mode: mode },
    ]),
  );

describe('a datastore of PBS', () => {
  it('is made by a task that is followed to its end, and the plan after it is empty', async () => {
    await on.settle(store('name: backups, path: /mnt/datastore/backups, gc: daily'));
    assert.deepEqual(stored('backups')?.options, { 'gc-schedule': 'daily' });
    assert.equal(on.state.tasks.at(-1)?.type, 'create-datastore');
  });

  it('is spoken of, and not declared, where nothing of its own is said', async () => {
    const plan = await on.plan(store('name: nowhere, stored_on: truenas, prune: { schedule: daily, keep_last: 3 }'));
    assert.deepEqual(
      plan.steps.map(({ kind }) => kind),
      ['pbs-prune-job.create'],
    );
  });

  it('takes every option there is, and gives each of them up again', async () => {
    await on.settle(store(everything));
    const { path, comment, options } = stored('whole') ?? {};
    assert.deepEqual([path, comment], ['/mnt/datastore/whole', 'all of it']);
    assert.equal(options?.['maintenance-mode'], 'type=read-only,message="moving, \\"soon\\" back at 100%25"');
    assert.match(
      String(options?.['tuning']),
      /^chunk-order=none,sync-level=file,gc-atime-safety-check=0,gc-atime-cutoff=60,/,
    );
    await on.settle(store('name: whole, path: /mnt/datastore/whole'));
    assert.deepEqual(stored('whole')?.options, { 'notification-mode': 'legacy-sendmail' }, 'that stays as it was set');
    assert.equal(stored('whole')?.comment, undefined);
    await on.settle(store(everything));
    assert.deepEqual(stored('whole')?.options, options);
  });

  it('is as declared where the server spells it otherwise', async () => {
    await on.settle(
      store('name: whole, path: /mnt/datastore/whole, tuning: { chunk_order: none, gc_atime_cutoff: 60 }'),
    );
    const one = stored('whole');
    assert.ok(one !== undefined);
    one.options = {
      tuning: 'sync-level=filesystem,gc-atime-cutoff=60,chunk-order=none,gc-atime-safety-check=1',
      backend: 'type=filesystem',
      'notification-mode': 'notification-system',
      'verify-new': false,
    };
    const text = 'name: whole, path: /mnt/datastore/whole/, tuning: { gc_atime_cutoff: 60, chunk_order: none }';
    assert.deepEqual(await on.plan(store(text)).then(({ steps, refusals }) => [steps, refusals]), [[], []]);
    one.options['maintenance-mode'] = 'offline,message=one%0Atwo';
    const closed = await on.written(pbsDatastore);
    const [found, declared] = await on.foundAndDeclared(pbsDatastore, asYaml(closed));
    assert.deepEqual(declared, sayable(found), 'a message of more lines is written by import as an estate may say it');
    delete one.options['maintenance-mode'];
    one.options['tuning'] = 'chunk-order=none,gc-atime-cutoff=61';
    assert.equal((await on.plan(store(text))).steps.length, 1, 'a minute more is a change (control)');
  });

  it('tells as its PBS is set to, where nothing is said: by mail in PBS 3, by its notification system in PBS 4', async () => {
    const plain = 'name: telling, path: /mnt/datastore/telling';
    await on.settle(store(plain));
    assert.deepEqual(stored('telling')?.options, {}, 'nothing is set that is not said');
    const said = await on.plan(store(`${plain}, notification_mode: notification-system`));
    assert.deepEqual(
      said.steps[0]?.changes.map(({ field, to }) => [field, to]),
      [['notification_mode', 'notification-system']],
    );
    await on.settle(store(`${plain}, notification_mode: notification-system`));
    assert.equal(stored('telling')?.options['notification-mode'], 'notification-system');
    assert.deepEqual((await on.plan(store(plain))).steps, []);
  });

  it('can be changed without its path, and not made without it', async () => {
    await on.settle(store('name: archive, gc: weekly'));
    assert.equal(stored('archive')?.options['gc-schedule'], 'weekly');
    assert.equal(stored('archive')?.path, '/mnt/datastore/archive');
    const { refusals: said } = await on.plan(store('name: absent, gc: daily'));
    assert.equal(said[0]?.code, 'datastore-without-path');
    assert.match(said[0]?.remedy ?? '', /`path: \/mnt\/datastore\/absent`/);
  });

  it('is never moved: another path, and another kind of place, are refused', async () => {
    const [moved] = (await on.plan(store('name: archive, path: /mnt/elsewhere'))).refusals;
    assert.equal(moved?.code, 'field-is-fixed');
    assert.match(moved?.says ?? '', /\/mnt\/datastore\/archive.*\/mnt\/elsewhere/);
    assert.match(moved?.remedy ?? '', /declare another datastore and a sync job/);
    assert.match(
      (await refusals(store('name: archive, removable: { device: 8f2f2d0a-3c4e-4b8e-9d1f-6a5b4c3d2e1f }'))).join(),
      /field-is-fixed.*removable/,
    );
  });

  it('that is closed for a while says what stops', async () => {
    const plan = async (mode: string) => (await on.plan(store(`name: tank, maintenance: { mode: ${mode} }`))).steps[0];
    const readOnly = await plan('read-only');
    assert.equal(readOnly?.risk, 'interrupts');
    assert.match(readOnly?.because.join() ?? '', /backups.*garbage collection fail; restores go on/);
    assert.match((await plan('offline'))?.because.join() ?? '', /restores.*fail/);
    await on.settle(store('name: whole, path: /mnt/datastore/whole, maintenance: { mode: offline }'));
    const [opening] = (await on.plan(store('name: whole, path: /mnt/datastore/whole'))).steps;
    assert.equal(opening?.risk, 'changes');
    assert.match(opening?.because.join() ?? '', /open again/);
  });

  it("is not taken out of PBS's own maintenance", async () => {
    const one = stored('archive');
    assert.ok(one !== undefined);
    one.options['maintenance-mode'] = 'type=unmount';
    assert.deepEqual((await on.plan(store('name: archive, gc: weekly'))).steps, []);
    delete one.options['maintenance-mode'];
  });

  it('whose making fails says why in the words of the task', async () => {
    on.state.leftovers.push({ path: '/mnt/old', snapshots: [], namespaces: [], total: 1, used: 1 });
    const { fates, faults } = await on.apply(await on.plan(store('name: old, path: /mnt/old')));
    assert.deepEqual(fates, ['failed']);
    assert.match(faults, /task-failed: .*datastore path not empty.* \(.*`reuse: true`.*then apply again/);
    await on.settle(store('name: old, path: /mnt/old, reuse: true'));
    assert.equal(stored('old')?.path, '/mnt/old');
  });

  it('is made once, also where the answer to its making is lost', async () => {
    await on.fault('answer-lost', { count: 1, path: '^/config/datastore$', method: 'POST' });
    await on.settle(store('name: unheard, path: /mnt/datastore/unheard'));
    const making = on.state.tasks.filter(({ type, id }) => type === 'create-datastore' && id === 'unheard');
    assert.equal(making.length, 1);
  });

  it('whose task breaks off is not there, and is made by the next apply', async () => {
    const text = store('name: again, path: /mnt/datastore/again');
    await on.fault('task-fails', { count: 1 });
    const { fates, faults } = await on.apply(await on.plan(text));
    assert.deepEqual(fates, ['failed']);
    assert.match(faults, /task-failed/);
    await on.settle(text);
  });

  it('is made before its prune and verify jobs', async () => {
    const jobs = 'prune: { schedule: daily, keep_last: 3 }, verify: { schedule: weekly }';
    const { steps } = await on.plan(store(`name: first, path: /mnt/datastore/first, ${jobs}`));
    assert.deepEqual(steps.map(({ kind, after: of }) => [kind, of]).sort(), [
      ['pbs-datastore.create', []],
      ['pbs-prune-job.create', ['create pbs-datastore/pbs-pihanga/first']],
      ['pbs-verify-job.create', ['create pbs-datastore/pbs-pihanga/first']],
    ]);
  });

  it('comes whole from one entry: itself, its namespaces and its jobs, in their order', async () => {
    await using fresh = await pbsEstate();
    await fresh.settle(`datastores:
  - { name: pbs-datastore, path: /mnt/pbs-datastore, stored_on: truenas, gc: daily,
      prune: { schedule: daily, namespace: prod, keep_daily: 7, keep_monthly: 3, keep_yearly: 1 },
      verify: { schedule: "sat 18:15", again_after: 30d }, namespaces: [prod] }`);
    const { datastores, namespaces, pruneJobs, verifyJobs } = fresh.state;
    const ours = [...pruneJobs, ...verifyJobs].filter(({ options }) => options['store'] === 'pbs-datastore');
    assert.equal(ours.length, 2);
    assert.ok(datastores.some(({ name }) => name === 'pbs-datastore'));
    assert.ok(namespaces.some(({ store: of, name }) => of === 'pbs-datastore' && name === 'prod'));
  });

  it('is removed with --prune alone: its backups, its jobs and its rights stay', async () => {
    await on.settle(store('name: leaving, path: /mnt/datastore/leaving'));
    on.state.verifyJobs.push({ id: 'of-leaving', options: { store: 'leaving' } });
    const right = { authId: 'workshop@pbs', path: '/datastore/leaving', role: 'DatastoreBackup', propagate: true };
    on.state.acl.push(right);
    const [first] = on.state.snapshots;
    assert.ok(first !== undefined);
    on.state.snapshots.push({ ...first, store: 'leaving' });
    const rest = ['backups', 'telling', 'whole', 'old', 'unheard', 'again'].map(
      (name) => `{ name: ${name}, path: ${stored(name)?.path} }`,
    );
    await on.settle(`datastores: [${rest}]`);
    const plan = await on.plan(`datastores: [${rest}, { name: archive, gc: weekly }]`, { prune: true });
    assert.deepEqual(
      plan.steps.map(({ act, subject, risk }) => [act, subject, risk]),
      [['remove', 'pbs-datastore/pbs-pihanga/leaving', 'destroys']],
    );
    assert.deepEqual((await on.apply(plan)).fates, ['done']);
    assert.equal(stored('leaving'), undefined);
    assert.equal(on.state.leftovers.find(({ path }) => path === '/mnt/datastore/leaving')?.snapshots.length, 1);
    assert.ok(on.state.verifyJobs.some(({ id }) => id === 'of-leaving'));
    assert.ok(on.state.acl.includes(right));
  });

  it('written by import declares what is there, and nothing more', async () => {
    await on.settle(store(everything));
    const written = await on.written(pbsDatastore);
    const text = asYaml(written);
    const [found, declared] = await on.foundAndDeclared(pbsDatastore, text);
    assert.deepEqual(declared, sayable(found));
    assert.deepEqual((await on.plan(text)).steps, []);
    const [tank] = (written['datastores'] as readonly Record<string, unknown>[]).filter(({ name }) => name === 'tank');
    assert.deepEqual(tank, {
      ...{ name: 'tank', path: '/mnt/datastore/tank', comment: 'backups of both hosts', gc: 'sat 05:00' },
    });
  });
});

describe('where a datastore lies', () => {
  it('may be a device that is plugged in and out', async () => {
    const device = 'removable: { device: 8F2F2D0A-3C4E-4B8E-9D1F-6A5B4C3D2E1F }';
    await on.settle(store(`name: stick, path: backups, ${device}, gc_on_unmount: true`));
    assert.equal(stored('stick')?.options['backing-device'], '8f2f2d0a-3c4e-4b8e-9d1f-6a5b4c3d2e1f');
    assert.equal(stored('stick')?.options['gc-on-unmount'], true);
  });

  it('may be a bucket of an endpoint that the same plan makes', async () => {
    const endpoint =
      's3_endpoints: [{ name: lab-s3, endpoint: s3.lab.example, access_key_id: AK, secret_key: { file: s3.secret } }]';
    const bucket = 's3: { endpoint: lab-s3, bucket: spare, max_cache_size: 10 GiB }';
    const text = `${endpoint}\n${store(`name: cloud, path: /var/cache/cloud, ${bucket}`)}`;
    const plan = await on.plan(text);
    const making = plan.steps.find(({ kind }) => kind === 'pbs-datastore.create');
    assert.deepEqual(making?.after, ['create pbs-s3-endpoint/pbs-pihanga/lab-s3']);
    await on.settle(text);
    assert.match(
      String(stored('cloud')?.options['backend']),
      /^type=s3,client=lab-s3,bucket=spare,max-cache-size=10 ?GiB$/,
    );
    const other = text.replace('bucket: spare', 'bucket: backups');
    assert.match((await refusals(other)).join(), /field-is-fixed: .*s3/);
  });

  it('is written by import, on a device and in a bucket as well', async () => {
    const text = asYaml(await on.written(pbsDatastore));
    const [found, declared] = await on.foundAndDeclared(pbsDatastore, text);
    assert.deepEqual(declared, sayable(found));
    assert.match(text, /"bucket":"spare","max_cache_size":"10 GiB"/);
    assert.match(text, /"removable":\{"device":"8f2f/);
    const plan = await on.plan(text);
    assert.deepEqual([plan.steps, plan.refusals], [[], []]);
  });

  for (const [more, problem] of [
    ['path: backups', /takes only one from the root on/],
    ['path: /abs, removable: { device: 8f2f2d0a-3c4e-4b8e-9d1f-6a5b4c3d2e1f }', /below the device's own root/],
    ['path: /mnt/plain, gc_on_unmount: true', /not removable/],
    [
      'path: a, removable: { device: 8f2f2d0a-3c4e-4b8e-9d1f-6a5b4c3d2e1f }, s3: { endpoint: lab-s3, bucket: spare }',
      /not in both/,
    ],
  ] as const)
    it(`is refused as ${more}`, async () => {
      assert.match((await refusals(store(`name: unclear, ${more}`))).join(), problem);
    });

  it('is not in S3 on a PBS from before that', async () => {
    await using old = await pbsEstate({ versions: { pbs: '3.4.2' } });
    old.secretFile('s3.secret', 'x');
    const plan = await old.plan(
      `s3_endpoints: [{ name: one, endpoint: s3.lab.example, access_key_id: AK, secret_key: { file: s3.secret } }]
datastores: [{ name: cloud, path: /c, s3: { endpoint: one, bucket: spare } }, { name: plain, path: /mnt/plain, gc: daily }]`,
    );
    assert.deepEqual(
      plan.refusals.map(({ code }) => code),
      ['feature-missing', 'feature-missing'],
    );
    assert.deepEqual(
      plan.steps.map(({ subject }) => subject),
      ['pbs-datastore/pbs-pihanga/plain'],
    );
  });
});
