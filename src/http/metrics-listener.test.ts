import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstatSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { folderFor } from '../../test/folder.test-support.ts';
import { Fault } from '../fault.ts';
import type { Format } from '../metrics/text.ts';
import { listenAddress } from './listen-address.ts';
import { listenForMetrics } from './metrics-listener.ts';

const read = async (format: Format) => ({ text: `# ${format}\nup 1\n`, contentType: `text/${format}` });

const listen = (use: (url: string) => Promise<void>, given: typeof read = read) =>
  (async () => {
    await using listening = await listenForMetrics({ host: '127.0.0.1', port: 0 }, given);
    await use(listening.url);
  })();

/** fetch does not let a host name be made up. */
const asHost = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject)
      .end();
  });

describe('where figures may be asked for', () => {
  it('is this machine and nowhere else: anything else is refused as misused, before anything listens', () => {
    for (const good of ['127.0.0.1:9467', '127.1.2.3:1', '[::1]:9467', '[0:0:0:0:0:0:0:1]:1', 'unix:/run/x.sock'])
      assert.ok(listenAddress(good), good);
    assert.deepEqual(listenAddress('localhost:9467'), { host: '127.0.0.1', port: 9467 });
    const bad = [
      '0.0.0.0:9467',
      ':9467',
      '9467',
      '192.168.1.5:1',
      '[::]:1',
      '[::ffff:10.0.0.1]:1',
      'pve.home:1',
      '[::2]:1',
    ];
    for (const text of [...bad, '127.0.0.1:99999', '127.0.0.1.evil.example:1', 'unix:x.sock', '127.0.0.1', ''])
      assert.throws(
        () => listenAddress(text),
        (error) => error instanceof Fault && error.code === 'listen-address-refused' && error.exit === 'misused',
        text,
      );
  });
});

describe('/metrics', () => {
  it('answers in the format that is asked for', async () => {
    await listen(async (url) => {
      assert.equal(await (await fetch(url)).text(), '# prometheus\nup 1\n');
      const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
      const answer = await fetch(url, { headers: { accept } });
      assert.equal(answer.headers.get('content-type'), 'text/openmetrics');
    });
  });

  it('is the only page, and can only be read', async () => {
    await listen(async (url) => {
      for (const path of ['/', '/metrics/../x', '/metrics/x', '/favicon.ico', '//metrics'])
        assert.equal((await fetch(url.replace(/\/metrics$/, path))).status, 404, path);
      for (const method of ['POST', 'PUT', 'DELETE'])
        assert.equal((await fetch(url, { method, body: 'x' })).status, 405, method);
    });
  });

  it('does not answer to another name than our own, which a page in a browser could give our address', async () => {
    await listen(async (url) => {
      assert.equal(await asHost(url, 'evil.example'), 421);
      assert.equal(await asHost(url, '127.0.0.1.evil.example'), 421);
      assert.equal(await asHost(url, 'localhost:9467'), 200, 'control');
    });
  });

  it('is an error, not half an answer, where the figures cannot be read; and says nothing of what lies behind', async () => {
    const broken = async () => {
      throw new Error('/etc/holdfast/secret is not there');
    };
    await listen(async (url) => {
      const answer = await fetch(url);
      assert.equal(answer.status, 500);
      assert.doesNotMatch(await answer.text(), /secret/);
    }, broken);
  });

  it('says who listens there already', async () => {
    await listen(async (url) => {
      const port = Number(new URL(url).port);
      await assert.rejects(listenForMetrics({ host: '127.0.0.1', port }, read), { code: 'listen-failed' });
    });
  });
});

describe('a socket for figures', () => {
  const folder = folderFor('socket');
  const socket = join(folder, 'metrics.sock');
  const ask = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request({ socketPath: socket, path: '/metrics' }, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });

  it('is for its owner and group, and is taken over from a process that was killed', async () => {
    const listens = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    assert.equal(spawnSync(process.execPath, ['-e', listens, socket]).signal, 'SIGKILL');
    assert.ok(lstatSync(socket).isSocket(), 'it left its socket behind');
    await using _listening = await listenForMetrics({ socket }, read);
    assert.equal(lstatSync(socket).mode & 0o777, 0o660);
    assert.equal(await ask(), 200);
    await assert.rejects(
      listenForMetrics({ socket }, read),
      { code: 'listen-failed' },
      'one that lives is not taken over',
    );
    assert.equal(await ask(), 200);
  });

  it('is not made where something else lies: that stays', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'mine');
    await assert.rejects(listenForMetrics({ socket: file }, read), { code: 'listen-failed' });
    assert.equal(lstatSync(file).isFile(), true);
  });
});
