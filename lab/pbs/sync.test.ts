// Sync jobs: what they are refused for, what their lists leave out, and what they copy (facts: pbs-api section 5).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyGrant } from './first.ts';
import { done, ended, onPort, ops, type PbsLab, pbsLab, type Row, refusal, secret } from './product.test-support.ts';
import { addSnapshot } from './snapshots.ts';

const all = () => pbsLab({ opsGrants: everyGrant });
const create = (lab: PbsLab, form: string) => lab.ask('POST', '/config/sync', { form: `id=s-one&${form}` });
const put = (lab: PbsLab, form: string) => lab.ask('PUT', '/config/sync/s-one', { form });
const job = async (lab: PbsLab) => (await done(lab, 'GET', '/config/sync/s-one')) as Row;
const local = 'store=archive&remote-store=tank';
const pull = `${local}&remote=there`;
const push = 'store=tank&remote-store=vault&remote=there&sync-direction=push';
const ids = async (lab: PbsLab, query = '') => (await lab.rows(`/config/sync${query}`)).map(({ id }) => id);

describe('a sync job', () => {
  it('that pushes is in no list that is not asked for it', async () => {
    const lab = all();
    assert.equal((await create(lab, push)).status, 200);
    assert.deepEqual(await ids(lab), []);
    assert.deepEqual(await ids(lab, '?sync-direction=push'), ['s-one']);
    assert.deepEqual(await ids(lab, '?sync-direction=all'), ['s-one']);
    assert.deepEqual(await lab.rows('/admin/sync'), []);
    assert.equal((await lab.rows('/admin/sync?sync-direction=all&store=tank')).length, 1);
  });
  it('is refused where it makes no sense', async () => {
    const lab = all();
    const refused: readonly (readonly [form: string, text: RegExp])[] = [
      ['store=tank&remote-store=tank', /same datastore/],
      ['store=tank&remote-store=vault&sync-direction=push', /^permission check failed/],
      [`${push}&resync-corrupt=0`, /'resync-corrupt': only possible for pull/],
      [`${pull}&group-filter=vm/100`, /'group-filter'/],
      [`${pull}&group-filter=regex:(`, /'group-filter'/],
      [`${pull}&ns=a/b&max-depth=6`, /depth/],
      [`${pull}&remote-ns=a/b/c&max-depth=5`, /depth/],
      [`${pull}&active-encryption-key=offsite`, /push/],
      [`${pull}&associated-key=offsite`, /no such encryption key/],
      [`${pull}&rate-in=fast`, /'rate-in'/],
      [`${pull}&transfer-last=0`, /'transfer-last'/],
    ];
    for (const [form, text] of refused) {
      const { status, body } = await create(lab, form);
      assert.equal(status, 400, form);
      assert.match(body, text, form);
    }
    assert.equal((await create(lab, `${pull}&ns=a/b&max-depth=5`)).status, 200, 'just deep enough');
  });
  it('gives its filters back without a word that says nothing', async () => {
    const lab = all();
    await create(lab, `${pull}&group-filter=include:type:vm&group-filter=exclude:group:vm/100`);
    assert.deepEqual((await job(lab))['group-filter'], ['type:vm', 'exclude:group:vm/100']);
  });
  it('is unmounted when done only where it runs on mount, which a creation does not look at', async () => {
    const lab = all();
    assert.equal((await create(lab, `${pull}&unmount-on-done=1`)).status, 200);
    assert.match((await put(lab, 'comment=x')).body, /'unmount-on-done'/);
    assert.equal((await put(lab, 'run-on-mount=1')).status, 200);
  });
  it('keeps a key in sight that it no longer encrypts with, and cannot pull while it has one', async () => {
    const lab = all();
    for (const id of ['key-one', 'key-two']) await done(lab, 'POST', '/config/encryption-keys', { form: `id=${id}` });
    await create(lab, `${push}&active-encryption-key=key-one`);
    await put(lab, 'active-encryption-key=key-two');
    assert.deepEqual((await job(lab))['associated-key'], ['key-one']);
    assert.match((await put(lab, 'sync-direction=pull')).body, /push/);
    await put(lab, 'delete=active-encryption-key');
    assert.deepEqual((await job(lab))['associated-key'], ['key-one', 'key-two']);
    assert.equal((await put(lab, 'sync-direction=pull')).status, 200);
    const someone = await put(lab, 'owner=workshop@pbs');
    assert.match(someone.body, /misses Sys\.Modify on \/system\/encryption-keys\/key-one/);
  });
  it('that is due is put off by any change that leaves its schedule out', async () => {
    const lab = all();
    await create(lab, `${pull}&schedule=14:00`);
    const next = async () => (await lab.rows('/admin/sync'))[0]?.['next-run'];
    const due = await next();
    lab.clock.now += 3 * 3_600_000;
    await put(lab, 'comment=x&schedule=14:00');
    assert.equal(await next(), due);
    await put(lab, 'comment=y');
    assert.equal(await next(), Number(due) + 86_400);
  });
  it('keeps an empty namespace as one, which is the root', async () => {
    const lab = all();
    await create(lab, `${pull}&remote-ns=deep`);
    await put(lab, 'remote-ns=');
    assert.equal((await job(lab))['remote-ns'], '');
  });
  it('is seen and made by whoever has every right on its way, and nobody else', async () => {
    const lab = all();
    await create(lab, pull);
    const roles = (...given: readonly (readonly [path: string, role: string])[]) => {
      lab.state.acl = ['holdfast@pbs', ops].flatMap((authId) =>
        given.map(([path, role]) => ({ authId, path, role, propagate: true })),
      );
    };
    const made = async (more = '') => (await lab.ask('POST', '/config/sync', { form: `id=s-two&${pull}${more}` })).body;
    roles(['/', 'Audit']);
    assert.deepEqual(await ids(lab), [], 'Audit has no Remote.Audit');
    roles(['/', 'Audit'], ['/remote', 'RemoteAudit']);
    assert.deepEqual(await ids(lab), ['s-one']);
    roles(['/datastore', 'DatastorePowerUser'], ['/remote', 'RemoteSyncOperator']);
    assert.equal(await made(`&owner=${ops}`), 'permission check failed', 'Datastore.Audit is missing');
    roles(['/datastore', 'DatastorePowerUser'], ['/datastore', 'DatastoreAudit'], ['/remote', 'RemoteSyncOperator']);
    assert.equal(await made(), 'permission check failed', 'without an owner it is root’s');
    assert.equal(await made(`&owner=${ops}`), '{"data":null}');
    roles(['/datastore', 'DatastoreBackup'], ['/datastore', 'DatastoreAudit'], ['/remote', 'RemoteSyncOperator']);
    assert.equal(await made(`&owner=${ops}&remove-vanished=1`), 'permission check failed', 'it may not prune');
  });
});

