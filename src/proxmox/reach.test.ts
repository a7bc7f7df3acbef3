import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, describe, it } from 'node:test';
import { seconds } from '../values/duration.ts';
import { systemClock } from '../values/instant.ts';
import { steppedClock } from './clock.test-support.ts';
import { hostileServer, makeCertificate } from './hostile-server.test-support.ts';
import { reach } from './reach.ts';

const certificate = makeCertificate({ name: 'attic', host: 'DNS:pbs.example,IP:127.0.0.1' });
const never = <Result>() => new Promise<Result>(() => undefined);
const open: Server[] = [];
after(() => {
  for (const server of open) server.close();
});

async function listener(behave: (socket: import('node:net').Socket) => void): Promise<number> {
  const server = createServer(behave);
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
const door = (port: number) => ({ host: '127.0.0.1', port, addresses: ['127.0.0.1'] });

describe('a name', () => {
  it('is looked up as this machine does it', async () => {
    const { lookUp } = reach({ clock: systemClock, lookup: async () => ['10.0.0.7'], asked: async () => ['10.9.9.9'] });
    assert.deepEqual(await lookUp('pbs.example'), { addresses: ['10.0.0.7'] });
  });

  it('that is not known says so in words', async () => {
    const lookup = async () => {
      throw Object.assign(new Error('x'), { code: 'ENOTFOUND' });
    };
    const { lookUp } = reach({ clock: systemClock, lookup, asked: async () => [] });
    assert.deepEqual(await lookUp('pbs.example'), { failed: 'the name is not known' });
  });

  it('is known all the same where the usual way is held up by other names that are dead', async () => {
    const clock = steppedClock();
    const looking = reach({ clock, lookup: never, asked: async () => ['10.0.0.7'] }).lookUp('pbs.example');
    await clock.sleepers(1);
    clock.step(seconds(5));
    assert.deepEqual(await looking, { addresses: ['10.0.0.7'] });
  });

  it('that nobody answers for is given up after five seconds', async () => {
    const clock = steppedClock();
    const looking = reach({ clock, lookup: never, asked: never }).lookUp('pbs.example');
    await clock.sleepers(1);
    clock.step(seconds(5));
    await clock.sleepers(1);
    clock.step(seconds(1));
    assert.deepEqual(await looking, { failed: 'no answer within 5.0 s' });
  });

  it('is not looked up where it is an address, with brackets or without', async () => {
    const { lookUp } = reach({ clock: systemClock, lookup: never, asked: never });
    assert.deepEqual(await lookUp('[fd00::1]'), { addresses: ['fd00::1'] });
    assert.deepEqual(await lookUp('10.0.0.1'), { addresses: ['10.0.0.1'] });
  });
});

describe('a server that is knocked at', () => {
  it('shows its certificate, and is sent nothing over it', async () => {
    await using server = await hostileServer(certificate, () => assert.fail('a request was sent'));
    const { knock } = reach({ clock: systemClock });
    const knocked = await knock(door(Number(new URL(server.url).port)));
    assert.equal(knocked.kind, 'served');
    if (knocked.kind !== 'served') return;
    const { fingerprint, subject, issuer, names, from, until } = knocked.certificate;
    assert.equal(fingerprint, certificate.fingerprint);
    assert.deepEqual([subject, issuer], ['CN=attic', 'CN=attic']);
    assert.deepEqual(names, ['DNS:pbs.example', 'IP Address:127.0.0.1']);
    assert.ok(from < until);
    assert.equal(server.received(), '');
  });

  it('is closed where nothing listens', async () => {
    const port = await listener(() => undefined);
    await new Promise((done) => open.pop()?.close(done));
    assert.deepEqual(await reach({ clock: systemClock }).knock(door(port)), {
      kind: 'closed',
      says: 'nothing listens there (connection refused)',
    });
  });

  it('has a port and no TLS where something else listens', async () => {
    const port = await listener((socket) => socket.end('220 mail.example ESMTP\r\n'));
    const knocked = await reach({ clock: systemClock }).knock(door(port));
    assert.equal(knocked.kind, 'no-tls');
  });

  it('is given up after five seconds where it is silent', async () => {
    const greeted = Promise.withResolvers<void>();
    const port = await listener((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => greeted.resolve());
    });
    const clock = steppedClock();
    const knocking = reach({ clock }).knock(door(port));
    await greeted.promise;
    clock.step(seconds(5));
    assert.deepEqual(await knocking, { kind: 'no-tls', says: 'no TLS handshake within 5.0 s' });
  });

  it('is trusted by an authority of this machine, or not, and is sent nothing either way', async () => {
    await using server = await hostileServer(certificate, () => assert.fail('a request was sent'));
    const { verdict } = reach({ clock: systemClock });
    const to = { product: 'pbs', name: 'attic', audience: server.audience } as const;
    assert.equal((await verdict({ ...to, trust: 'ca' }))?.code, 'certificate-not-trusted');
    assert.equal(await verdict({ ...to, trust: { ca: certificate.cert } }), undefined);
    assert.equal(server.received(), '');
  });
});
