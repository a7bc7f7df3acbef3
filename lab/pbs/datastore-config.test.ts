// Stores are made, changed and removed (facts: pbs-api section 3).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyGrant } from './first.ts';
import { done, ended, type PbsLab, pbsLab, type Row, refusal } from './product.test-support.ts';

const all = () => pbsLab({ opsGrants: everyGrant });
const config = async (lab: PbsLab, name: string) => (await done(lab, 'GET', `/config/datastore/${name}`)) as Row;
const create = (lab: PbsLab, form: string) => ended(lab, 'POST', '/config/datastore', { form });
const at = 'path=%2Fmnt%2Fbig';

describe('a new datastore', () => {
  it('appears when its task has ended, with nothing of pruning in it but a job of its own', async () => {
    const lab = all();
    const pruning = 'prune-schedule=daily&keep-last=3&keep-daily=7';
    const { status, type, id } = await create(lab, `name=big&${at}&gc-schedule=sat+05:00&comment=+mine+&${pruning}`);
    assert.deepEqual([status, type, id], ['OK', 'create-datastore', 'big']);
    const made = { name: 'big', path: '/mnt/big', 'gc-schedule': 'sat 05:00', comment: 'mine' };
    assert.deepEqual(await config(lab, 'big'), made);
    const [job] = (await lab.rows('/config/prune')).filter(({ store }) => store === 'big');
    assert.match(String(job?.['id']), /^default-big-[0-9a-f-]{20}$/, 'cut to 32 characters');
    const { id: _id, ...rest } = job ?? {};
    assert.deepEqual(rest, { store: 'big', schedule: 'daily', 'keep-last': 3, 'keep-daily': 7 });
  });
  it('drops its keeps without a word where no schedule comes with them', async () => {
    const lab = all();
    await create(lab, `name=big&${at}&keep-last=3`);
    assert.deepEqual(await config(lab, 'big'), { name: 'big', path: '/mnt/big' });
    assert.deepEqual(
      (await lab.rows('/config/prune')).map(({ id }) => id),
      ['workshop-weekly'],
    );
  });
  it('may not lie in another, nor around it, nor beside the root', async () => {
    const lab = all();
    for (const path of ['/mnt/datastore/tank', '/mnt/datastore/tank/inside', '/mnt', '/']) {
      const [status, body] = await refusal(lab, 'POST', '/config/datastore', { form: `name=big&path=${path}` });
      assert.equal(status, 400);
      assert.match(body, /'path': nested datastores not allowed/, path);
    }
    assert.match((await refusal(lab, 'POST', '/config/datastore', { form: 'name=big&path=here' }))[1], /absolute/);
    assert.match((await refusal(lab, 'POST', '/config/datastore', { form: `name=tank&${at}` }))[1], /already exists/);
    assert.equal((await create(lab, 'name=big&path=/mnt/datastore/tank2')).status, 'OK', 'only whole names count');
  });
  it('needs an empty directory, or says that it uses what is there', async () => {
    const lab = all();
    const held = lab.state.snapshots.filter(({ store }) => store === 'tank').length;
    await ended(lab, 'DELETE', '/config/datastore/tank');
    assert.equal(lab.state.snapshots.length, 0);
    const again = 'name=back&path=/mnt/datastore/tank';
    assert.equal((await create(lab, again)).status, 'datastore path not empty');
    assert.deepEqual(
      lab.state.datastores.map(({ name }) => name),
      ['archive'],
    );
    assert.equal((await create(lab, `${again}&reuse-datastore=1`)).status, 'OK');
    assert.equal(lab.state.snapshots.filter(({ store }) => store === 'back').length, held, 'its backups are back');
  });
  it('is made by whoever may allocate on /datastore, and a removable one needs the disks too', async () => {
    const lab = pbsLab();
    const denied = [403, 'permission check failed'];
    assert.deepEqual(await refusal(lab, 'POST', '/config/datastore', { form: `name=big&${at}` }), denied);
    assert.deepEqual(
      await refusal(lab, 'DELETE', '/config/datastore/tank'),
      denied,
      'DatastoreAdmin does not allocate',
    );
    lab.grant('Admin', '/datastore', 'holdfast@pbs', 'holdfast@pbs!ops');
    const [device = ''] = lab.state.devices;
    const removable = `name=stick&path=pbs&backing-device=${device}`;
    assert.deepEqual(await refusal(lab, 'POST', '/config/datastore', { form: removable }), [
      400,
      "missing permissions 'Sys.Modify' on '/system/disks'",
    ]);
    assert.equal((await create(lab, `name=big&${at}`)).status, 'OK', 'it may the plain one');
  });
  it('on a device is mounted once it is made, and fails where the device is not there', async () => {
    const lab = all();
    const [device = ''] = lab.state.devices;
    const removable = (uuid: string) => `name=stick&path=pbs&backing-device=${uuid}`;
    const other = '00000000-0000-4000-8000-000000000000';
    assert.match((await create(lab, removable(other))).status ?? '', /unable to mount device/);
    assert.equal((await create(lab, removable(device))).status, 'OK');
    const [row] = (await lab.rows('/admin/datastore')).filter(({ store }) => store === 'stick');
    assert.equal(row?.['mount-status'], 'mounted');
  });
  it('holds the file locked until its task ends: the next one waits its turn', async () => {
    const lab = all();
    const [one, other] = await Promise.all([
      lab.ask('POST', '/config/datastore', { form: `name=one&${at}` }),
      lab.ask('POST', '/config/datastore', { form: 'name=two&path=/mnt/big/inside' }),
    ]);
    assert.equal(one.status, 200);
    assert.match(other.body, /nested datastores not allowed/, 'it saw the one before it');
  });
});

