// Namespaces, single snapshots, and garbage (facts: pbs-api section 4).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyGrant } from './first.ts';
import { done, ended, ops, type PbsLab, pbsLab, type Row, refusal } from './product.test-support.ts';

const tank = '/admin/datastore/tank';
const names = async ({ rows }: PbsLab) => (await rows(`${tank}/namespace`)).map(({ ns }) => ns).sort();

describe('a namespace', () => {
  it('is made below one that is there, once, and listed with its parent', async () => {
    const lab = pbsLab();
    assert.equal(await done(lab, 'POST', `${tank}/namespace`, { form: 'name=sites' }), 'sites');
    assert.equal(await done(lab, 'POST', `${tank}/namespace`, { form: 'name=oslo&parent=sites' }), 'sites/oslo');
    assert.deepEqual(await names(lab), ['', 'sites', 'sites/oslo', 'workshop']);
    const again = await refusal(lab, 'POST', `${tank}/namespace`, { form: 'name=sites' });
    assert.deepEqual(again, [400, "namespace 'sites' already exists"]);
    assert.equal((await refusal(lab, 'POST', `${tank}/namespace`, { form: 'name=x&parent=nowhere' }))[0], 400);
    assert.deepEqual(
      await refusal(lab, 'POST', `${tank}/namespace`, { login: 'holdfast@pbs!storage', form: 'name=x' }),
      [403, 'permission check failed - missing Datastore.Modify on /datastore/tank'],
    );
  });
  it('with backups in it stays, and what was empty below it is gone all the same', async () => {
    const lab = pbsLab();
    await done(lab, 'POST', `${tank}/namespace`, { form: 'name=empty&parent=workshop' });
    assert.equal((await refusal(lab, 'DELETE', `${tank}/namespace?ns=workshop`))[0], 400);
    assert.deepEqual(await names(lab), ['', 'workshop']);
    const gone = await done(lab, 'DELETE', `${tank}/namespace?ns=workshop&delete-groups=1`);
    assert.deepEqual(gone, { 'removed-groups': 1, 'removed-snapshots': 2, 'protected-snapshots': 0 });
    assert.deepEqual(await names(lab), ['']);
  });
});

describe('a snapshot', () => {
  const of = ({ state }: PbsLab) => {
    const found = state.snapshots.find(({ id }) => id === '101') ?? assert.fail('no snapshot');
    return { found, query: `backup-type=vm&backup-id=101&backup-time=${found.time}` };
  };
  it('that is protected cannot be removed, until it is not', async () => {
    const lab = pbsLab();
    const { query } = of(lab);
    await done(lab, 'PUT', `${tank}/protected`, { form: `${query}&protected=1` });
    assert.equal(await done(lab, 'GET', `${tank}/protected?${query}`), true);
    assert.match((await refusal(lab, 'DELETE', `${tank}/snapshots?${query}`))[1], /protected/);
    await done(lab, 'PUT', `${tank}/protected`, { form: `${query}&protected=0` });
    await done(lab, 'DELETE', `${tank}/snapshots?${query}`);
    assert.equal((await refusal(lab, 'GET', `${tank}/protected?${query}`))[0], 400, 'it is gone');
  });
  it('has notes of many lines, of which a list shows the first', async () => {
    const lab = pbsLab();
    const { query, found } = of(lab);
    await done(lab, 'PUT', `${tank}/notes`, { form: `${query}&notes=one%0Atwo` });
    assert.equal(await done(lab, 'GET', `${tank}/notes?${query}`), 'one\ntwo');
    const rows = await lab.rows(`${tank}/snapshots?backup-id=101`);
    assert.equal(rows.find((row) => row['backup-time'] === found.time)?.['comment'], 'one');
  });
  it('gets another owner from whoever may modify; others are told 401', async () => {
    const lab = pbsLab();
    const form = 'backup-type=vm&backup-id=101&new-owner=workshop%40pbs';
    await done(lab, 'POST', `${tank}/change-owner`, { form });
    assert.ok(lab.state.snapshots.filter(({ id }) => id === '101').every(({ owner }) => owner === 'workshop@pbs'));
    assert.equal((await refusal(lab, 'POST', `${tank}/change-owner`, { form, login: 'holdfast@pbs!storage' }))[0], 401);
  });
});

