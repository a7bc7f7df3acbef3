import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { minutes, seconds } from '../values/duration.ts';
import { kibibytes } from '../values/size.ts';
import { path } from './api.ts';
import { steppedClock } from './clock.test-support.ts';
import { connected, faultOf, fine, serving } from './connected.test-support.ts';
import { type Behaviour, json, plain } from './hostile-server.test-support.ts';

describe('an answer', () => {
  const cases: readonly (readonly [string, Behaviour, string, RegExp])[] = [
    [
      'that is a web page',
      (_, response) => plain(response, 200, 'OK', '<!DOCTYPE html><title>Login', 'text/html'),
      'answer-not-understood',
      /text\/html.*<title>Login/,
    ],
    [
      'whose type is an escape sequence, shown as such',
      (_, response) => plain(response, 200, 'OK', 'x', 'text/\u009b31m'),
      'answer-not-understood',
      /text\/[^\u0080-\u009f]*31m/,
    ],
    [
      'that is a web page under a JSON content type',
      (_, response) => plain(response, 200, 'OK', '<html>', 'application/json'),
      'answer-not-understood',
      /no complete JSON/,
    ],
    [
      'that is a web page of an error',
      (_, response) => plain(response, 404, 'Not Found', '<html>', 'text/html'),
      'answer-not-understood',
      /404.*web page/,
    ],
    [
      'of half an object',
      (_, response) => plain(response, 200, 'OK', '{"data":[1,2', 'application/json'),
      'answer-not-understood',
      /no complete JSON/,
    ],
    ['without data', (_, response) => json(response, [1]), 'answer-not-understood', /no `data`/],
    [
      'with NaN in it',
      (_, response) => plain(response, 200, 'OK', '{"data":NaN}', 'application/json'),
      'answer-not-understood',
      /no complete JSON/,
    ],
    [
      'nested a thousand deep',
      (_, response) =>
        plain(response, 200, 'OK', `{"data":${'['.repeat(1000)}${']'.repeat(1000)}}`, 'application/json'),
      'answer-not-understood',
      /nested deeper/,
    ],
    [
      'of six million rows',
      (_, response) => plain(response, 200, 'OK', `{"data":[${'{},'.repeat(6e6)}{}]}`, 'application/json'),
      'answer-not-understood',
      /more entries/,
    ],
    [
      'that is compressed',
      (_, response) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('x'),
      'answer-not-understood',
      /compressed/,
    ],
    [
      'that redirects',
      (_, response) => response.writeHead(302, { location: 'https://evil.example/' }).end(),
      'answer-not-understood',
      /redirects \(302\) to https:\/\/evil\.example/,
    ],
    [
      'that stops half-way',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '400' });
        response.write('{"data":[1,2', () => response.destroy());
      },
      'answer-cut-short',
      /after 12 of 400 bytes/,
    ],
    [
      'that is no HTTP',
      (_, response) => response.socket?.end('SSH-2.0-OpenSSH_9.2p1\r\n'),
      'answer-not-understood',
      /no HTTP/,
    ],
    ['that never comes', (_, response) => response.destroy(), 'server-unreachable', /cut/],
    ['401', (_, response) => plain(response, 401, 'No ticket', ''), 'credentials-refused', /No ticket/],
    [
      '502 of a proxy',
      (_, response) => plain(response, 502, 'Bad Gateway', '<html>nginx', 'text/html'),
      'server-unreachable',
      /Bad Gateway/,
    ],
    [
      '595 of the forwarder',
      (_, response) => plain(response, 595, 'No route to host', ''),
      'server-unreachable',
      /No route/,
    ],
  ];
  for (const [what, behaviour, code, says] of cases)
    it(`${what} is the fault ${code}, which names the server, what was seen and what to do`, async () => {
      await using server = await serving(behaviour);
      await using api = connected(server);
      const fault = await faultOf(api.get(path`/storage`));
      assert.equal(fault.code, code);
      assert.match(fault.says, says);
      assert.match(fault.where, /^ruapehu \(.*\), GET \/storage$/);
      assert.ok(fault.remedy.length > 20);
      // Other calls go on as soon as the server does.
      server.behave(fine);
      assert.deepEqual((await api.get(path`/storage`)).data, []);
    });

  it('that redirects is not followed', async () => {
    await using elsewhere = await serving(fine);
    await using server = await serving((_, response) => response.writeHead(302, { location: elsewhere.url }).end());
    await using api = connected(server);
    await faultOf(api.get(path`/storage`));
    assert.equal(elsewhere.handshakes(), 0);
  });

  it('carries total and digest beside the data, and the time of the server', async () => {
    await using server = await serving((_, response) => {
      response.setHeader('date', 'Sat, 31 Jan 2026 02:00:05 GMT');
      json(response, { data: [], total: 7, digest: 'ab' });
    });
    await using api = connected(server);
    assert.deepEqual(await api.get(path`/x`), { data: [], total: 7, digest: 'ab', at: '2026-01-31T02:00:05.000Z' });
  });

  it('of 10 GB ends after the limit, with bounded memory', async () => {
    const whole = 10 * 1024 ** 3;
    const chunk = Buffer.alloc(256 * 1024, '[');
    let written = 0;
    const flood: Behaviour = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (written < whole && !response.destroyed) {
          written += chunk.length;
          if (!response.write(chunk)) return;
        }
      };
      response.on('drain', more);
      more();
    };
    await using server = await serving(flood);
    await using api = connected(server);
    const before = process.memoryUsage.rss();
    const fault = await faultOf(api.get(path`/storage`));
    const grown = process.memoryUsage.rss() - before;
    assert.equal(fault.code, 'answer-too-large');
    assert.match(fault.says, /32\.0 MiB/);
    assert.ok(written < 200 * 1024 ** 2, `the server got rid of ${written} bytes`);
    assert.ok(grown < 150 * 1024 ** 2, `memory grew by ${grown} bytes`);
  });

  it('just below the limit is read, and one that announces more is not', async () => {
    const limits = { answer: kibibytes(64) };
    await using server = await serving((_, response) => json(response, { data: 'x'.repeat(64 * 1024 - 11) }));
    await using api = connected(server, { limits });
    assert.equal(String((await api.get(path`/x`)).data).length, 64 * 1024 - 11);
    server.behave((_, response) => json(response, { data: 'x'.repeat(64 * 1024 - 10) }));
    assert.equal((await faultOf(api.get(path`/x`))).code, 'answer-too-large');
  });
});