describe('a datastore in S3', () => {
  const client = 'id=cloud&endpoint=s3.lab.example&access-key=KEY&secret-key=a+word+of+s3';
  const inBucket = (bucket: string) => `backend=${encodeURIComponent(`type=s3,client=cloud,bucket=${bucket}`)}`;
  it('needs a client, a bucket of a possible name, and one that is there', async () => {
    const lab = all();
    const create400 = async (backend: string) =>
      (await refusal(lab, 'POST', '/config/datastore', { form: `name=far&${at}&${backend}` }))[1];
    assert.match(await create400(inBucket('backups')), /no such s3 client 'cloud'/);
    await done(lab, 'POST', '/config/s3', { form: client });
    for (const bucket of ['ab', 'UPPER', 'xn--a', '-a-', 'a--x-s3'])
      assert.match(await create400(inBucket(bucket)), /'backend'/, bucket);
    assert.match((await create(lab, `name=far&${at}&${inBucket('nowhere')}`)).status ?? '', /404 Not Found/);
    assert.equal((await create(lab, `name=far&${at}&${inBucket('backups')}`)).status, 'OK');
    const [row] = (await lab.rows('/admin/datastore')).filter(({ store }) => store === 'far');
    assert.equal(row?.['backend-type'], 's3');
    assert.match((await refusal(lab, 'DELETE', '/config/s3/cloud'))[1], /in-use by datastores: far/);
  });
  it('leaves its marker in the bucket, which keeps the next one out unless it may overwrite it', async () => {
    const lab = all();
    await done(lab, 'POST', '/config/s3', { form: client });
    const far = `name=far&${at}&${inBucket('backups')}`;
    await create(lab, far);
    await ended(lab, 'DELETE', '/config/datastore/far');
    assert.match((await create(lab, `${far}&reuse-datastore=1`)).status ?? '', /in-use marker/);
    assert.equal((await create(lab, `${far}&reuse-datastore=1&overwrite-in-use=1`)).status, 'OK');
  });
});

describe('a change of a datastore', () => {
  const put = (lab: PbsLab, form: string) => lab.ask('PUT', '/config/datastore/tank', { form });
  it('replaces a whole property string, keeps it as it was sent, and checks each key of it', async () => {
    const lab = all();
    assert.equal((await put(lab, 'tuning=sync-level=file,chunk-order=none')).status, 200);
    assert.equal((await config(lab, 'tank'))['tuning'], 'sync-level=file,chunk-order=none');
    assert.equal((await put(lab, 'tuning=chunk-order=inode')).status, 200);
    assert.equal((await config(lab, 'tank'))['tuning'], 'chunk-order=inode');
    for (const wrong of ['tuning=speed=9', 'tuning=gc-atime-cutoff=2881', 'tuning=sync-level=now', 'notify=gc=maybe'])
      assert.equal((await put(lab, wrong)).status, 400, wrong);
  });
  it('clears `notify` with no key in it, and a comment with nothing in it', async () => {
    const lab = all();
    await put(lab, 'notify=gc=error');
    assert.equal((await config(lab, 'tank'))['notify'], 'gc=error');
    await put(lab, 'notify=&comment=++');
    const { notify, comment } = await config(lab, 'tank');
    assert.deepEqual([notify, comment], [undefined, undefined]);
  });
  it('refuses what only a creation takes, and modes that are PBS’s own', async () => {
    const lab = all();
    for (const form of ['keep-last=3', 'prune-schedule=daily', 'maintenance-mode=delete', 'path=/mnt/other'])
      assert.equal((await put(lab, form)).status, 400, form);
    assert.equal((await put(lab, 'delete=keep-last')).status, 200, 'an old leaving may go');
  });
  it('writes a maintenance mode anew; read-only keeps out what writes, offline everything', async () => {
    const lab = all();
    const message = encodeURIComponent('offline,message="new disks, until%20noon"');
    assert.equal((await put(lab, 'maintenance-mode=read-only')).status, 200);
    assert.equal((await config(lab, 'tank'))['maintenance-mode'], 'type=read-only');
    const list = '/admin/datastore/tank/snapshots';
    assert.equal((await lab.ask('GET', list)).status, 200);
    assert.match((await refusal(lab, 'POST', '/admin/datastore/tank/gc'))[1], /read-only maintenance mode/);
    assert.equal((await put(lab, `maintenance-mode=${message}`)).status, 200);
    const [status, body] = await refusal(lab, 'GET', list);
    assert.equal(status, 400);
    assert.match(body, /offline maintenance mode: new disks, until noon$/);
    assert.equal((await put(lab, 'delete=maintenance-mode')).status, 200);
    assert.equal((await lab.ask('GET', list)).status, 200);
  });
});

