import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { Delivery } from '../contracts/channel.ts';
import type { Message } from '../model/message.ts';
import { type Clock, instantAt, systemClock } from '../values/instant.ts';
import { Secret } from '../values/secret.ts';
import { webhook } from './webhook.ts';

type Came = { headers: IncomingMessage['headers']; body: string };

/** A receiver that answers as told and keeps what came. */
async function receiver(answer: (response: ServerResponse) => void, use: (url: string, came: Came[]) => Promise<void>) {
  const came: Came[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    came.push({ headers: request.headers, body });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, came);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const message: Message = { id: 'm1', at: instantAt(0), estate: 'test', title: '1 finding', findings: [] };

const send = (url: string, clock: Clock = systemClock): Promise<Delivery> =>
  webhook.send(
    { name: 'hook', kind: 'webhook', url, secret: { env: 'X' } } as never,
    message,
    {
      clock,
      fetch,
      secret: async (_, audience) => new Secret('env X', 'shared-secret', audience),
    },
    AbortSignal.timeout(5000),
  );

const notWithin = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

describe('the webhook channel', () => {
  it('delivers the message, signed so that the receiver can prove who sent it and that nothing was changed', async () => {
    await receiver(
      (response) => response.end('ok'),
      async (url, came) => {
        assert.equal((await send(url)).delivered, true);
        const [one] = came;
        assert.ok(one !== undefined);
        assert.deepEqual(JSON.parse(one.body), message);
        const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = one.headers;
        const mac = (body: string) =>
          `v1,${createHmac('sha256', 'shared-secret')
            .update(`${String(id)}.${String(time)}.${body}`)
            .digest('base64')}`;
        assert.equal(signature, mac(one.body));
        assert.notEqual(signature, mac(`${one.body} `), 'control: a changed body has another signature');
        assert.ok(!JSON.stringify(came).includes('shared-secret'));
      },
    );
  });

  it('says that a delivery failed, and whether it is worth another try', async () => {
    for (const [status, again] of [
      [500, true],
      [429, true],
      [404, false],
      [302, false],
    ] as const)
      await receiver(
        (response) => void response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('no such hook'),
        async (url) => {
          const delivery = await send(url);
          assert.ok(!delivery.delivered && delivery.again === again, `${status}`);
          assert.match(delivery.says, new RegExp(`answered ${status}: no such hook`));
        },
      );
  });

  it('says that nobody listens there', async () => {
    const delivery = await send('http://127.0.0.1:1/hook');
    assert.ok(!delivery.delivered && delivery.again);
    assert.match(delivery.says, /could not be reached/);
  });

  it('reads no more of an endless answer than it shows', async () => {
    await receiver(
      (response) => {
        response.writeHead(500);
        const pour = () => {
          while (response.writable && response.write('x'.repeat(65536)));
        };
        response.on('drain', pour);
        pour();
      },
      async (url) => {
        const delivery = await send(url);
        assert.ok(!delivery.delivered && delivery.says.length < 3000);
      },
    );
  });

  it('is done with a receiver that took the message and goes on talking', async () => {
    const gone = Promise.withResolvers<void>();
    await receiver(
      (response) => {
        response.on('close', () => gone.resolve());
        response.writeHead(200).write('thank you');
      },
      async (url) => {
        assert.equal((await send(url)).delivered, true);
        await Promise.race([gone.promise, notWithin(AbortSignal.timeout(3000))]);
      },
    );
  });

  it('gives up on a receiver that takes the request and does not answer, or never ends its answer', async () => {
    for (const begin of [() => {}, (response: ServerResponse) => void response.writeHead(500).write('wait')]) {
      const asked = Promise.withResolvers<void>();
      // Its time is over as soon as the receiver has the request.
      const clock: Clock = { ...systemClock, sleep: () => asked.promise };
      await receiver(
        (response) => {
          begin(response);
          setImmediate(asked.resolve);
        },
        async (url) => {
          const delivery = await send(url, clock);
          assert.ok(!delivery.delivered && delivery.again);
          assert.match(delivery.says, /^127\.0\.0\.1:\d+ gave no whole answer within 20s$/);
        },
      );
    }
  });

  it('takes no address with a password in it: it could not be asked there, and would be printed', () => {
    const hook = { name: 'hook', kind: 'webhook', url: 'https://me:hunter22@a.example/x', secret: { env: 'X' } };
    const parsed = webhook.schema.safeParse(hook);
    assert.equal(parsed.success, false);
    assert.ok(!JSON.stringify(parsed.error).includes('hunter22'));
  });

  it('takes no address that is neither https nor this machine', () => {
    const parse = (url: string) =>
      webhook.schema.safeParse({ name: 'hook', kind: 'webhook', url, secret: { env: 'X' } }).success;
    assert.deepEqual(['https://a.example/x', 'http://127.0.0.1:9/x', 'http://a.example/x', 'ftp://a/'].map(parse), [
      true,
      true,
      false,
      false,
    ]);
  });
});
