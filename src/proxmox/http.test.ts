import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { minutes } from '../values/duration.ts';
import { type Clock, systemClock } from '../values/instant.ts';
import { Secret } from '../values/secret.ts';
import { path } from './api.ts';
import { steppedClock } from './clock.test-support.ts';
import { connected, faultOf, fine, right, serving, token } from './connected.test-support.ts';
import { type Behaviour, type HostileServer, json, plain } from './hostile-server.test-support.ts';
import { connect } from './http.ts';

describe('a secret', () => {
  it('that is bound to another host is not sent, whatever the url says', async () => {
    await using server = await serving(fine);
    await using api = connected({ url: server.url, audience: 'elsewhere.example:8006' });
    const fault = await faultOf(api.get(path`/storage`));
    assert.equal(fault.code, 'secret-for-another');
    assert.equal(server.handshakes(), 0);
  });

  it('travels in the body of a write', async () => {
    await using server = await serving(fine);
    await using api = connected(server);
    const password = new Secret('pbs password', 'p w+&=ü', server.audience);
    await api.post(path`/storage`, { storage: 'p1', password });
    assert.equal(server.asked[0]?.body, 'storage=p1&password=p%20w%2B%26%3D%C3%BC');
  });

  it('is refused in a query string, and let through there by name for scan/pbs only', async () => {
    await using server = await serving(fine);
    await using api = connected(server);
    const password = new Secret('pbs password', 'tell-no-one', server.audience);
    const allowed = { secretInQuery: 'scan-pbs' } as const;
    for (const call of [
      api.get(path`/nodes/${'a'}/scan/pbs`, { password }),
      api.delete(path`/storage/${'p1'}`, { password }),
      api.get(path`/nodes/${'a'}/scan/nfs`, { password }, allowed),
    ])
      assert.equal((await faultOf(call)).code, 'secret-in-query');
    assert.equal(server.received(), '');
    await api.get(path`/nodes/${'a'}/scan/pbs`, { password }, allowed);
    assert.equal(server.asked[0]?.query, 'password=tell-no-one');
  });

  it('that the server writes back does not reach the fault', async () => {
    const echo: Behaviour = (asked, response) =>
      plain(response, 500, 'bad', `you sent ${asked.headers.authorization} and ${asked.body}`);
    await using server = await serving(echo);
    await using api = connected(server);
    const password = new Secret('pbs password', 'tell no one', server.audience);
    const thrown = await faultOf(api.put(path`/storage/${'p1'}`, { password }));
    const text = JSON.stringify(thrown) + thrown.stack;
    assert.ok(!text.includes(token) && !text.includes('tell no one') && !text.includes('tell%20no%20one'), text);
    assert.match(thrown.says, /\[secret\]/);
    server.behave((asked, response) => plain(response, 200, 'OK', `<html>${asked.headers.authorization}`, 'text/html'));
    const page = await faultOf(api.get(path`/storage`));
    assert.ok(!page.says.includes(token.slice(0, 8)), page.says);
  });

  it('with a line feed behind it is a fault that says so', async () => {
    await using server = await serving(fine);
    await using api = connect({
      ...{
        product: 'pve',
        name: 'ruapehu',
        url: server.url,
        trust: { fingerprint: right.fingerprint },
        clock: systemClock,
      },
      auth: { kind: 'token', id: 'a@pve!b', secret: new Secret('t', `${token}\n`, server.audience) },
    });
    assert.equal((await faultOf(api.get(path`/storage`))).code, 'secret-unusable');
  });
});

describe('parameters', () => {
  it('go into the body of POST and PUT, and into the query of GET and DELETE', async () => {
    await using server = await serving(fine);
    await using api = connected(server);
    const params = { disable: true, shared: false, port: 8007, command: ['a', 'b c'], none: [] };
    await api.post(path`/x`, params);
    await api.put(path`/x`, params);
    await api.get(path`/x`, params);
    await api.delete(path`/x`, params);
    const form = 'disable=1&shared=0&port=8007&command=a&command=b%20c';
    assert.deepEqual(
      server.asked.map(({ method, query, body }) => [method, query, body]),
      [
        ['POST', '', form],
        ['PUT', '', form],
        ['GET', form, ''],
        ['DELETE', form, ''],
      ],
    );
    assert.equal(server.asked[0]?.headers['content-type'], 'application/x-www-form-urlencoded');
    assert.equal(server.asked[3]?.headers['content-length'], undefined);
  });

  it('in the path are encoded, so that none of them can lead elsewhere', async () => {
    await using server = await serving(fine);
    await using api = connected(server);
    await api.get(path`/nodes/${'a'}/tasks/${'UPID:a:0:1:x:y@pve!t:'}/log`);
    await api.get(path`/storage/${'../access/users?x=1#y'}`);
    assert.deepEqual(
      server.asked.map((asked) => asked.path),
      [
        '/api2/json/nodes/a/tasks/UPID%3Aa%3A0%3A1%3Ax%3Ay%40pve%21t%3A/log',
        '/api2/json/storage/..%2Faccess%2Fusers%3Fx%3D1%23y',
      ],
    );
    for (const part of ['', '.', '..']) assert.throws(() => path`/storage/${part}`, { code: 'name-not-sendable' });
  });
});

