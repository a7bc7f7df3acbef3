import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { problemsIn } from '../../estate/estate.test-support.ts';
import { asYaml, type PbsEstate, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsNotificationMatcher } from './pbs-notification-matcher.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
});
after(() => on[Symbol.asyncDispose]());

const endpoint = 'notification_endpoints: [{ kind: sendmail, name: admins, mailto: [a@lab.example] }]';
const matchers = (...entries: readonly string[]): string =>
  `${endpoint}\nnotification_matchers: [${entries.map((one) => `{ ${one} }`).join(', ')}]`;
const stored = (name: string) => on.state.notifications.find(({ id, type }) => id === name && type === 'matcher');
const failures = 'name: failures, targets: [admins], match_severity: ["warning,error"]';

describe('a notification matcher of a PBS', () => {
  it('is made after the endpoint it sends to, and the plan after it is empty', async () => {
    await on.settle(matchers(failures));
    assert.deepEqual(stored('failures')?.options, {
      ...{ mode: 'all', target: ['admins'], 'match-severity': ['error,warning'] },
    });
  });

  it('takes every option there is, and gives each of them up again', async () => {
    const all = `name: failures, targets: [admins, mail-to-root], match_severity: [error, unknown], mode: any, invert: true,
      match_field: ["exact:type=verify,gc", "regex:hostname=^pbs"], match_calendar: ["mon..fri 8-18"], comment: ours, enabled: false`;
    await on.settle(matchers(all));
    assert.deepEqual(stored('failures')?.options, {
      ...{ target: ['admins', 'mail-to-root'], 'match-severity': ['error', 'unknown'], mode: 'any', disable: true },
      'match-field': ['exact:type=gc,verify', 'regex:hostname=^pbs'],
      ...{ 'match-calendar': ['mon..fri 8:00-18:00'], 'invert-match': true, comment: 'ours' },
    });
    await on.settle(matchers('name: failures'));
    assert.deepEqual(stored('failures')?.options, { mode: 'all' });
  });

  it('is as declared in whatever order and spelling the server has it', async () => {
    const options = stored('failures')?.options;
    assert.ok(options !== undefined);
    Object.assign(options, {
      ...{ target: ['mail-to-root', 'admins'], 'match-severity': ['error, warning', 'info'] },
      ...{ 'match-calendar': ['fri,mon..thu 08:00 - 18:00'], 'match-field': ['exact:type=verify,gc'] },
    });
    const same = `name: failures, targets: [admins, mail-to-root], match_severity: [info, "warning,error"],
      match_field: ["exact:type=gc,verify"], match_calendar: ["mon..fri 8-18"]`;
    assert.deepEqual((await on.plan(matchers(same))).steps, []);
    const later = await on.plan(matchers(same.replace('8-18', '8-19')));
    assert.equal(later.steps.length, 1, 'an hour more is a change (control)');
  });

  for (const [change, what] of [
    ['enabled: false', 'is switched off'],
    ['match_severity: [error]', 'hears of less'],
    ['match_calendar: ["8-9"]', 'hears at fewer hours'],
    ['invert: true', 'is turned round'],
  ] as const)
    it(`that ${what} weakens`, async () => {
      Object.assign(stored('failures') ?? {}, { options: { mode: 'all', target: ['admins'] } });
      const { steps } = await on.plan(matchers(`name: failures, targets: [admins], ${change}`));
      assert.deepEqual(
        steps.map((step) => step.changes.map((one) => one.class)),
        [['weakens']],
      );
      assert.match(steps[0]?.because.join() ?? '', /messages may stay away that came until now/);
    });

  it('that sends to one more weakens nothing, and one without targets says that it sends nothing', async () => {
    const { steps } = await on.plan(matchers('name: failures, targets: [admins, mail-to-root]'));
    assert.deepEqual(
      steps[0]?.changes.map((one) => one.class),
      ['strengthens'],
    );
    const { notes } = await on.plan(matchers('name: failures'));
    assert.ok(notes.some(({ level, says }) => level === 'warning' && /no targets/.test(says)));
  });

  it('goes before the endpoint it sends to', async () => {
    await on.settle(matchers(failures));
    const plan = await on.plan('notification_matchers: []', { prune: true });
    assert.deepEqual([...new Set((await on.apply(plan)).fates)], ['done']);
    assert.deepEqual(on.state.notifications, []);
  });

  it('that every PBS has is not somebody else’s as it came; changed, it is as it came once no longer declared', async () => {
    const notes = (await on.plan(matchers(failures))).notes.map(({ says }) => says).join();
    assert.doesNotMatch(notes, /default-matcher/);
    await on.settle(matchers('name: default-matcher, targets: [mail-to-root], match_severity: [error]'));
    assert.deepEqual(stored('default-matcher')?.options['match-severity'], ['error']);
    const reset = await on.plan(endpoint, { prune: true });
    assert.deepEqual((await on.apply(reset)).fates, ['done']);
    assert.equal(stored('default-matcher'), undefined);
  });

  it('written by import declares what is there, and nothing more', async () => {
    on.state.notifications.push({
      ...{ id: 'theirs', type: 'matcher' },
      options: {
        target: ['mail-to-root'],
        'match-calendar': ['8-12'],
        'match-field': ['exact:type=sync'],
        'invert-match': true,
      },
    });
    const text = asYaml(await on.written(pbsNotificationMatcher));
    const [found, declared] = await on.foundAndDeclared(pbsNotificationMatcher, text);
    assert.deepEqual(declared, found);
    assert.deepEqual(Object.keys(found), ['theirs']);
    assert.doesNotMatch(text, /enabled|mode|comment|severity/);
    assert.deepEqual((await on.plan(text)).steps, []);
  });

  it('is refused in the file where PBS could not read it', async () => {
    const estate = (entry: string) =>
      `pbs: [{ name: p, url: "https://p:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, notification_matchers: [{ name: mine, ${entry} }] }]`;
    const said = async (entry: string) => (await problemsIn(estate(entry))).join();
    assert.match(await said('match_field: ["type=prune"]'), /is no rule; write exact:/);
    assert.match(await said('match_severity: [fatal]'), /has something else than info/);
    assert.match(await said('match_calendar: ["22-6"]'), /is no part of a day: ends before it begins/);
    assert.equal(await said('match_calendar: ["22-23:59", "0-6"]'), '');
  });
});
