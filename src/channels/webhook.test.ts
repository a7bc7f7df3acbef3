import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { Delivery } from '../contracts/channel.ts';
import type { Message } from '../model/message.ts';
import { instantAt, systemClock } from '../values/instant.ts';
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

const send = (url: string, fetcher: typeof fetch = fetch): Promise<Delivery> =>
  webhook.send(
    { name: 'hook', kind: 'webhook', url, secret: { env: 'X' } } as never,
    message,
    {
      clock: systemClock,
      fetch: fetcher,
      secret: async (_, audience) => new Secret('env X', 'shared-secret', audience),
    },
    AbortSignal.timeout(5000),
  );

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
