import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { problemsIn } from '../../estate/estate.test-support.ts';
import { fakeApi } from '../../proxmox/fake-api.test-support.ts';
import { asYaml, type PbsEstate, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsTrafficRule } from './pbs-traffic-rule.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
});
after(() => on[Symbol.asyncDispose]());

const fakeList = () => fakeApi('pbs', () => ({ data: [{ name: 'daytime', network: ['::/0'], 'rate-in': '3 GiB' }] }));
const rule = (more: string): string =>
  `traffic_control: [{ name: daytime, networks: [10.10.0.0/24, "fd00::/64"], ${more} }]`;
const stored = () => on.state.trafficRules.find(({ id }) => id === 'daytime');
const all = `rate_in: 100MiB, rate_out: 1.5 GB, burst_in: 200 MiB, burst_out: "3000000", timeframes: ["mon..fri 8-18", "sat 9-12"],
  users: ["workshop@pbs", "holdfast@pbs"], comment: at work`;

describe('a traffic rule of a PBS', () => {
  it('is made with every option there is, and the plan after it is empty', async () => {
    await on.settle(rule(all));
    assert.deepEqual(stored()?.options, {
      network: ['10.10.0.0/24', 'fd00::/64'],
      ...{ 'rate-in': '100 MiB', 'rate-out': '1500 MB', 'burst-in': '200 MiB', 'burst-out': '3 MB' },
      timeframe: ['mon..fri 8:00-18:00', 'sat 9:00-12:00'],
      ...{ users: ['holdfast@pbs', 'workshop@pbs'], comment: 'at work' },
    });
  });

  it('is as declared in whatever unit, order and spelling the server has it', async () => {
    Object.assign(stored()?.options ?? {}, {
      ...{
        network: ['fd00::/64', '10.10.0.0/24'],
        'rate-in': '102400 KiB',
        'rate-out': '1.5 GB',
        'burst-out': '3000000 B',
      },
      timeframe: ['sat 09:00 - 12:00', 'fri,mon..thu 8-18'],
    });
    assert.deepEqual((await on.plan(rule(all))).steps, []);
    const { steps } = await on.plan(rule(all.replace('100MiB', '100MB')));
    assert.deepEqual(
      steps[0]?.changes.map(({ field, from, to }) => [field, from, to]),
      [['rate_in', '100 MiB', '100 MB']],
      'a decimal unit is another rate (control)',
    );
  });

  it('gives every option up again', async () => {
    await on.settle(rule('rate_in: 1 GiB'));
    const inItsOwnOrder = ['fd00::/64', '10.10.0.0/24'];
    assert.deepEqual(stored()?.options, { network: inItsOwnOrder, 'rate-in': '1 GiB' });
    assert.match(String(on.sent(/traffic-control/).at(-1)?.['delete']), /rate-out/);
  });

  it('is read without the right to change it', async () => {
    const own = on.state.acl.filter(({ authId }) => authId.startsWith('holdfast@pbs'));
    for (const entry of own) Object.assign(entry, { role: 'Audit' });
    assert.deepEqual((await on.plan(rule('rate_in: 1 GiB'))).steps, []);
    for (const entry of own) Object.assign(entry, { role: 'Admin' });
  });

  it('that somebody changes after it was looked at is not written over', async () => {
    const plan = await on.plan(rule('rate_in: 2 GiB'));
    await on.settle(rule('rate_in: 3 GiB'));
    const { fates } = await on.apply(plan);
    assert.deepEqual(fates, ['refused']);
    assert.equal(stored()?.options['rate-in'], '3 GiB');
    const api = fakeApi('pbs', () => ({
      data: { name: 'daytime', network: ['::/0'], 'rate-in': '3 GiB' },
      digest: 'd',
    }));
    const value = { ...(await pbsTrafficRule.read(fakeList(), { within: [] })).found[0]?.value, rate_in: '1 GiB' };
    const late = () => pbsTrafficRule.remove(api, { name: 'daytime', value }, { signal: new AbortController().signal });
    await assert.rejects(late, /somebody changed it after it was looked at/);
  });

  it('is removed when it is no longer declared and --prune is said; the others stay', async () => {
    on.state.trafficRules.push({ id: 'theirs', options: { network: ['0.0.0.0/0'], 'rate-out': '10 MB' } });
    const plan = await on.plan('traffic_control: []', { prune: true });
    assert.match(plan.notes.map(({ says }) => says).join(), /left alone.*theirs/);
    assert.deepEqual((await on.apply(plan)).fates, ['done']);
    assert.deepEqual(
      on.state.trafficRules.map(({ id }) => id),
      ['theirs'],
    );
  });

  it('written by import declares what is there, and nothing more', async () => {
    const text = asYaml(await on.written(pbsTrafficRule));
    const [found, declared] = await on.foundAndDeclared(pbsTrafficRule, text);
    assert.deepEqual(declared, found);
    assert.equal(text, 'traffic_control: [{"name":"theirs","networks":["0.0.0.0/0"],"rate_out":"10 MB"}]');
    assert.deepEqual((await on.plan(text)).steps, []);
  });

  it('by user is refused on a PBS that knows no users there yet', async () => {
    await using old = await pbsEstate({ versions: { pbs: '4.0.1' } });
    assert.match(
      (await old.plan(rule('users: [workshop@pbs]'))).refusals[0]?.says ?? '',
      /no traffic rules by user yet/,
    );
    assert.deepEqual((await old.plan(rule('rate_in: 1 MB'))).refusals, []);
  });

  it('is refused in the file where PBS could not read it', async () => {
    const estate = (more: string) =>
      `pbs: [{ name: p, url: "https://p:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, traffic_control: [{ name: day, ${more} }] }]`;
    const said = async (more: string) => (await problemsIn(estate(more))).join();
    assert.match(await said('networks: [10.10.0.0]'), /is no network; write 10.10.0.0\/24/);
    assert.match(await said('networks: [10.0.0.0/8], rate_in: fast'), /rate_in: is no size/);
    assert.match(await said('networks: [10.0.0.0/8], timeframes: ["22-6"]'), /ends before it begins/);
    assert.equal(await said('networks: [10.0.0.0/8], rate_in: 5 MB'), '');
  });
});