describe('garbage collection', () => {
  it('runs once at a time, and its status says when it ran and will run', async () => {
    const lab = pbsLab();
    const before = (await done(lab, 'GET', `${tank}/gc`)) as Row;
    assert.deepEqual(
      [before['schedule'], before['upid'], before['last-run-state']],
      ['sat 05:00', undefined, undefined],
    );
    const started = lab.ask('POST', `${tank}/gc`);
    const [status, body] = await refusal(lab, 'POST', `${tank}/gc`);
    assert.equal(status, 400);
    assert.match(body, /already running/);
    await started;
    await lab.host.tasks.ended();
    const after = (await done(lab, 'GET', `${tank}/gc`)) as Row;
    assert.deepEqual([after['last-run-state'], after['store']], ['OK', 'tank']);
    assert.ok(Number(after['index-file-count']) > 0 && Number(after['next-run']) > Number(after['last-run-endtime']));
    const { type, id } = await ended(lab, 'POST', `${tank}/gc`);
    assert.deepEqual([type, id], ['garbage_collection', 'tank']);
    assert.deepEqual(
      (await lab.rows('/admin/gc?store=archive')).map(({ store }) => store),
      ['archive'],
    );
  });
});

describe('a removable store', () => {
  it('is of no use while it is not mounted, and needs the right on the disks to change that', async () => {
    const lab = pbsLab({ opsGrants: everyGrant });
    const stick = { name: 'stick', path: 'pbs', options: { 'backing-device': lab.state.devices[0] ?? '' } };
    lab.state.datastores.push({ ...stick, total: 1e12, used: 0, mounted: true });
    assert.equal((await ended(lab, 'POST', '/admin/datastore/stick/unmount')).type, 'unmount-device');
    assert.match((await refusal(lab, 'GET', '/admin/datastore/stick/snapshots'))[1], /not mounted/);
    assert.equal((await ended(lab, 'POST', '/admin/datastore/stick/mount')).status, 'OK');
    assert.deepEqual(await lab.rows('/admin/datastore/stick/snapshots'), []);
    lab.state.devices = [];
    assert.match((await ended(lab, 'POST', '/admin/datastore/stick/mount')).status ?? '', /no device/);
    lab.grant('Admin', '/datastore', 'holdfast@pbs', ops);
    assert.equal((await refusal(lab, 'POST', '/admin/datastore/stick/mount'))[0], 403);
  });
});

describe('a group', () => {
  it('has notes of its own, and a whole store is pruned by hand, tried first', async () => {
    const lab = pbsLab();
    const group = 'backup-type=vm&backup-id=101';
    await done(lab, 'PUT', `${tank}/group-notes`, { form: `${group}&notes=web%0Aof the shop` });
    assert.equal(await done(lab, 'GET', `${tank}/group-notes?${group}`), 'web\nof the shop');
    const row = (await lab.rows(`${tank}/groups`)).find((one) => one['backup-id'] === '101');
    assert.equal(row?.['comment'], 'web');
    const count = () => lab.state.snapshots.filter(({ namespace }) => namespace === '').length;
    const before = count();
    const prune = (more: string) =>
      ended(lab, 'POST', `${tank}/prune-datastore`, { form: `keep-last=1&max-depth=0${more}` });
    assert.match((await prune('&dry-run=1')).log.join('\n'), /remove vm\/101/);
    assert.equal(count(), before);
    const { type, id, status } = await prune('');
    assert.deepEqual(
      [type, id, status, count()],
      ['prune', 'tank:', 'OK', 4],
      'one of each group, and a protected one',
    );
    lab.grant('Audit', '/', 'holdfast@pbs', ops);
    assert.deepEqual(await refusal(lab, 'POST', `${tank}/prune-datastore`), [
      400,
      "missing permissions 'Datastore.Modify|Datastore.Prune' on '/datastore/tank'",
    ]);
  });
});
