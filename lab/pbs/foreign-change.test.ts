// A foreign hand changes any entry of a PBS: through the control of a lab, and just before a write.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TestLab, testLab } from '../ask.test-support.ts';
import { furnish } from '../contract/pbs-gets.test-support.ts';
import { digestOf } from './config-file.ts';
import type { ConfigFile } from './config-file-names.ts';
import { foreignHandOn } from './foreign.ts';
import { pbsLab } from './product.test-support.ts';

const server = 'pbs-pihanga';
let lab: TestLab;
before(async () => {
  lab = await testLab({ taskSeconds: 0 });
  await furnish(lab);
});
after(() => lab[Symbol.asyncDispose]());

const change = async (body: Readonly<Record<string, unknown>>) => {
  const answer = await fetch(`${lab.lab.control}/change`, {
    method: 'POST',
    body: JSON.stringify({ server, ...body }),
  });
  return { status: answer.status, text: await answer.text() };
};
const read = async (path: string) => (await lab.ask(server, 'GET', path)).json;

describe('POST /change on a PBS', () => {
  it('sets and unsets options of any kind of entry, and the digest of its file is another', async () => {
    const changes: readonly (readonly [kind: string, name: string, path: string, set: Record<string, unknown>])[] = [
      ['prune', 'workshop-weekly', '/config/prune/workshop-weekly', { 'keep-weekly': 1 }],
      ['verify', 'v-weekly', '/config/verify/v-weekly', { 'outdated-after': 7 }],
      ['sync', 's-daily', '/config/sync/s-daily', { 'remove-vanished': true }],
      ['remote', 'itself', '/config/remote/itself', { host: 'elsewhere.example' }],
      ['traffic-control', 'office', '/config/traffic-control/office', { network: ['198.51.100.0/24'] }],
      ['s3', 'cloud', '/config/s3/cloud', { region: 'elsewhere' }],
      ['notifications', 'push', '/config/notifications/endpoints/gotify/push', { disable: true }],
      ['notifications', 'errors', '/config/notifications/matchers/errors', { mode: 'any' }],
      ['metrics', 'graphs', '/config/metrics/influxdb-http/graphs', { bucket: 'other' }],
      ['datastore', 'archive', '/config/datastore/archive', { 'verify-new': true, comment: 'by hand' }],
      ['user', 'workshop@pbs', '/access/users/workshop@pbs', { comment: 'by hand' }],
    ];
    for (const [kind, name, path, set] of changes) {
      const { digest } = await read(path);
      const { status, text } = await change({ kind, name, set });
      assert.equal(status, 200, `${kind}: ${text}`);
      const after = await read(path);
      for (const [option, value] of Object.entries(set))
        assert.deepEqual((after.data as Record<string, unknown>)[option], value, `${kind} ${option}`);
      assert.notEqual(after.digest, digest, kind);
    }
    await change({ kind: 'datastore', name: 'archive', delete: ['verify-new', 'comment'] });
    assert.deepEqual((await read('/config/datastore/archive')).data, {
      name: 'archive',
      path: '/mnt/datastore/archive',
    });
  });
  it('gives and takes grants, and removes an entry whole', async () => {
    await change({ kind: 'acl', name: 'workshop@pbs', set: { path: '/', role: 'NoAccess' } });
    const grants = async () => ((await read('/access/acl')).data as { ugid: string }[]).map(({ ugid }) => ugid);
    assert.equal((await grants()).filter((ugid) => ugid === 'workshop@pbs').length, 2);
    await change({ kind: 'acl', name: 'workshop@pbs', delete: true });
    assert.ok(!(await grants()).includes('workshop@pbs'));
    assert.equal((await change({ kind: 'verify', name: 'v-weekly', delete: true })).text, 'null\n');
    assert.deepEqual((await read('/config/verify')).data, []);
  });
  it('says what makes no sense, and touches no secret', async () => {
    const refused: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{ kind: 'verify', set: { comment: 'x' } }, /`kind` and `name` go together/],
      [{ kind: 'nothing', name: 'x', set: { comment: 'x' } }, /kind/],
      [{ kind: 'remote', name: 'nobody', set: { comment: 'x' } }, /there is no remote 'nobody'/],
      [{ kind: 'remote', name: 'itself', set: { password: 'x' } }, /no option 'password'/],
      [{ kind: 'acl', name: 'workshop@pbs', set: { path: '/', role: 'Wizard' } }, /`role` that there is/],
    ];
    for (const [body, text] of refused) {
      const answer = await change(body);
      assert.equal(answer.status, 400);
      assert.match(answer.text, text);
    }
  });
});

describe('a foreign hand just before a write', () => {
  it('finds something to change in every file, also in an empty one', () => {
    const files: readonly ConfigFile[] = [
      ...(['datastore', 'prune', 'verification', 'sync', 'remote', 'traffic-control', 's3', 'user', 'acl'] as const),
      ...(['notifications', 'metricserver', 'encryption-keys'] as const),
    ];
    for (const file of files) {
      const { host } = pbsLab();
      const digests = new Set([digestOf(host, file)]);
      for (const _time of [1, 2]) {
        foreignHandOn(host, file);
        digests.add(digestOf(host, file));
      }
      assert.ok(digests.size >= 2, file);
      assert.notEqual([...digests][0], [...digests][1], file);
    }
  });
});