describe('a ticket', () => {
  const withPassword = (server: HostileServer, product: 'pve' | 'pbs', clock: Clock) =>
    connect({
      ...{ product, name: 'ruapehu', url: server.url, trust: { fingerprint: right.fingerprint }, clock },
      auth: { kind: 'ticket', username: 'root@pam', password: new Secret('root', 'a password', server.audience) },
    });
  const door: (prefix: string) => Behaviour = (prefix) => {
    let logins = 0;
    return ({ path: asked }, response) => {
      if (!asked.endsWith('/access/ticket')) return json(response, { data: [] });
      logins += 1;
      json(response, {
        data: {
          username: 'root@pam',
          ticket: `${prefix}:root@pam:${logins}::s+/=`,
          CSRFPreventionToken: `csrf${logins}`,
        },
      });
    };
  };

  it('is fetched once, shown as a cookie, and with the second token on writes', async () => {
    await using server = await serving(door('PVE'));
    await using api = withPassword(server, 'pve', steppedClock());
    await Promise.all([api.get(path`/storage`), api.put(path`/storage/${'p1'}`, { port: 1 })]);
    const [login, ...calls] = server.asked;
    assert.equal(login?.body, 'username=root%40pam&password=a%20password');
    assert.equal(server.asked.length, 3);
    for (const call of calls) {
      assert.equal(call.headers.cookie, 'PVEAuthCookie=PVE:root@pam:1::s+/=');
      assert.equal(call.headers.csrfpreventiontoken, call.method === 'PUT' ? 'csrf1' : undefined);
    }
  });

  it('is URL-encoded for PBS', async () => {
    await using server = await serving(door('PBS'));
    await using api = withPassword(server, 'pbs', steppedClock());
    await api.get(path`/version`);
    assert.equal(server.asked[1]?.headers.cookie, 'PBSAuthCookie=PBS%3Aroot%40pam%3A1%3A%3As%2B%2F%3D');
  });

  it('is renewed before its two hours are over', async () => {
    const clock = steppedClock();
    await using server = await serving(door('PVE'));
    await using api = withPassword(server, 'pve', clock);
    await api.get(path`/storage`);
    clock.step(minutes(89));
    await api.get(path`/storage`);
    assert.equal(server.asked.length, 3);
    clock.step(minutes(2));
    await api.get(path`/storage`);
    assert.equal(server.asked.at(-1)?.headers.cookie, 'PVEAuthCookie=PVE:root@pam:2::s+/=');
  });

  it('is fetched anew after the server refused it', async () => {
    await using server = await serving(door('PVE'));
    await using api = withPassword(server, 'pve', steppedClock());
    await api.get(path`/storage`);
    server.behave((_, response) => plain(response, 401, 'permission denied - invalid PVE ticket', ''));
    assert.equal((await faultOf(api.get(path`/storage`))).code, 'credentials-refused');
    server.behave(door('PVE'));
    await api.get(path`/storage`);
    assert.equal(server.asked.filter((asked) => asked.path.endsWith('/ticket')).length, 2);
  });

  it('that wants a second factor is refused with the way out', async () => {
    await using server = await serving((_, response) =>
      json(response, { data: { NeedTFA: 1, ticket: 'PVE:tfa!x', CSRFPreventionToken: 'c', username: 'root@pam' } }),
    );
    await using api = withPassword(server, 'pve', steppedClock());
    const fault = await faultOf(api.get(path`/storage`));
    assert.equal(fault.code, 'credentials-refused');
    assert.match(fault.remedy, /API token/);
  });
});
