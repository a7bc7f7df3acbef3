import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type TestLab, testLab } from '../../lab/ask.test-support.ts';
import type { PbsState } from '../../lab/pbs/state.ts';
import type { PveState } from '../../lab/pve/state.ts';
import { read } from '../estate/estate.test-support.ts';
import { guardSchema } from '../guard/guard.ts';
import type { GuestSeen, SnapshotSeen } from '../model/fact-types.ts';
import type { Ask } from '../model/facts.ts';
import { fakeApi } from '../proxmox/fake-api.test-support.ts';
import type { Surroundings } from '../surroundings.ts';
import { systemClock } from '../values/instant.ts';
import { type OpenWorld, openWorld } from '../world.ts';
import { askFacts } from './ask-facts.ts';
import { answerTo } from './facts.ts';

describe('facts of real servers, as the full lab answers', () => {
  let lab: TestLab;
  let world: OpenWorld;
  before(async () => {
    lab = await testLab({ size: 'full' });
    const estate = await read(join(lab.dir, 'connections.yaml'));
    const surroundings = { clock: systemClock, env: {}, home: lab.dir, user: process.getuid?.() ?? -1 };
    world = openWorld(surroundings as unknown as Surroundings, estate, guardSchema.parse({}), lab.dir);
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
  });
  const pbs = 'pbs-pihanga';
  const stateOf = <State>(server: string) => lab.lab.servers[server]?.state as State;
  const told = async (...asks: readonly Ask[]) =>
    (await askFacts(world, asks)).map(({ known }) => ('answer' in known ? known.answer : known.fault));

  it('have every snapshot of a datastore, whether one namespace is asked or all below', async () => {
    const [store] = stateOf<PbsState>(pbs).datastores;
    assert.ok(store !== undefined);
    const [all] = await told({ fact: 'snapshots-below', server: pbs, store: store.name, namespace: '', depth: null });
    const spaces = all as readonly { namespace: string; snapshots: readonly SnapshotSeen[] }[];
    assert.ok(spaces.length > 0 && spaces.some(({ snapshots }) => snapshots.length > 50), 'months of backups');
    for (const { namespace, snapshots } of spaces) {
      const [one] = await told({ fact: 'snapshots', server: pbs, store: store.name, namespace });
      const times = (list: unknown) => (list as readonly SnapshotSeen[]).map(({ time, id }) => `${id} ${time}`).sort();
      assert.deepEqual(times(one), times(snapshots));
    }
  });

  it('have the guests, the zone and the backups that ended, and ask for each once however many want it', async () => {
    const seen = lab.log().length;
    const guests: Ask = { fact: 'guests', server: 'ruapehu' };
    const zone: Ask = { fact: 'time-zone', server: 'ruapehu' };
    const ended: Ask = { fact: 'ended-backups', server: 'ruapehu' };
    const running: Ask = { fact: 'running-backups', server: 'ruapehu' };
    const answers = await told(guests, guests, zone, ended, running, { ...zone, server: pbs });
    assert.equal(answers.length, 5);
    const [backups, list, now, zones] = answers as [{ endedAt: number }[], GuestSeen[], unknown[], string];
    const held = stateOf<PveState>('ruapehu').guests.map(({ vmid }) => vmid);
    assert.deepEqual(list.map(({ vmid }) => vmid).sort(), held.sort());
    assert.deepEqual([now, typeof zones], [[], 'string']);
    assert.ok(backups.length > 0 && backups.every(({ endedAt }) => endedAt > 0));
    assert.equal(lab.log().length - seen, 5);
  });

  it('are a fault, and never nothing, where a server refuses', async () => {
    const [answer] = await told({ fact: 'snapshots', server: pbs, store: 'nosuch', namespace: '' });
    assert.ok('code' in (answer as object), JSON.stringify(answer));
  });
});

describe('facts read tolerantly', () => {
  const api = (answers: Readonly<Record<string, unknown>>, asked: string[] = []) =>
    fakeApi('pbs', (_, path, params) => {
      asked.push(`${path} ${JSON.stringify(params)}`);
      return { data: answers[path] ?? [] };
    });

  it('ask for the levels that are wanted, and each namespace by its name', async () => {
    const asked: string[] = [];
    const list = [{ ns: 'prod/web' }, { ns: 'prod' }];
    const below: Ask = { fact: 'snapshots-below', server: 'lab', store: 'tank', namespace: 'prod', depth: 1 };
    const answer = await answerTo(api({ '/admin/datastore/tank/namespace': list }, asked), below, {});
    assert.deepEqual(answer, [
      { namespace: 'prod', snapshots: [] },
      { namespace: 'prod/web', snapshots: [] },
    ]);
    assert.deepEqual(asked, [
      '/admin/datastore/tank/namespace {"parent":"prod","max-depth":1}',
      '/admin/datastore/tank/snapshots {"ns":"prod"}',
      '/admin/datastore/tank/snapshots {"ns":"prod/web"}',
    ]);
  });

  it('tell backups from other tasks, and running from ended ones', async () => {
    const tasks = [
      { type: 'vzdump', node: 'a', starttime: '20', id: '109', status: 'RUNNING' },
      { type: 'qmstart', node: 'a', starttime: 5, id: '100' },
      { type: 'vzdump', node: 'b', starttime: 10, endtime: 15, id: '' },
    ];
    const from = api({ '/cluster/tasks': tasks });
    assert.deepEqual(await answerTo(from, { fact: 'running-backups', server: 'lab' }, {}), [
      { node: 'a', startedAt: 20, vmid: 109 },
    ]);
    assert.deepEqual(await answerTo(from, { fact: 'ended-backups', server: 'lab' }, {}), [
      { node: 'b', startedAt: 10, vmid: undefined, endedAt: 15 },
    ]);
  });
});
