import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { problemsIn } from '../../estate/estate.test-support.ts';
import type { Fault } from '../../fault.ts';
import type { Params } from '../../proxmox/api.ts';
import { textsOf } from '../../proxmox/encoding.ts';
import { fakeApi, refused } from '../../proxmox/fake-api.test-support.ts';
import { Secret } from '../../values/secret.ts';
import { asYaml, type PbsEstate, pbs, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsNotificationEndpoint } from './pbs-notification-endpoint.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
  on.secretFile('first.secret', 'first hidden value');
  on.secretFile('second.secret', 'second hidden value');
});
after(() => on[Symbol.asyncDispose]());

const endpoints = (...entries: readonly string[]): string =>
  `notification_endpoints: [${entries.map((one) => `{ ${one} }`).join(', ')}]`;
const stored = (name: string): Readonly<Record<string, unknown>> | undefined => {
  const found = on.state.notifications.find(({ id }) => id === name);
  return found === undefined ? undefined : { type: found.type, ...found.options };
};
const sent = () => on.sent(/\/config\/notifications\/endpoints\//);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const mail = 'kind: sendmail, name: admins, mailto: [b@lab.example, a@lab.example]';
const smtp =
  'kind: smtp, name: relay, server: mail.lab.example, from_address: pbs@lab.example, mailto_user: [root@pam]';
const gotify = 'kind: gotify, name: phone, server: "https://gotify.lab.example"';
const hook = 'kind: webhook, name: chat, url: "https://chat.lab.example/hook"';
const withToken = 'token: { file: first.secret }';

describe('notification endpoints of a PBS', () => {
  it('of all four kinds are made, each from its own list, and the plan after it is empty', async () => {
    await on.settle(endpoints(mail, `${smtp}, password: { file: first.secret }`, `${gotify}, ${withToken}`, hook));
    assert.deepEqual(stored('admins'), { type: 'sendmail', mailto: ['a@lab.example', 'b@lab.example'] });
    assert.deepEqual(stored('relay'), {
      ...{ type: 'smtp', server: 'mail.lab.example', 'from-address': 'pbs@lab.example', mode: 'tls' },
      'mailto-user': ['root@pam'],
    });
    assert.deepEqual(stored('phone'), { type: 'gotify', server: 'https://gotify.lab.example' });
    assert.deepEqual(stored('chat'), { type: 'webhook', url: 'https://chat.lab.example/hook', method: 'post' });
  });

  it('take every option there is, and give each of them up again', async () => {
    const more = 'enabled: false, comment: for us';
    await on.settle(
      endpoints(
        `${mail}, mailto_user: [root@pam], author: PBS, from_address: pbs@lab.example, ${more}`,
        `${smtp}, port: 2525, mode: starttls, username: pbs, mailto: [a@lab.example], author: PBS, ${more}`,
        `${gotify}, ${withToken}, ${more}`,
        `${hook}, method: put, headers: { X-Kind: "{{ severity }}", Accept: text/plain }, body: "{{ title }} = ü", ${more}`,
      ),
    );
    assert.deepEqual(stored('chat'), {
      ...{ type: 'webhook', url: 'https://chat.lab.example/hook', method: 'put', disable: true, comment: 'for us' },
      header: [`name=X-Kind,value=${base64('{{ severity }}')}`, `name=Accept,value=${base64('text/plain')}`],
      body: base64('{{ title }} = ü'),
    });
    assert.equal(stored('relay')?.['port'], 2525);
    await on.settle(endpoints(mail, smtp, `${gotify}, ${withToken}`, hook));
    assert.deepEqual(stored('admins'), { type: 'sendmail', mailto: ['a@lab.example', 'b@lab.example'] });
    assert.deepEqual(Object.keys(stored('relay') ?? {}).sort(), [
      'from-address',
      'mailto-user',
      'mode',
      'server',
      'type',
    ]);
    assert.deepEqual(stored('chat'), { type: 'webhook', url: 'https://chat.lab.example/hook', method: 'post' });
  });

  it('are as declared where the server spells them otherwise', async () => {
    const chat = on.state.notifications.find(({ id }) => id === 'chat');
    assert.ok(chat !== undefined);
    Object.assign(chat.options, { disable: false, comment: ' ' });
    Object.assign(on.state.notifications.find(({ id }) => id === 'admins')?.options ?? {}, {
      mailto: ['b@lab.example', 'a@lab.example'],
    });
    assert.deepEqual((await on.plan(endpoints(mail, smtp, hook))).steps, []);
    Object.assign(chat.options, { method: 'get' });
    assert.equal((await on.plan(endpoints(mail, smtp, hook))).steps.length, 1, 'another method is a change (control)');
    Object.assign(chat.options, { method: 'post' });
  });

  it('are sent a secret again when another one is declared, or when it would go to somebody else', async () => {
    const before = sent().length;
    await on.settle(endpoints(`${gotify}, token: { file: second.secret }`));
    await on.settle(
      endpoints('kind: gotify, name: phone, server: "https://other.lab.example", token: { file: second.secret }'),
    );
    assert.deepEqual(
      sent()
        .slice(before)
        .map((call) => ['token' in call, call['server']]),
      [
        [true, undefined],
        [true, 'https://other.lab.example'],
      ],
    );
    const bare = await on.plan(endpoints(gotify));
    assert.deepEqual(
      bare.refusals.map(({ code }) => code),
      ['secret-not-declared'],
      'without its token the other server would get the token of this one',
    );
  });

  it('do not give the password of a mail server to another server, or to another login', async () => {
    const known = 'kind: smtp, name: post, from_address: pbs@lab.example, mailto_user: [root@pam]';
    const secret = 'password: { file: first.secret }';
    await on.settle(endpoints(`${known}, server: mail.lab.example, username: pbs, ${secret}`));
    const codes = async (more: string) =>
      (await on.plan(endpoints(`${known}, ${more}`))).refusals.map(({ code }) => code);
    assert.deepEqual(await codes('server: evil.example, username: pbs'), ['secret-not-declared']);
    assert.deepEqual(await codes('server: mail.lab.example, username: other'), ['secret-not-declared']);
    assert.deepEqual(await codes('server: mail.lab.example, username: pbs, comment: as it is'), [], 'control');
    assert.deepEqual(await codes(`server: new.example, username: other, ${secret}`), [], 'control');
    on.state.notifications = on.state.notifications.filter(({ id }) => id !== 'post');
  });

  it('without the secret that PBS wants are refused in the plan', async () => {
    const { refusals, steps } = await on.plan(
      endpoints('kind: gotify, name: tablet, server: "https://gotify.lab.example"'),
    );
    assert.deepEqual(steps, []);
    assert.match(refusals[0]?.remedy ?? '', /add `token: \{ file: /);
  });

  it('keep their kind: another one of the same name is refused', async () => {
    const { refusals } = await on.plan(endpoints('kind: sendmail, name: relay, mailto_user: [root@pam]'));
    assert.deepEqual(
      refusals.map(({ code, says }) => [code, /its kind is "smtp" on pbs-pihanga and "sendmail" here/.test(says)]),
      [['field-is-fixed', true]],
    );
  });

  it('that a matcher sends to stay, with the words of the PBS; the others are removed', async () => {
    on.state.notifications.push({ id: 'theirs', type: 'matcher', options: { mode: 'all', target: ['relay'] } });
    const plan = await on.plan('notification_endpoints: []', { prune: true });
    const { fates, faults } = await on.apply(plan);
    assert.deepEqual([...fates].sort(), ['done', 'done', 'done', 'failed']);
    assert.match(faults, /cannot delete 'relay', referenced by: theirs/);
    assert.deepEqual(on.state.notifications.map(({ id }) => id).sort(), ['relay', 'theirs']);
    on.state.notifications.length = 0;
  });
});

describe('the secrets of a webhook', () => {
  const secrets = (text: string) => endpoints(`${hook}, secrets: { ${text} }`);
  const held = () => stored('chat')?.['secret'];

  it('go with their names, are shown by none, and are kept where others come and go', async () => {
    await on.settle(secrets('one: { file: first.secret }'));
    await on.settle(secrets('one: { file: first.secret }, two: { file: second.secret }'));
    assert.deepEqual(held(), ['name=one', 'name=two']);
    await on.settle(secrets('two: { file: second.secret }'));
    assert.deepEqual(held(), ['name=two']);
  });

  it('are sent again when another one is declared', async () => {
    const before = sent().length;
    await on.settle(secrets('two: { file: first.secret }'));
    assert.equal(sent().length, before + 1);
    assert.deepEqual((await on.plan(secrets('two: { file: first.secret }'))).steps, []);
  });

  it('stay when the estate says nothing of them, and go when it says that there are none', async () => {
    await on.settle(endpoints(`${hook}, comment: changed`));
    assert.deepEqual(held(), ['name=two']);
    await on.settle(endpoints(`${hook}, comment: changed, secrets: {}`));
    assert.equal(held(), undefined);
  });

  it('go in base64 where they are new or others, as names where the PBS has them, and come back in no fault', async () => {
    const writes: Params[] = [];
    const echoing = fakeApi('pbs', (verb, _path, params) => {
      if (verb !== 'get') writes.push(params);
      if (verb === 'put') throw refused('pbs', 400, `cannot use ${String(params['secret'])}`);
      return { data: null };
    });
    const fields = { kind: 'webhook', url: 'https://a.example', method: 'post', headers: {}, body: '', enabled: true };
    const wanted = {
      ...{ name: 'web', fields: { ...fields, comment: '', secrets: ['one', 'two'] } },
      secrets: Object.fromEntries(
        ['one', 'two'].map((one) => [`secret ${one}`, new Secret(one, `${one} hidden`, 'lab:1')]),
      ),
    };
    const { signal } = new AbortController();
    await pbsNotificationEndpoint.create(echoing, wanted, signal);
    const found = { name: 'web', value: { ...wanted.fields, secrets: ['one'] } };
    const update = () => pbsNotificationEndpoint.update(echoing, wanted, found, { signal, digest: 'd' });
    await assert.rejects(update, ({ says }: Fault) => says === 'cannot use name=one,[secret two]');
    assert.deepEqual(
      writes.map((params) => textsOf(params['secret'] ?? [], (secret) => secret.revealTo('lab:1'))),
      [
        ['one', 'two'].map((one) => `name=${one},value=${base64(`${one} hidden`)}`),
        ['name=one', `name=two,value=${base64('two hidden')}`],
      ],
    );
  });

  it('are in no plan and no log', async () => {
    await on.settle(secrets('one: { file: first.secret }'));
    const seen = JSON.stringify([await on.plan(secrets('one: { file: second.secret }')), on.lab.log(), on.state]);
    for (const secret of ['first hidden value', 'second hidden value'])
      assert.equal(
        [secret, base64(secret)].some((form) => seen.includes(form)),
        false,
      );
    on.state.notifications.length = 0;
  });
});

describe('the endpoint that every PBS has', () => {
  const own = 'kind: sendmail, name: mail-to-root, mailto_user: [root@pam]';

  it('is not shown as somebody else’s as it came, and is once somebody has changed it', async () => {
    const notes = async () => (await on.plan(endpoints(mail))).notes.map(({ says }) => says).join();
    assert.doesNotMatch(await notes(), /mail-to-root/);
    on.state.notifications.push({ id: 'mail-to-root', type: 'sendmail', options: { 'mailto-user': ['root@pam'] } });
    assert.match(await notes(), /left alone.*mail-to-root/);
    on.state.notifications.length = 0;
  });

  it('is changed when it is declared otherwise, and is as it came when it is no longer declared', async () => {
    await on.settle(endpoints(`${own}, mailto: [a@lab.example]`));
    assert.deepEqual(stored('mail-to-root')?.['mailto'], ['a@lab.example']);
    assert.deepEqual((await on.apply(await on.plan('notification_endpoints: []', { prune: true }))).fates, ['done']);
    assert.equal(stored('mail-to-root'), undefined);
    const listed = await on.lab.ask(pbs, 'GET', '/config/notifications/endpoints/sendmail');
    assert.match(listed.text, /mail-to-root/, 'it is there all the same');
  });

  it('declared just as it is needs nothing', async () => {
    const just = endpoints(`${own}, comment: "Send mails to root@pam's email address"`);
    assert.deepEqual((await on.plan(just)).steps, []);
    on.state.notifications.push({ id: 'mail-to-root', type: 'sendmail', options: { mailto: ['a@lab.example'] } });
    assert.deepEqual(
      (await on.plan(just)).refusals.map(({ code }) => code),
      ['declared-as-built-in'],
    );
    on.state.notifications.length = 0;
  });
});

describe('notification endpoints and an estate', () => {
  it('written by import declare what is there, and nothing more', async () => {
    on.state.notifications.push(
      { id: 'mail', type: 'sendmail', options: { mailto: ['z@lab.example', 'a@lab.example'], disable: true } },
      { id: 'gotify', type: 'gotify', options: { server: 'https://gotify.lab.example', comment: 'theirs' } },
      {
        id: 'web',
        type: 'webhook',
        options: { url: 'https://a.example', method: 'put', header: [`name=A,value=${base64('b=c')}`] },
      },
    );
    const text = asYaml(await on.written(pbsNotificationEndpoint));
    const [found, declared] = await on.foundAndDeclared(pbsNotificationEndpoint, text);
    const { secrets: _, ...hookFound } = (found as Record<string, Record<string, unknown>>)['web'] ?? {};
    assert.deepEqual(declared, { ...found, web: hookFound });
    assert.doesNotMatch(text, /enabled":true|""|null|\[\]/);
    const { steps, refusals } = await on.plan(text);
    assert.deepEqual([steps, refusals], [[], []]);
  });

  it('are refused on a PBS that does not have webhooks yet, which has the others', async () => {
    await using old = await pbsEstate({ versions: { pbs: '3.2.4' } });
    const { steps, refusals } = await old.plan(endpoints(mail, hook));
    assert.deepEqual([steps.length, refusals.map(({ says }) => says)], [1, [refusals[0]?.says ?? '']]);
    assert.match(refusals[0]?.says ?? '', /which has no webhook endpoints yet/);
  });

  it('are read from a PBS that has no list of webhooks at all', async () => {
    const old = fakeApi('pbs', (_verb, path) => {
      if (path.endsWith('/webhook')) throw refused('pbs', 404, 'Path not found.');
      return { data: path.endsWith('/sendmail') ? [{ name: 'admins', mailto: ['a@lab.example'] }] : [], digest: 'd' };
    });
    const { found, digest } = await pbsNotificationEndpoint.read(old, { within: [] });
    assert.deepEqual([found.map(({ name }) => name), digest], [['admins'], 'd']);
  });

  it('are read again where somebody wrote between two of their lists, so that one digest is of all', async () => {
    let written = 0;
    const busy = fakeApi('pbs', (_verb, path) => {
      if (path.endsWith('/gotify') && written === 0) written = 1;
      const mailto = written === 0 ? 'before' : 'after';
      return { data: path.endsWith('/sendmail') ? [{ name: 'admins', mailto: [mailto] }] : [], digest: `d${written}` };
    });
    const { found, digest } = await pbsNotificationEndpoint.read(busy, { within: [] });
    assert.deepEqual([found[0]?.value['mailto'], digest], [['after'], 'd1']);
  });

  it('are refused in the file where they would be sent to nobody', async () => {
    const estate = (entry: string) =>
      `pbs: [{ name: p, url: "https://p:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, ${endpoints(entry)} }]`;
    const [nobody] = await problemsIn(estate('kind: sendmail, name: admins'));
    assert.match(nobody ?? '', /is sent to nobody; say mailto or mailto_user/);
    const [kind] = await problemsIn(estate('kind: pager, name: admins'));
    assert.match(kind ?? '', /kind/);
    assert.deepEqual(await problemsIn(estate(mail)), []);
  });
});
