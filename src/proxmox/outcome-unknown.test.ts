import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../fault.ts';
import { systemClock } from '../values/instant.ts';
import { path } from './api.ts';
import { connected, faultOf, fine, serving } from './connected.test-support.ts';
import { type Behaviour, json, plain } from './hostile-server.test-support.ts';
import { limited } from './limited.ts';
import { isNotFound, ProxmoxRefusal } from './refusal.ts';
import { retrying } from './retrying.ts';

describe('a write whose answer is lost', () => {
  const broken: readonly (readonly [string, Behaviour])[] = [
    ['the connection is cut', (_, response) => response.destroy()],
    [
      'the answer stops half-way',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '99' });
        response.write('{"data":"UPID', () => response.destroy());
      },
    ],
    ['a proxy times out', (_, response) => plain(response, 504, 'Gateway Timeout', '<html>', 'text/html')],
    ['the forwarder times out', (_, response) => plain(response, 599, 'Too many redirections', '')],
    ['a web page comes', (_, response) => plain(response, 200, 'OK', '<html>', 'text/html')],
  ];
  for (const [what, behaviour] of broken)
    it(`is in doubt and is not sent again: ${what}`, async () => {
      await using server = await serving(behaviour);
      await using connection = connected(server);
      const api = limited(retrying(connection, systemClock));
      const fault = await faultOf(api.post(path`/nodes/${'a'}/vzdump`, { vmid: 100 }));
      assert.equal(fault.code, 'outcome-unknown');
      assert.ok(fault.cause instanceof Fault);
      assert.equal(server.asked.length, 1);
    });

  it('is in doubt also when the caller interrupts it', async () => {
    const heard = Promise.withResolvers<void>();
    await using server = await serving(() => heard.resolve());
    await using connection = connected(server);
    const interrupt = new AbortController();
    const failed = faultOf(limited(connection).post(path`/x`, {}, { signal: interrupt.signal }));
    await heard.promise;
    interrupt.abort();
    assert.equal((await failed).code, 'outcome-unknown');
  });

  it('is not in doubt where the server refused it, or no connection came about', async () => {
    await using server = await serving((_, response) =>
      json(response, { data: null, message: "storage ID 'p1' already defined\n" }, 500),
    );
    await using api = connected(server);
    assert.equal((await faultOf(api.post(path`/storage`))).code, 'object-exists');
    server.behave((_, response) => plain(response, 595, 'Connection refused', ''));
    assert.equal((await faultOf(api.post(path`/storage`))).code, 'server-unreachable');
    server.behave((_, response) => response.writeHead(302, { location: '/' }).end());
    assert.equal((await faultOf(api.post(path`/storage`))).code, 'answer-not-understood');
  });

  it('never travels on a connection that was used before', async () => {
    await using server = await serving(fine);
    await using api = connected(server);
    for (let round = 0; round < 10; round += 1) await api.get(path`/x`);
    const forReads = server.handshakes();
    assert.ok(forReads <= 4, `${forReads} connections for ten reads`);
    await api.post(path`/x`);
    await api.delete(path`/x`);
    assert.deepEqual(
      server.asked.slice(10).map((asked) => asked.connection),
      [forReads + 1, forReads + 2],
    );
  });
});

describe('a refusal', () => {
  it('has its text from the reason phrase where the body has none', async () => {
    await using server = await serving((_, response) =>
      json(response, { data: null }, 500, "storage 'nope' does not exist"),
    );
    await using api = connected(server);
    const fault = await faultOf(api.get(path`/storage/${'nope'}`));
    assert.ok(isNotFound(fault));
    assert.equal(fault.says, "storage 'nope' does not exist");
  });

  it('has the right to grant in its remedy', async () => {
    const message = 'Permission check failed (/storage, Datastore.Allocate)\n';
    await using server = await serving((_, response) => json(response, { data: null, message }, 403));
    await using api = connected(server);
    const fault = await faultOf(api.post(path`/storage`));
    assert.ok(fault instanceof ProxmoxRefusal);
    assert.deepEqual(fault.needs, { path: '/storage', privileges: ['Datastore.Allocate'] });
    assert.match(
      fault.remedy,
      /give holdfast@pve!ops a role with Datastore\.Allocate on \/storage, and to holdfast@pve/,
    );
  });
});
