import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { desire } from '../../desired/desire.ts';
import { problemsIn, read, withFiles } from '../../estate/estate.test-support.ts';
import { kindOf, ref } from '../../values/ref.ts';
import { asYaml, type PbsEstate, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsSyncJob } from './pbs-sync-job.ts';

let on: PbsEstate;
const options = { host: 'pbs.example.org', 'auth-id': 'sync@pbs!pull' };
before(async () => {
  on = await pbsEstate();
  on.state.remotes.push({ id: 'offsite', options });
  on.state.encryptionKeys.push({ id: 'key-one', options: {} }, { id: 'key-two', options: {} });
});
after(() => on[Symbol.asyncDispose]());

const job = (more: string): string => `sync: [{ name: copies, ${more} }]`;
const stored = () => on.state.syncJobs.find(({ id }) => id === 'copies');
const pull = 'store: tank, remote: offsite, remote_store: theirs';
const push = `${pull}, direction: push`;

describe('a sync job of PBS', () => {
  it('is made, and the plan after it is empty', async () => {
    await on.settle(job(`${pull}, schedule: "04:00"`));
    assert.deepEqual(stored()?.options, {
      ...{ store: 'tank', remote: 'offsite', 'remote-store': 'theirs', schedule: '04:00' },
    });
  });

  it('takes every option of a pull there is, and gives each of them up again', async () => {
    await on.settle(
      job(`${pull}, schedule: "04:00", namespace: workshop, remote_namespace: prod/db, owner: workshop@pbs,
        remove_vanished: true, max_depth: 3, groups: [type:vm, "exclude:group:vm/900", "regex:^ct/1"], comment: theirs,
        rate_in: 20 MiB, burst_in: 40 MiB, rate_out: 1 MiB, burst_out: 2 MiB, transfer_last: 3, resync_corrupt: true,
        encrypted_only: true, verified_only: true, run_on_mount: true, unmount_on_done: true, worker_threads: 4`),
    );
    const { 'group-filter': groups, ...rest } = stored()?.options ?? {};
    assert.deepEqual(groups, ['exclude:group:vm/900', 'regex:^ct/1', 'type:vm']);
    assert.deepEqual(rest, {
      ...{ store: 'tank', remote: 'offsite', 'remote-store': 'theirs', schedule: '04:00', ns: 'workshop' },
      ...{ 'remote-ns': 'prod/db', owner: 'workshop@pbs', 'remove-vanished': true, 'max-depth': 3, comment: 'theirs' },
      ...{ 'rate-in': '20 MiB', 'burst-in': '40 MiB', 'rate-out': '1 MiB', 'burst-out': '2 MiB', 'transfer-last': 3 },
      ...{ 'resync-corrupt': true, 'encrypted-only': true, 'verified-only': true, 'worker-threads': 4 },
      ...{ 'run-on-mount': true, 'unmount-on-done': true },
    });
    await on.settle(job(`${pull}, schedule: "04:00"`));
    assert.deepEqual(stored()?.options, {
      ...{ store: 'tank', remote: 'offsite', 'remote-store': 'theirs', schedule: '04:00' },
      'resync-corrupt': false,
    });
  });

  it('is not put off by a change of something else: its schedule goes with every change', async () => {
    const entry = stored();
    assert.ok(entry !== undefined);
    entry.scheduledSince = 1000;
    await on.settle(job(`${pull}, schedule: "04:00", comment: mine`));
    assert.equal(stored()?.scheduledSince, 1000);
  });

  it('is as declared where the server spells it otherwise', async () => {
    await on.settle(job(`${pull}, groups: ["type:vm", "group:ct/100"], rate_in: 1 MiB`));
    Object.assign(stored()?.options ?? {}, {
      ...{ 'group-filter': ['include:type:vm', 'group:ct/100'], 'rate-in': '1024 KiB', 'sync-direction': 'pull' },
      ...{ owner: 'root@pam', 'worker-threads': 1, ns: '', 'remote-ns': '', 'remove-vanished': false },
    });
    const text = job(`${pull}, groups: ["include:group:ct/100", "type:vm"], rate_in: 1MiB`);
    assert.deepEqual((await on.plan(text)).steps, []);
    assert.equal((await on.plan(job(`${pull}, groups: ["type:vm"], rate_in: 1MiB`))).steps.length, 1, 'control');
  });

  it('that removes what vanished at the source says so, when it is switched on and when it turns elsewhere', async () => {
    const step = async (more: string) => (await on.plan(job(`${pull}, ${more}`))).steps[0];
    const on_ = await step('remove_vanished: true');
    assert.equal(on_?.risk, 'loses a restore point');
    assert.match(on_.because.join(), /what is gone at the source.*is removed from tank/);
    assert.equal(on_.changes.find(({ field }) => field === 'remove_vanished')?.class, 'weakens');
    await on.settle(job(`${pull}, remove_vanished: true`));
    assert.equal((await step('remove_vanished: true, namespace: workshop'))?.risk, 'loses a restore point');
    assert.equal((await step('remove_vanished: true, comment: x'))?.risk, 'changes', 'a comment does not (control)');
    assert.equal((await step('remove_vanished: false'))?.risk, 'changes', 'nor does switching it off (control)');
  });

  it('names the place that loses backups: for a push it is the other one', async () => {
    const [step] = (await on.plan(job(`${push}, remove_vanished: true`))).steps;
    assert.match(step?.because.join() ?? '', /is removed from theirs on offsite with the next run/);
  });

  it('turns from pull to push and back, with its key', async () => {
    const text = `${push}, active_encryption_key: key-one, schedule: daily`;
    await on.settle('sync: [{ name: turning, store: tank, remote: offsite, remote_store: theirs, schedule: daily }]');
    const turning = () => on.state.syncJobs.find(({ id }) => id === 'turning')?.options;
    await on.settle(`sync: [{ name: turning, ${text} }]`);
    assert.equal(turning()?.['sync-direction'], 'push');
    const [kept] = (await on.plan(`sync: [{ name: turning, ${pull}, schedule: daily }]`)).refusals;
    assert.equal(kept?.code, 'sync-key-kept');
    assert.match(kept?.remedy ?? '', /`associated_keys: \[key-one\]`/);
    await on.settle(`sync: [{ name: turning, ${pull}, schedule: daily, associated_keys: [key-one] }]`);
    assert.equal(turning()?.['sync-direction'], undefined);
    assert.deepEqual(turning()?.['associated-key'], ['key-one']);
  });

  it('that has resync_corrupt on is not turned to push in one go', async () => {
    await on.settle(`sync: [{ name: stuck, ${pull}, resync_corrupt: true }]`);
    const [held] = (await on.plan(`sync: [{ name: stuck, ${push} }]`)).refusals;
    assert.equal(held?.code, 'sync-direction-held');
    await on.settle(`sync: [{ name: stuck, ${pull} }]`);
    await on.settle(`sync: [{ name: stuck, ${push} }]`);
  });

  it('comes after the remote, the datastore and the namespace that it needs', async () => {
    on.secretFile('one.secret', 'word');
    const plan = await on.plan(
      `datastores: [{ name: copy, path: /mnt/copy, namespaces: [prod] }, { name: archive, namespaces: [here] }]
remotes: [{ name: second, host: b.example.org, auth_id: a@pbs, password: { file: one.secret } }]
sync:
  - { name: far, store: copy, namespace: prod, remote: second, remote_store: theirs }
  - { name: near, store: copy, remote_store: archive, remote_namespace: here }`,
    );
    const after = (name: string) =>
      plan.steps.find(({ id }) => id === `create pbs-sync-job/pbs-pihanga/${name}`)?.after;
    assert.deepEqual(
      [...(after('far') ?? [])].sort(),
      ['datastore/pbs-pihanga/copy', 'namespace/pbs-pihanga/copy%2Fprod', 'remote/pbs-pihanga/second'].map(
        (subject) => `create pbs-${subject}`,
      ),
    );
    assert.deepEqual([...(after('near') ?? [])].sort(), [
      'create pbs-datastore/pbs-pihanga/copy',
      'create pbs-namespace/pbs-pihanga/archive%2Fhere',
    ]);
  });

  it('comes after the datastore on the other PBS, where the estate declares that one too', async () => {
    const server = (name: string, more: string) =>
      `{ name: ${name}, url: "https://${name}.lan:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, ${more} }`;
    const here = `remotes: [{ name: far, host: there.lan, auth_id: a@pbs }], sync: [{ name: copies, store: one, remote: far, remote_store: two }]`;
    const text = `pbs: [${server('here', here)}, ${server('there', 'datastores: [{ name: two, path: /mnt/two }]')}]`;
    const estate = await withFiles({ 'estate.yaml': text }, (folder) => read(`${folder}/estate.yaml`));
    const [declared] = desire(estate, [pbsSyncJob]).declared;
    const datastores = (declared?.needs ?? []).filter((subject) => kindOf(subject) === 'pbs-datastore');
    assert.deepEqual(datastores, [ref('pbs-datastore', 'here', 'one'), ref('pbs-datastore', 'there', 'two')]);
  });

  it('is removed with --prune', async () => {
    const plan = await on.plan(`sync: [{ name: copies, ${pull}, remove_vanished: true }]`, { prune: true });
    assert.deepEqual(
      plan.steps.map(({ act }) => act),
      ['remove', 'remove'],
    );
    assert.deepEqual((await on.apply(plan)).fates, ['done', 'done']);
    assert.deepEqual(
      on.state.syncJobs.map(({ id }) => id),
      ['copies'],
    );
  });

  it('written by import declares what is there, push jobs among them', async () => {
    const theirs = { store: 'archive', remote: 'offsite', 'remote-store': 'far', 'sync-direction': 'push' };
    on.state.syncJobs.push({ id: 'theirs', options: { ...theirs, ns: 'a', 'max-depth': 0, 'rate-out': '5 MB' } });
    const text = asYaml(await on.written(pbsSyncJob));
    const [found, declared] = await on.foundAndDeclared(pbsSyncJob, text);
    assert.deepEqual(declared, found);
    assert.deepEqual(Object.keys(found), ['copies', 'theirs']);
    const plan = await on.plan(text);
    assert.deepEqual([plan.steps, plan.refusals], [[], []]);
  });

  for (const [more, problem] of [
    ['store: tank, remote_store: tank', /remote_store: is the datastore itself/],
    ['store: tank, remote_store: other, direction: push', /direction: is push, and there is no `remote`/],
    [`${push}, resync_corrupt: true`, /resync_corrupt: is only for pull/],
    [`${pull}, active_encryption_key: one`, /active_encryption_key: is only for push/],
    [`${pull}, unmount_on_done: true`, /unmount_on_done: needs `run_on_mount: true`/],
    [`${pull}, namespace: a/b/c, max_depth: 5`, /max_depth: is at most 4 here/],
    [`${pull}, groups: [vm/100]`, /groups\[0\]: is no filter/],
    [`${pull}, groups: ["regex:("]`, /groups: holds regex:\(, which is no regular expression/],
  ] as const)
    it(`is refused, and says where, as ${more}`, async () => {
      const text = `pbs: [{ name: p, url: "https://p:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, sync: [{ name: copies, ${more} }] }]`;
      assert.match((await problemsIn(text)).join('\n'), problem);
    });
});

describe('a sync job on a PBS from before push', () => {
  it('is read and made as a pull; as a push it is refused', async () => {
    await using old = await pbsEstate({ versions: { pbs: '3.2.1' } });
    old.state.remotes.push({ id: 'offsite', options });
    await old.settle(job(`${pull}, schedule: daily`));
    assert.deepEqual(
      (await old.plan(job(`${push}, schedule: daily`))).refusals.map(({ says }) => says.replace(/^.*: /, '')),
      ['pbs-pihanga runs Proxmox Backup Server 3.2.1, which has no push sync yet'],
    );
  });
});