describe('a sync run', () => {
  const withRemote = async (port: number, fingerprint: string, word = secret) => {
    const lab = all();
    const form = `name=there&host=127.0.0.1&port=${port}&auth-id=${ops}&password=${word}&fingerprint=${fingerprint}`;
    await done(lab, 'POST', '/config/remote', { form });
    return lab;
  };
  const run = (lab: PbsLab) => ended(lab, 'POST', '/admin/sync/s-one/run');
  const inStore = (lab: Pick<PbsLab, 'state'>, store: string, id: string) =>
    lab.state.snapshots.filter((one) => one.store === store && one.id === id);

  it('pulls what is missing over the wire, as its owner, and nothing older than it has', async () => {
    await using there = await onPort(all());
    const lab = await withRemote(there.port, there.fingerprint);
    await create(lab, `${pull}&ns=&group-filter=group:vm/101&max-depth=0&transfer-last=3`);
    const { id, status, log } = await run(lab);
    assert.deepEqual([id, status], ['there:tank:archive::s-one', 'OK']);
    assert.ok(log.includes("sync datastore 'archive' from 'there/tank'"));
    const copied = inStore(lab, 'archive', '101');
    assert.deepEqual([copied.length, new Set(copied.map(({ owner }) => owner))], [3, new Set(['root@pam'])]);
    assert.deepEqual(inStore(lab, 'archive', '102'), [], 'the filter names one group');
    assert.ok(copied.every(({ verification }) => verification === undefined));
    await put(lab, 'delete=transfer-last');
    assert.match((await run(lab)).log.join('\n'), /skipped: 7 snapshot\(s\) - older than the newest/);
    assert.equal(inStore(lab, 'archive', '101').length, 3);
  });
  it('removes what vanished there only where it is asked for, and never what is protected', async () => {
    await using there = await onPort(all());
    const lab = await withRemote(there.port, there.fingerprint);
    await create(lab, `${pull}&group-filter=type:vm&max-depth=0`);
    await run(lab);
    const [kept, lost] = inStore(lab, 'archive', '102');
    assert.ok(kept !== undefined && lost !== undefined);
    kept.protected = true;
    there.host.state.snapshots = there.host.state.snapshots.filter(({ id }) => id !== '102');
    await run(lab);
    assert.equal(inStore(lab, 'archive', '102').length, 3);
    await put(lab, 'remove-vanished=1');
    await run(lab);
    assert.deepEqual(inStore(lab, 'archive', '102'), [kept]);
  });
  it('leaves a group that belongs to somebody else, copies the others, and fails', async () => {
    await using there = await onPort(all());
    const lab = await withRemote(there.port, there.fingerprint);
    const foreign = { store: 'archive', namespace: '', type: 'vm' as const, id: '101', size: 1, owner: 'workshop@pbs' };
    addSnapshot(lab.host, { ...foreign, time: 1_600_000_000 });
    await create(lab, `${pull}&max-depth=0`);
    const { status, log } = await run(lab);
    assert.equal(status, 'sync failed with some errors.');
    assert.ok(log.includes('[vm/101]: sync group vm/101 failed - owner check failed (root@pam != workshop@pbs)'));
    assert.equal(inStore(lab, 'archive', '102').length, 3);
  });
  it('that cannot reach the other says why: another certificate, another secret, nobody there', async () => {
    const peer = all();
    const there = await onPort(peer);
    const other = Array.from({ length: 32 }, () => 'aa').join(':');
    const status = async (fingerprint: string, word?: string) => {
      const lab = await withRemote(there.port, fingerprint, word);
      await create(lab, pull);
      return (await run(lab)).status ?? '';
    };
    assert.match(await status(other), /certificate verify failed/);
    assert.match(await status(there.fingerprint, 'an old secret'), /HTTP Error 401/);
    await there[Symbol.asyncDispose]();
    assert.match(await status(there.fingerprint), /Connection refused/);
  });
  it('pushes to the other as the login it has there, which needs the right to write', async () => {
    const peer = all();
    await using there = await onPort(peer);
    const lab = await withRemote(there.port, there.fingerprint);
    lab.peers.set(there.port, there.host);
    await create(lab, 'store=tank&remote-store=archive&remote=there&sync-direction=push&max-depth=0');
    assert.equal((await run(lab)).status, 'OK');
    const pushed = inStore(peer, 'archive', '101');
    assert.deepEqual([pushed.length, new Set(pushed.map(({ owner }) => owner))], [8, new Set([ops])]);
    peer.grant('Audit', '/', 'holdfast@pbs', ops);
    assert.match((await run(lab)).status ?? '', /403 Forbidden: permission check failed/);
  });
  it('between two stores of one server needs no remote; a store cannot be synced to itself', async () => {
    const lab = all();
    await create(lab, `${local}&max-depth=0`);
    assert.equal((await run(lab)).status, 'OK');
    assert.equal(inStore(lab, 'archive', '101').length, 8);
    assert.equal((await put(lab, 'remote-store=archive')).status, 200, 'a change does not look');
    assert.match((await run(lab)).status ?? '', /same datastore/);
  });
});

describe('a remote', () => {
  it('is scanned live, and cannot go while a job uses it', async () => {
    await using there = await onPort(all());
    const lab = all();
    const form = `name=there&host=127.0.0.1&port=${there.port}&auth-id=${ops}&password=${secret}&fingerprint=${there.fingerprint}`;
    await done(lab, 'POST', '/config/remote', { form });
    const scan = '/config/remote/there/scan';
    assert.deepEqual((await lab.rows(scan)).map(({ store }) => store).sort(), ['archive', 'tank']);
    assert.deepEqual((await lab.rows(`${scan}/tank/namespaces`)).map(({ ns }) => ns).sort(), ['', 'workshop']);
    assert.equal((await lab.rows(`${scan}/tank/groups?namespace=workshop`)).length, 1);
    await create(lab, pull);
    const [status, body] = await refusal(lab, 'DELETE', '/config/remote/there');
    assert.deepEqual([status, /used by sync job 's-one'/.test(body)], [400, true]);
    await done(lab, 'PUT', '/config/remote/there', { form: 'password=another' });
    assert.match((await refusal(lab, 'GET', scan))[1], /^failed to scan remote 'there' - HTTP Error 401/);
  });
});
