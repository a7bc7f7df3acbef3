// The lab serves what it says, all of it, and answers in the published shape.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Form, type ServerId, type TestLab, testLab } from '../ask.test-support.ts';
import { handlers as pbsHandlers } from '../pbs/handlers.ts';
import { isChecked, unchecked } from '../pve/formats.ts';
import { pveHandlers } from '../pve/handlers.ts';
import { type Contract, find, pbsContract, pveContract, type Schema } from './contract.ts';
import { furnish, pbsGets, pbsOtherwise } from './pbs-gets.test-support.ts';
import { differences } from './returns.test-support.ts';
import served from './served.json' with { type: 'json' };

const namesIn = (paths: Readonly<Record<string, readonly string[]>>): readonly string[] =>
  Object.entries(paths)
    .flatMap(([path, methods]) => methods.map((method) => `${method} ${path}`))
    .sort();

describe('the contract', () => {
  it('is served whole, and nothing beside it', () => {
    assert.deepEqual(Object.keys(pveHandlers).sort(), namesIn(served.pve));
    assert.deepEqual(Object.keys(pbsHandlers).sort(), namesIn(served.pbs));
  });

  it('has no format for a text that the lab would let pass unseen', () => {
    const formatsOf = (schema: Schema): readonly string[] => [
      ...(typeof schema.format === 'string' ? [schema.format] : []),
      ...Object.values(schema.properties ?? {}).flatMap(formatsOf),
      ...(typeof schema.format === 'object' ? formatsOf(schema.format) : []),
    ];
    const parameters = Object.values(pveContract.paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap((method) => Object.values(method.parameters));
    const names = new Set([...parameters, ...Object.values(pveContract.formats)].flatMap(formatsOf));
    assert.ok(names.size > 5, 'there were formats at all');
    const unseen = [...names].filter((name) => !isChecked(name) && !unchecked.includes(name));
    assert.deepEqual(
      unseen.filter((name) => !Object.hasOwn(pveContract.formats, name)),
      [],
    );
  });
});

describe('every answer to a GET', () => {
  let lab: TestLab;
  let upid = '';
  let pbsUpid = '';
  before(async () => {
    lab = await testLab({ taskSeconds: 0 });
    // Whoever asks for everything has to be allowed everything.
    for (const host of ['ruapehu', 'hikurangi'] as const) {
      const state = lab.lab.servers[host]?.state;
      const authIds = ['holdfast@pve', 'holdfast@pve!ops'];
      if (state?.product === 'pve')
        state.acl = authIds.map((authId) => ({ path: '/', authId, role: 'Administrator', propagate: true }));
    }
    const made = { form: { all: 1, storage: 'old-pbs' } };
    upid = String((await lab.ask('ruapehu', 'POST', '/nodes/ruapehu/vzdump', made)).json.data);
    await furnish(lab);
    const pruned = await lab.ask('pbs-pihanga', 'POST', '/admin/prune/workshop-weekly/run');
    pbsUpid = String(pruned.json.data);
  });
  after(() => lab[Symbol.asyncDispose]());

  const node = '/nodes/ruapehu';
  const scan = (): Form => ({
    server: '127.0.0.1',
    port: lab.port('pbs-pihanga'),
    username: 'holdfast@pbs!storage',
    password: lab.secret('storage.token'),
    fingerprint: lab.lab.servers['pbs-pihanga']?.fingerprint ?? '',
  });
  const calls = (): readonly (readonly [ServerId, string, (Form | undefined)?])[] => [
    ['ruapehu', '/access/acl'],
    ['ruapehu', '/access/permissions'],
    ['ruapehu', '/access/roles'],
    ['ruapehu', '/access/roles/Administrator'],
    ['ruapehu', '/access/users', { full: 1 }],
    ['ruapehu', '/access/users/holdfast@pve'],
    ['ruapehu', '/access/users/holdfast@pve/token'],
    ['ruapehu', '/access/users/holdfast@pve/token/ops'],
    ['hikurangi', '/cluster/backup/by-hand/included_volumes'],
    ['ruapehu', '/cluster/jobs/schedule-analyze', { schedule: 'daily' }],
    ['ruapehu', '/cluster/notifications/matchers'],
    ['ruapehu', '/cluster/notifications/targets'],
    ['ruapehu', '/cluster/status'],
    ['ruapehu', `${node}/apt/versions`],
    ['ruapehu', `${node}/journal`, { lastentries: 20 }],
    ['ruapehu', `${node}/lxc`],
    ['ruapehu', `${node}/lxc/110/config`],
    ['ruapehu', `${node}/lxc/110/status/current`],
    ['ruapehu', `${node}/qemu`],
    ['ruapehu', `${node}/qemu/101/config`],
    ['ruapehu', `${node}/qemu/101/status/current`],
    ['ruapehu', `${node}/services`],
    ['ruapehu', `${node}/services/pvedaemon/state`],
    ['ruapehu', `${node}/time`],
    ['ruapehu', `${node}/vzdump/defaults`],
    ['ruapehu', '/pools'],
    ['ruapehu', '/pools/drill'],
    ['hikurangi', '/cluster/backup'],
    ['hikurangi', '/cluster/backup/by-hand'],
    ['ruapehu', '/cluster/backup-info/not-backed-up'],
    ['ruapehu', '/cluster/resources'],
    ['ruapehu', '/cluster/tasks'],
    ['ruapehu', '/nodes'],
    ['ruapehu', `${node}/scan/pbs`, scan()],
    ['ruapehu', `${node}/status`],
    ['ruapehu', `${node}/storage`],
    ['ruapehu', `${node}/storage/old-pbs/content`],
    ['ruapehu', `${node}/storage/old-pbs/status`],
    ['ruapehu', `${node}/tasks`, { source: 'all' }],
    ['ruapehu', `${node}/tasks/${encodeURIComponent(upid)}/log`],
    ['ruapehu', `${node}/tasks/${encodeURIComponent(upid)}/status`],
    ['ruapehu', '/storage'],
    ['ruapehu', '/storage/old-pbs'],
    ['ruapehu', '/version'],
    ...pbsGets(lab, pbsUpid).map(([path, form]) => ['pbs-pihanga' as const, path, form] as const),
  ];

  const described = (server: ServerId, path: string): Readonly<{ name: string; returns: Schema }> => {
    const contract: Contract<unknown> = server === 'pbs-pihanga' ? pbsContract : pveContract;
    const found = find(contract, 'GET', path);
    assert.ok(found !== undefined, path);
    return { name: found.name, returns: found.method.returns };
  };

  const otherwise = (path: string, difference: string): boolean =>
    pbsOtherwise.some(([where, what]) => where.test(path) && what.test(difference));

  it('has the published shape', async () => {
    for (const [server, path, form] of calls()) {
      const answer = await lab.ask(server, 'GET', path, form === undefined ? {} : { form });
      assert.equal(answer.status, 200, `${server} ${path}: ${answer.phrase} ${answer.text}`);
      const { data } = answer.json;
      const found = differences(data, described(server, path).returns);
      const wrong = found.filter((difference) => !otherwise(path, difference));
      assert.deepEqual(wrong.slice(0, 5), [], `${server} ${path}`);
    }
  });

  it('was asked for: no GET is left out', () => {
    const asked = (pbs: boolean) =>
      new Set(
        calls()
          .filter(([server]) => (server === 'pbs-pihanga') === pbs)
          .map(([server, path]) => described(server, path).name),
      );
    const gets = (paths: Readonly<Record<string, readonly string[]>>) =>
      namesIn(paths).filter((name) => name.startsWith('GET '));
    assert.deepEqual([...asked(false)].sort(), gets(served.pve));
    assert.deepEqual([...asked(true)].sort(), gets(served.pbs));
  });

  it('would be found wrong (control)', () => {
    const shape: Schema = { type: 'object', properties: { n: { type: 'integer' } }, additionalProperties: false };
    assert.equal(differences({ n: 'x' }, shape).length, 1);
    assert.equal(differences({}, shape).length, 1);
    assert.equal(differences({ n: 1, other: 2 }, shape).length, 1);
    assert.deepEqual(differences({ n: '1' }, shape), []);
  });
});
