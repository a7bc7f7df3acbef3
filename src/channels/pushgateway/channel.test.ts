import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Delivery } from '../../contracts/channel.ts';
import type { PushGroup } from '../../model/metric.ts';
import { type Clock, systemClock } from '../../values/instant.ts';
import { Secret } from '../../values/secret.ts';
import { pathOf } from './api.ts';
import { pushgateway } from './channel.ts';
import { type Gateway, startGateway, withoutGateway } from './gateway.test-support.ts';

const gauge = (job: string, value: number, labels: Record<string, string> = {}): PushGroup => {
  const written = Object.entries(labels).map(([name, text]) => `${name}=${JSON.stringify(text)}`);
  const braces = written.length === 0 ? '' : `{${written.join(',')}}`;
  return {
    labels: { job, estate: 'test' },
    families: [{ name: 'backup_last_run_timestamp', help: 'h', type: 'gauge', samples: [{ labels, value }] }],
    text: `# HELP backup_last_run_timestamp h\n# TYPE backup_last_run_timestamp gauge\nbackup_last_run_timestamp${braces} ${value}\n`,
  };
};

const push = (
  url: string,
  groups: readonly PushGroup[],
  more: object = {},
  clock: Clock = systemClock,
): Promise<Delivery> =>
  pushgateway.push(
    { name: 'push', kind: 'pushgateway', url, ...more } as never,
    groups,
    { clock, fetch, secret: async (_, audience) => new Secret('env X', 'hunter22', audience) },
    AbortSignal.timeout(20_000),
  );

describe('figures in a real Pushgateway', { skip: withoutGateway }, () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.stop());

  it('arrive, with numbers that are read back to the last digit', async () => {
    const delivery = await push(gateway.url, [
      gauge('photos', 1795143600.123),
      gauge('mail', 1e-9, { layer: 'a"b\\c' }),
    ]);
    assert.ok(delivery.delivered, delivery.says);
    assert.match(delivery.says, /2 groups at 127\.0\.0\.1:\d+, read back as sent/);
    const shown = await gateway.shows();
    assert.match(shown, /backup_last_run_timestamp\{estate="test",instance="",job="photos"\} 1\.795143600123e\+09/);
  });

  it('go away with the push in which they are no longer known: a group is replaced whole', async () => {
    assert.ok((await push(gateway.url, [gauge('gone', 1)])).delivered);
    const other = { ...gauge('gone', 1), families: [], text: '# TYPE something gauge\nsomething 1\n' };
    assert.ok((await push(gateway.url, [other])).delivered);
    const shown = await gateway.shows();
    assert.match(shown, /^something\{estate="test",instance="",job="gone"\} 1$/m);
    assert.doesNotMatch(shown, /^backup_last_run_timestamp\{.*job="gone"/m);
  });

  it('that a gateway refuses, because a script pushes the name as another type, are an error that says why', async () => {
    const body = '# TYPE backup_disk gauge\nbackup_disk 1\n';
    assert.equal((await gateway.post('/metrics/job/old-script', body)).status, 200);
    const counter = { ...gauge('clash', 1), text: '# TYPE backup_disk counter\nbackup_disk 1\n', families: [] };
    const delivery = await push(gateway.url, [counter, gauge('after-it', 7)]);
    assert.ok(!delivery.delivered);
    assert.match(delivery.says, /refused job="clash" with 400: .*(inconsistent|invalid)/);
    assert.match(await gateway.shows(), /job="after-it"\} 7/, 'the other groups went on all the same');
  });

  it('are said not to have arrived where nobody listens', async () => {
    const gone = await startGateway();
    await gone.stop();
    const delivery = await push(gone.url, [gauge('photos', 1), gauge('mail', 1)]);
    assert.ok(!delivery.delivered && delivery.again);
    assert.match(delivery.says, /^127\.0\.0\.1:\d+ could not be reached: [^;]*$/, 'once, not once for each group');
  });

  it('are all there again after the gateway lost everything: each push carries every job', async () => {
    const first = await startGateway();
    const groups = [gauge('photos', 1), gauge('mail', 2)];
    assert.ok((await push(first.url, groups)).delivered);
    await first.stop();
    const second = await startGateway(first.port);
    try {
      assert.doesNotMatch(await second.shows(), /backup_last_run_timestamp/, 'control: it came up empty');
      assert.ok((await push(second.url, groups)).delivered);
      assert.match(await second.shows(), /job="photos"\} 1\n/);
      assert.match(await second.shows(), /job="mail"\} 2\n/);
    } finally {
      await second.stop();
    }
  });

  it('find their place whatever the name of an estate is', async () => {
    for (const estate of ['a/b', 'ä ö', '..', 'a%2Fb']) {
      const group = { ...gauge('photos', 3), labels: { job: 'photos', estate } };
      assert.ok((await push(gateway.url, [group])).delivered, pathOf(group.labels));
    }
  });
});

