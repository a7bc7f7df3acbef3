import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { seconds } from '../values/duration.ts';
import { path } from './api.ts';
import { steppedClock } from './clock.test-support.ts';
import { connected, faultOf, fine, right, serving, token } from './connected.test-support.ts';
import { hostileServer, makeCertificate } from './hostile-server.test-support.ts';

const other = makeCertificate({ name: 'other' });
const authority = makeCertificate({ name: 'house CA', host: 'DNS:ca' });

describe('a pinned certificate', () => {
  it('lets the call through where it is the pinned one, with the token in the form PVE wants', async () => {
    await using server = await serving(fine);
    await using api = connected(server);
    assert.deepEqual((await api.get(path`/storage`)).data, []);
    assert.equal(server.asked[0]?.headers.authorization, `PVEAPIToken=holdfast@pve!ops=${token}`);
    assert.equal(server.asked[0]?.path, '/api2/json/storage');
    assert.equal(server.asked[0]?.headers['accept-encoding'], undefined);
  });

  it('joins the token with a colon for PBS', async () => {
    await using server = await serving(fine);
    await using api = connected(server, { product: 'pbs' });
    await api.get(path`/version`);
    assert.equal(server.asked[0]?.headers.authorization, `PBSAPIToken=holdfast@pve!ops:${token}`);
  });

  it('sends no byte to a server that shows another certificate', async () => {
    await using server = await serving(fine, other);
    await using api = connected(server);
    for (const call of [api.get(path`/storage`), api.post(path`/storage`, { storage: 'p1' })]) {
      const fault = await faultOf(call);
      assert.equal(fault.code, 'certificate-changed');
      assert.match(fault.where, /ruapehu \(127\.0\.0\.1:\d+\)/);
      assert.ok(fault.says.includes(other.fingerprint) && fault.says.includes(right.fingerprint));
      assert.match(fault.remedy, /pvenode cert info/);
    }
    assert.equal(server.received(), '');
  });

  it('would show the token in what that server received, were the certificate the right one', async () => {
    await using server = await serving(fine, other);
    await using api = connected(server, { trust: { fingerprint: other.fingerprint } });
    await api.get(path`/storage`);
    assert.ok(server.received().includes(token));
  });

  it('notices a certificate that changes between two calls', async () => {
    await using server = await serving(fine);
    await using api = connected(server);
    await api.get(path`/storage`);
    const before = server.received().length;
    server.show(other);
    assert.equal((await faultOf(api.get(path`/storage`))).code, 'certificate-changed');
    assert.equal(server.received().length, before);
  });

  it('counts where the certificate is expired: the pin is the identity', async () => {
    const expired = makeCertificate({ signedBy: authority, days: 0 });
    await using server = await serving(fine, expired);
    await using api = connected(server, { trust: { fingerprint: expired.fingerprint } });
    assert.deepEqual((await api.get(path`/storage`)).data, []);
  });
});

describe('trust in a CA', () => {
  const trust = { ca: authority.cert };

  it('takes a certificate that the CA signed for that host', async () => {
    await using server = await serving(fine, makeCertificate({ signedBy: authority }));
    await using api = connected(server, { trust });
    assert.deepEqual((await api.get(path`/storage`)).data, []);
  });

  for (const [what, certificate, says] of [
    ['of another host', makeCertificate({ signedBy: authority, host: 'DNS:elsewhere' }), /for another host/],
    ['that is self-signed', right, /self-signed/],
    ['that has expired', makeCertificate({ signedBy: authority, days: 0 }), /has expired/],
  ] as const)
    it(`refuses a certificate ${what}, before a byte is sent`, async () => {
      await using server = await serving(fine, certificate);
      await using api = connected(server, { trust });
      const fault = await faultOf(api.get(path`/storage`));
      assert.equal(fault.code, 'certificate-not-trusted');
      assert.match(fault.says, says);
      assert.ok(fault.says.includes(certificate.fingerprint));
      assert.equal(server.received(), '');
    });

  it('refuses a private certificate where only the CAs of this machine are trusted', async () => {
    await using server = await serving(fine, makeCertificate({ signedBy: authority }));
    await using api = connected(server, { trust: 'ca' });
    assert.equal((await faultOf(api.get(path`/storage`))).code, 'certificate-not-trusted');
    assert.equal(server.received(), '');
  });
});

describe('a connection', () => {
  it('is not made with TLS older than 1.2', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await using server = await hostileServer({ ...right, ...old }, fine);
    await using api = connected(server);
    assert.equal((await faultOf(api.get(path`/storage`))).code, 'server-unreachable');
    assert.equal(server.received(), '');
  });

  it('that nobody takes is a fault that names the server, what was seen and what to do', async () => {
    const server = await serving(fine);
    await server[Symbol.asyncDispose]();
    await using api = connected(server);
    const fault = await faultOf(api.get(path`/storage`));
    assert.equal(fault.code, 'server-unreachable');
    assert.match(fault.where, /^ruapehu \(127\.0\.0\.1:\d+\), GET \/storage$/);
    assert.match(fault.says, /refused/);
    assert.match(fault.remedy, /PVE listens on 8006/);
    // Nothing was sent, so nothing is in doubt.
    assert.equal((await faultOf(api.post(path`/storage`))).code, 'server-unreachable');
  });

  it('that goes no further than TCP is given up after ten seconds', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    assert.ok(address !== null && typeof address === 'object');
    const clock = steppedClock();
    const audience = `127.0.0.1:${address.port}`;
    await using api = connected({ url: `https://${audience}`, audience }, { clock });
    const failed = faultOf(api.post(path`/storage`));
    await clock.sleepers(2);
    clock.step(seconds(10));
    const fault = await failed;
    assert.equal(fault.code, 'server-unreachable');
    assert.match(fault.says, /within 10s/);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('refuses a URL that is not https or says more than host and port', () => {
    for (const url of ['http://a:8006', 'https://root:pw@a:8006', 'https://a:8006/api2', 'a:8006', 'https://a/?x'])
      assert.throws(() => connected({ url, audience: 'a:8006' }), { code: 'url-unusable', exit: 'invalid' });
  });
});

// The test server must not be what makes these tests pass: it reads a token that is sent to it in clear, too.
describe('the capture of these tests', () => {
  it('sees a token that a careless client sends over any finished handshake', async () => {
    await using server = await serving(fine, other);
    const socket = connectTls({ port: Number(new URL(server.url).port), host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write(`GET / HTTP/1.1\r\nhost: a\r\nauthorization: ${token}\r\n\r\n`);
    await once(socket, 'data');
    socket.destroy();
    assert.ok(server.received().includes(token));
  });
});