describe('a datastore that is removed', () => {
  const jobs = async (lab: PbsLab) => {
    await done(lab, 'POST', '/config/verify', { form: 'id=v-tank&store=tank&schedule=daily' });
    await done(lab, 'POST', '/config/sync', { form: 'id=s-from&store=archive&remote-store=tank' });
    await done(lab, 'POST', '/config/sync', { form: 'id=s-into&store=tank&remote-store=archive' });
  };
  it('takes its jobs and every right on it along, but not jobs that only read from it', async () => {
    const lab = all();
    await jobs(lab);
    assert.equal((await ended(lab, 'DELETE', '/config/datastore/tank')).status, 'OK');
    const { pruneJobs, verifyJobs, syncJobs, acl } = lab.state;
    assert.deepEqual([pruneJobs.length, verifyJobs.length, syncJobs.map(({ id }) => id)], [0, 0, ['s-from']]);
    assert.deepEqual(
      acl.filter(({ path }) => path.startsWith('/datastore/tank')),
      [],
    );
  });
  it('leaves them where they are to be kept', async () => {
    const lab = all();
    await jobs(lab);
    await ended(lab, 'DELETE', '/config/datastore/tank?keep-job-configs=1');
    const { pruneJobs, verifyJobs, syncJobs, acl } = lab.state;
    assert.deepEqual([pruneJobs.length, verifyJobs.length, syncJobs.length], [1, 1, 2]);
    assert.ok(acl.some(({ path }) => path.startsWith('/datastore/tank')));
  });
  it('stays where one of its jobs may not be changed by whoever removes it: half of the jobs are gone by then', async () => {
    const lab = all();
    await jobs(lab);
    await done(lab, 'POST', '/config/sync', { form: 'id=s-far&store=tank&remote=there&remote-store=else' });
    lab.grant('Admin', '/datastore', 'holdfast@pbs', 'holdfast@pbs!ops');
    for (const authId of ['holdfast@pbs', 'holdfast@pbs!ops'])
      lab.state.acl.push({ authId, path: '/remote', role: 'RemoteAudit', propagate: true });
    const [status, body] = await refusal(lab, 'DELETE', '/config/datastore/tank');
    assert.deepEqual([status, body], [400, 'permission check failed']);
    assert.deepEqual(lab.state.verifyJobs, []);
    assert.deepEqual(
      lab.state.syncJobs.map(({ id }) => id),
      ['s-from', 's-far'],
    );
    assert.deepEqual(
      lab.state.pruneJobs.map(({ id }) => id),
      ['workshop-weekly'],
    );
    assert.ok(lab.state.datastores.some(({ name }) => name === 'tank'));
  });
  it('is gone with its data only where that is asked for, and 404 the second time', async () => {
    const lab = all();
    await ended(lab, 'DELETE', '/config/datastore/tank?destroy-data=1');
    assert.deepEqual(lab.state.leftovers, []);
    assert.equal((await create(lab, 'name=tank&path=/mnt/datastore/tank')).status, 'OK', 'its directory is empty');
    assert.equal((await refusal(lab, 'DELETE', '/config/datastore/nobody'))[0], 404);
    assert.match(
      (await refusal(lab, 'DELETE', `/config/datastore/tank?digest=${'0'.repeat(64)}`))[1],
      /^detected modi/,
    );
  });
});