/** Something that says yes like a gateway, and answers what it is told to when it is asked. */
async function impostor(held: string, use: (url: string, logins: (string | undefined)[]) => Promise<void>) {
  const logins: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    logins.push(request.headers.authorization);
    request.resume().on('end', () => response.end(request.method === 'PUT' ? '' : held));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, logins);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('a yes of a gateway', () => {
  const held = (value: string, labels: object = { job: 'photos', estate: 'test', instance: '' }) =>
    JSON.stringify({
      status: 'success',
      data: [
        { labels: { job: 'photos', estate: 'test' }, backup_last_run_timestamp: { metrics: [{ labels, value }] } },
      ],
    });

  it('counts only when what it holds is what was sent', async () => {
    const cases = [
      [held('5'), undefined],
      [held('4'), /is 4 there, and 5 was sent/],
      [held('5', { job: 'mail' }), /is not there/],
      [JSON.stringify({ status: 'success', data: [] }), /it does not hold job="photos"/],
      [JSON.stringify({ status: 'success', data: [{ labels: { job: 'photos', estate: 'test' } }] }), /is not there/],
      ['<html>', /does not say in a way we know/],
    ] as const;
    for (const [answer, says] of cases)
      await impostor(answer, async (url) => {
        const delivery = await push(url, [gauge('photos', 5)]);
        assert.equal(delivery.delivered, says === undefined, delivery.says);
        if (says !== undefined) assert.match(delivery.says, says);
      });
  });

  it('is asked for with the login of the estate, which is never said', async () => {
    await impostor('{}', async (url, logins) => {
      const delivery = await push(url, [gauge('photos', 5)], { login: { username: 'me', password: { env: 'X' } } });
      assert.deepEqual(new Set(logins), new Set([`Basic ${Buffer.from('me:hunter22').toString('base64')}`]));
      assert.ok(!delivery.says.includes('hunter22'));
    });
  });

  it('is not waited for longer than ten seconds', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const clock: Clock = { ...systemClock, sleep: () => new Promise((resolve) => setImmediate(resolve)) };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const delivery = await push(url, [gauge('photos', 5)], {}, clock);
    server.closeAllConnections();
    server.close();
    assert.ok(!delivery.delivered);
    assert.match(delivery.says, /gave no whole answer within 10s/);
  });
});

describe('a Pushgateway in the estate', () => {
  const valid = (more: object) => pushgateway.schema.safeParse({ name: 'push', kind: 'pushgateway', ...more }).success;

  it('may be asked over http without a login, and with one only over https or on this machine', () => {
    const login = { username: 'me', password: { env: 'X' } };
    assert.ok(valid({ url: 'http://10.0.20.100:30091' }));
    assert.ok(valid({ url: 'https://push.home/prefix', login }));
    assert.ok(valid({ url: 'http://127.0.0.1:9091', login }));
    assert.ok(!valid({ url: 'http://10.0.20.100:30091', login }));
    assert.ok(!valid({ url: 'http://me:hunter22@10.0.20.100:30091' }));
    assert.ok(!valid({ url: 'ftp://10.0.20.100' }));
  });
});