describe('a slow server', () => {
  it('is given up when it has been silent for too long', async () => {
    const clock = steppedClock();
    const heard = Promise.withResolvers<void>();
    await using server = await serving(() => heard.resolve());
    await using api = connected(server, { clock });
    const failed = faultOf(api.get(path`/storage`));
    await heard.promise;
    clock.step(seconds(60));
    const fault = await failed;
    assert.equal(fault.code, 'server-slow');
    assert.match(fault.says, /nothing for 1m/);
  });

  it('is given up at the deadline although it trickles on', async () => {
    const clock = steppedClock();
    const heard = Promise.withResolvers<() => Promise<void>>();
    await using server = await serving((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      heard.resolve(() => new Promise((resolve) => response.write(' ', () => resolve())));
    });
    await using api = connected(server, { clock, limits: { deadline: seconds(90) } });
    const failed = faultOf(api.get(path`/storage`));
    const trickle = await heard.promise;
    await trickle();
    clock.step(seconds(50));
    await trickle();
    clock.step(seconds(40));
    assert.match((await failed).says, /within 1m 30s/);
  });

  it('may take longer where the call says so', async () => {
    const clock = steppedClock();
    const answer = Promise.withResolvers<() => void>();
    await using server = await serving((_, response) => answer.resolve(() => json(response, { data: 1 })));
    await using api = connected(server, { clock });
    const waiting = api.get(path`/x`, {}, { timeout: minutes(10) });
    const release = await answer.promise;
    clock.step(minutes(9));
    release();
    assert.equal((await waiting).data, 1);
  });

  it('lets go at once when the caller does', async () => {
    const heard = Promise.withResolvers<void>();
    await using server = await serving(() => heard.resolve());
    await using api = connected(server);
    const interrupt = new AbortController();
    const waiting = api.get(path`/x`, {}, { signal: interrupt.signal });
    await heard.promise;
    interrupt.abort(new Error('Ctrl-C'));
    await assert.rejects(waiting, /Ctrl-C/);
  });
});
