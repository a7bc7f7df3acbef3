import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Consequence } from '../contracts/consequence.ts';
import type { GuestSeen } from '../model/fact-types.ts';
import type { Ask } from '../model/facts.ts';
import { entry, guest, house, notesOf, planned } from './plans.test-support.ts';
import { sameIdTwice } from './same-id-twice.ts';

const weighing = [sameIdTwice];
const store = 'datastores: [{ name: tank, path: /mnt/tank }]';
const on = (servers: string, more = '') => house(store, `pbs_storages: [${entry(`on: [${servers}]`)}${more}]`);
const lists = (each: Readonly<Record<string, readonly GuestSeen[]>>) => (ask: Ask) =>
  ask.fact === 'guests' ? each[ask.server] : undefined;
const collide = lists({
  ruapehu: [guest(100, 'web'), guest(101, 'db')],
  pihanga: [guest(100, 'mail', { node: 'pihanga' }), guest(102, 'dns', { node: 'pihanga' })],
});

describe('one namespace for two clusters with equal guests', () => {
  it('is refused, with a namespace for each; nothing of it is planned', async () => {
    const made = await planned(weighing, { now: on('ruapehu, pihanga'), answer: collide });
    assert.deepEqual(
      made.plan.steps.filter(({ kind }) => kind.startsWith('pve-storage')),
      [],
    );
    const [first, second] = made.plan.refusals;
    assert.deepEqual([first?.code, second?.code], ['same-guest-twice', 'same-guest-twice']);
    assert.match(first?.says ?? '', /^pihanga and ruapehu both have vm\/100, and both would write to tank on backup/);
    assert.match(first?.remedy ?? '', /namespace: pihanga for pihanga, ruapehu for ruapehu/);
  });

  it('refuses only what is new: the server that already writes there goes on', async () => {
    const made = await planned(weighing, { before: on('ruapehu'), now: on('ruapehu, pihanga'), answer: collide });
    assert.deepEqual(
      made.plan.refusals.map(({ subject }) => subject),
      ['pve-storage/pihanga/tank'],
    );
  });

  it('is fine with other ids, other types, other namespaces, and for nodes of one cluster', async () => {
    const apart = lists({ ruapehu: [guest(100, 'web')], pihanga: [guest(100, 'ct', { type: 'lxc' })] });
    const cluster = [guest(100, 'web'), guest(101, 'db', { node: 'pihanga' })];
    const one = lists({ ruapehu: cluster, pihanga: cluster });
    for (const answer of [apart, one]) {
      const made = await planned(weighing, { now: on('ruapehu, pihanga'), answer });
      assert.deepEqual([made.plan.refusals, made.plan.steps.length], [[], 3]);
    }
    const spaces = on(
      'ruapehu',
      `, ${entry('on: [pihanga], namespace: pihanga').replace('name: tank', 'name: second')}`,
    );
    assert.deepEqual((await planned(weighing, { now: spaces, answer: collide })).asked, []);
  });

  it('asks nobody where nothing new points there', async () => {
    const both = on('ruapehu, pihanga');
    assert.deepEqual((await planned(weighing, { before: both, now: both })).asked, []);
  });

  it('still says what another consequence has asked: that it is so already', async () => {
    const curious: Consequence = {
      name: 'curious',
      asks: () => ['ruapehu', 'pihanga'].map((server) => ({ fact: 'guests' as const, server })),
      judge: () => ({}),
    };
    const both = on('ruapehu, pihanga');
    const said = notesOf(await planned([...weighing, curious], { before: both, now: both, answer: collide }));
    assert.match(said.join(), /^warning pbs-datastore\/backup\/tank: pihanga, ruapehu write to tank, .* has vm\/100/);
  });

  it('has nothing against a job that leaves the guest alone that two of them have', async () => {
    const job = (select: string) =>
      `${on('ruapehu, pihanga')}\nbackup_jobs: [{ name: nightly, on: [pihanga], schedule: "02:00", select: ${select}, storage: tank }]`;
    const before = on('ruapehu, pihanga');
    const others = await planned(weighing, { before, now: job('{ all_but: [100] }'), answer: collide });
    assert.deepEqual(others.plan.refusals, []);
    const taken = await planned(weighing, { before, now: job('{ guests: [100] }'), answer: collide });
    assert.equal(taken.plan.refusals.length, 1);
  });

  it('refuses a backup job that begins to write there, and says what could not be computed', async () => {
    const job = '\nbackup_jobs: [{ name: nightly, on: [pihanga], schedule: "02:00", select: all, storage: tank }]';
    const [before, now] = [on('ruapehu, pihanga'), `${on('ruapehu, pihanga')}${job}`];
    const made = await planned(weighing, { before, now, answer: collide });
    assert.deepEqual(
      made.plan.refusals.map(({ subject }) => subject),
      ['pve-backup-job/pihanga/nightly'],
    );
    const half = await planned(weighing, { before, now, answer: lists({ pihanga: [guest(100, 'x')] }) });
    assert.deepEqual(half.plan.refusals, []);
    assert.match(notesOf(half).join(), /could not be computed: whether ruapehu, which writes to tank too/);
  });
});
