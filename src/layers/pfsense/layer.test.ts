// A firewall through its login shell and its API: what is whole is kept, what is not is never a point, and all of it comes back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Machine } from '../../machines/machine.ts';
import type { RunId } from '../../model/run.ts';
import { type Begun, codesOf, recoverDriven } from '../common/driver.test-support.ts';
import { lifeOf } from '../common/mortal.test-support.ts';
import { differences, fault } from '../common/trees.test-support.ts';
import { configXml, type Firewall, firewallWith, unlessRoot } from './firewall.test-support.ts';
import { pfsenseEntry } from './schema.ts';

const left = (edge: Firewall): readonly string[] =>
  existsSync(join(edge.copies, 'edge'))
    ? readdirSync(join(edge.copies, 'edge')).filter((name) => name.startsWith('.'))
    : [];

/** What the firewall sends as its archive is only the beginning of it. */
const cutting =
  (bytes: number) =>
  (machine: Machine): Machine => ({
    ...machine,
    stream: (argv, options) => {
      const streaming = machine.stream(argv, options);
      if (argv[0] !== 'tar') return streaming;
      const stdout = (async function* () {
        let sent = 0;
        for await (const piece of streaming.stdout) {
          if (sent < bytes) yield piece.subarray(0, bytes - sent);
          sent += piece.length;
        }
      })();
      return { stdout, ended: streaming.ended };
    },
  });

describe('a firewall', { skip: unlessRoot }, () => {
  let edge: Firewall;
  before(() => {
    edge = firewallWith({ keep_archives: { keep_last: 2 } });
  });
  after(() => edge.close());

  it('gives its config.xml in each run, and its archive once in a week', async () => {
    for (const [run, at] of [
      ['wed', '2026-01-07T05:00:00.000Z'],
      ['thu', '2026-01-08T05:00:00.000Z'],
      ['mon', '2026-01-12T05:00:00.000Z'],
    ] as const) {
      edge.at(at);
      assert.deepEqual((await edge.protect(run)).degraded, []);
    }
    assert.deepEqual(
      (await edge.points('config')).map(({ manifest }) => manifest.run),
      ['wed', 'thu', 'mon'],
    );
    assert.deepEqual(
      (await edge.points('archive')).map(({ manifest }) => manifest.run),
      ['wed', 'mon'],
    );
    assert.deepEqual(left(edge), []);
  });

  it('has a point with config.xml as it is, which is what pfSense takes back (reality 4.13)', async () => {
    const [point] = await edge.points('config');
    const text = readFileSync(join(point?.folder ?? '', 'config.xml'), 'utf8');
    assert.equal(text, readFileSync(join(edge.root, 'cf/conf/config.xml'), 'utf8'));
    assert.equal(statSync(join(point?.folder ?? '', 'config.xml')).mode & 0o777, 0o600);
    assert.deepEqual(point?.manifest.details['config'], { version: '23.3', revision: 1_700_000_000 });
  });

  it('comes back into an empty folder as it was, from its archive and from its config.xml (reality 4.13)', async () => {
    const [archive] = await edge.points('archive');
    const [config] = await edge.points('config');
    assert.ok(archive !== undefined && config !== undefined);
    await edge.restore('back1', archive);
    for (const folder of ['cf', 'var/db'])
      assert.equal(differences(join(edge.root, folder), join(edge.back, folder)), '', folder);
    assert.equal(readFileSync(join(edge.back, 'boot/loader.conf'), 'utf8'), 'kern.cam.boot_delay=10000\n');
    rmSync(edge.back, { recursive: true });
    await edge.restore('back2', config);
    assert.deepEqual(readdirSync(edge.back), ['config.xml']);
    rmSync(edge.back, { recursive: true });
  });

  it('is not believed where a byte of its archive was changed since', async () => {
    const [archive] = await edge.points('archive');
    const part = join(archive?.folder ?? '', 'full.tar.gz');
    const whole = readFileSync(part);
    const changed = Buffer.from(whole);
    changed.writeUInt8(changed.readUInt8(whole.length >> 1) ^ 1, whole.length >> 1);
    writeFileSync(part, changed);
    assert.ok(archive !== undefined);
    await assert.rejects(edge.restore('back3', archive), fault('point-damaged'));
    assert.equal(existsSync(edge.back), false);
    writeFileSync(part, whole);
  });

  it('loses config points by `keep`, archives by `keep_archives`, and the one never by the other (reality 1.2s)', async () => {
    for (const [run, at] of [
      ['tue', '2026-01-13T05:00:00.000Z'],
      ['mon2', '2026-01-19T05:00:00.000Z'],
    ] as const) {
      edge.at(at);
      await edge.protect(run);
    }
    assert.deepEqual(
      (await edge.points('config')).map(({ manifest }) => manifest.run),
      ['mon', 'tue', 'mon2'],
    );
    assert.deepEqual(
      (await edge.points('archive')).map(({ manifest }) => manifest.run),
      ['mon', 'mon2'],
    );
  });

  it('is never written to', () => {
    assert.deepEqual(readdirSync(join(edge.root, 'tmp')), []);
    assert.deepEqual(readdirSync(join(edge.root, 'cf/conf')), ['config.xml']);
  });

  it('whose config.xml is cut short gives no point, and the last good one stays', async () => {
    const points = (await edge.points()).length;
    edge.put('/cf/conf/config.xml', configXml(1_700_000_001).slice(0, 150));
    assert.deepEqual(codesOf(await edge.protect('broken')), ['config-not-whole']);
    assert.equal((await edge.points()).length, points);
    assert.deepEqual(left(edge), []);
    edge.put('/cf/conf/config.xml', configXml(1_700_000_002));
  });
});

describe('an archive that did not come whole', { skip: unlessRoot }, () => {
  for (const bytes of [0, 10, 300, 700])
    it(`but only ${bytes} bytes of it is no point, and is tried again in the next run (reality 1.2t)`, async () => {
      let cut = true;
      const edge = firewallWith({}, (machine) => ({
        ...machine,
        stream: (argv, options) => (cut ? cutting(bytes)(machine) : machine).stream(argv, options),
      }));
      try {
        assert.deepEqual(codesOf(await edge.protect('cut')), ['archive-incomplete']);
        assert.deepEqual([(await edge.points('config')).length, (await edge.points('archive')).length], [1, 0]);
        assert.deepEqual(left(edge), []);
        cut = false;
        await edge.protect('whole');
        assert.equal((await edge.points('archive')).length, 1);
      } finally {
        edge.close();
      }
    });

  it('of another configuration than the firewall has is no point', async () => {
    const edge: Firewall = firewallWith({}, (machine) => ({
      ...machine,
      stream: (argv, options) => {
        // What tar reads is older than what cat reads, and no later change of it says why.
        if (argv[0] === 'tar') edge.put('/cf/conf/config.xml', configXml(1_700_000_000, '<other/>'));
        else edge.put('/cf/conf/config.xml', configXml(1_700_000_000));
        return machine.stream(argv, options);
      },
    }));
    try {
      assert.deepEqual(codesOf(await edge.protect('run1')), ['archive-incomplete']);
      assert.equal((await edge.points('archive')).length, 0);
    } finally {
      edge.close();
    }
  });

  it('is whole where somebody saved a change while it came', async () => {
    const edge: Firewall = firewallWith({}, (machine) => ({
      ...machine,
      stream: (argv, options) => {
        const streaming = machine.stream(argv, options);
        if (argv[0] === 'tar')
          void streaming.ended.then(() => edge.put('/cf/conf/config.xml', configXml(1_700_000_099)));
        return streaming;
      },
    }));
    try {
      await edge.protect('run1');
      assert.equal((await edge.points('archive')).length, 1);
    } finally {
      edge.close();
    }
  });
});

describe('a run on a firewall', { skip: unlessRoot }, () => {
  it('that is killed anywhere leaves nothing, and a point only where it was sealed', async () => {
    const edge = firewallWith({ archive: 'daily', keep: { keep_last: 1 }, keep_archives: { keep_last: 1 } });
    try {
      edge.at('2026-01-05T05:00:00.000Z');
      await edge.protect('first');
      const kinds = new Set<string>();
      let [places, whole] = [0, false];
      for (; !whole; places += 1) {
        edge.at(new Date(Date.UTC(2026, 0, 6 + places, 5)).toISOString());
        const calls = places * 7;
        const life = lifeOf(calls);
        const begun: Begun[] = [];
        const over = { world: edge.world(life.machine), began: (step: Begun) => void begun.push(step) };
        await edge
          .protect(`dead${places}`, {}, over)
          .then(() => {
            whole = true;
          })
          .catch((error: unknown) => {
            if (life.count() < calls) throw error;
          });
        kinds.add(begun.at(-1)?.step.kind ?? 'none');
        const recovering = { run: `dead${places}` as RunId, world: edge.world(), taken: '/nowhere' };
        await recoverDriven(recovering, begun, begun.length);
        assert.deepEqual(left(edge), [], `killed after ${calls} calls`);
        for (const sort of ['config', 'archive'] as const) assert.ok((await edge.points(sort)).length >= 1, sort);
      }
      assert.ok(places > 10, `${places} places were tried`);
      assert.deepEqual([...kinds].sort(), ['pfsense.look', 'pfsense.take', 'point.prune']);
    } finally {
      edge.close();
    }
  });

  it('into a destination that others may look into is refused', async () => {
    const edge = firewallWith();
    try {
      mkdirSync(join(edge.copies, 'edge'), { recursive: true, mode: 0o755 });
      await assert.rejects(edge.protect('run1'), fault('destination-not-private'));
    } finally {
      edge.close();
    }
  });

  it('encrypted to a recipient leaves nothing that can be read, and opens with the identity', async () => {
    const keys = execFileSync('age-keygen', { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    const edge = firewallWith({ encrypt_to: [/public key: (\S+)/.exec(keys)?.[1]] });
    try {
      await edge.protect('run1');
      for (const { folder } of await edge.points())
        for (const name of readdirSync(folder))
          assert.ok(!readFileSync(join(folder, name)).includes('canary'), `canary in ${name}`);
      const [archive] = await edge.points('archive');
      assert.ok(archive !== undefined);
      const file = join(edge.root, 'tmp/identity');
      writeFileSync(file, keys.trim().split('\n').at(-1) ?? '');
      await edge.restore('back1', archive, { identity: { file } });
      assert.equal(differences(join(edge.root, 'cf'), join(edge.back, 'cf')), '');
    } finally {
      edge.close();
    }
  });
});

describe('the API of a firewall', () => {
  let folder: string;
  let url: string;
  let fingerprint: string;
  let answer: (headers: NodeJS.Dict<string | string[]>, path: string, body: string) => [number, unknown];
  const server = { close: () => {} };
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-api-'));
    const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', [...options, '-keyout', 'key', '-out', 'cert', '-subj', '/CN=edge'], {
      cwd: folder,
      stdio: 'ignore',
    });
    const [key, cert] = ['key', 'cert'].map((name) => readFileSync(join(folder, name)));
    assert.ok(key !== undefined && cert !== undefined);
    fingerprint = new X509Certificate(cert).fingerprint256;
    writeFileSync(join(folder, 'token'), 'key-canary');
    const real = createServer({ key, cert }, async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      const [status, value] = answer(request.headers, request.url ?? '', body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    });
    real.listen(0, '127.0.0.1');
    await once(real, 'listening');
    const address = real.address();
    assert.ok(typeof address === 'object' && address !== null);
    url = `https://127.0.0.1:${address.port}`;
    server.close = () => void real.close();
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const base64 = () => `${Buffer.from(configXml(1_700_000_000)).toString('base64').replaceAll(/.{64}/g, '$&\n')}\n`;
  const firewall = (api: object = {}) =>
    firewallWith({ archive: 'never', api: { url, token: { file: join(folder, 'token') }, fingerprint, ...api } });

  it('gives config.xml by version 2, its key in a header alone', { skip: unlessRoot }, async () => {
    const seen: string[] = [];
    answer = (headers, path, body) => {
      seen.push(`${headers['x-api-key']} ${path} ${JSON.parse(body).command}`);
      return [200, { code: 200, status: 'ok', data: { output: base64(), result_code: 0 } }];
    };
    const edge = firewall();
    try {
      await edge.protect('run1');
      const [point] = await edge.points('config');
      assert.equal(readFileSync(join(point?.folder ?? '', 'config.xml'), 'utf8'), configXml(1_700_000_000));
      assert.deepEqual(seen, [
        'key-canary /api/v2/diagnostics/command_prompt /usr/bin/openssl base64 -in /cf/conf/config.xml',
      ]);
    } finally {
      edge.close();
    }
  });

  it('gives it by version 1, too', { skip: unlessRoot }, async () => {
    answer = (headers, path) =>
      headers.authorization === 'abcd key-canary' && path.startsWith('/api/v1/')
        ? [200, { status: 'ok', data: { cmd_output: base64() } }]
        : [401, {}];
    const edge = firewall({ version: 'v1', client: 'abcd' });
    try {
      await edge.protect('run1');
      assert.equal((await edge.points('config')).length, 1);
    } finally {
      edge.close();
    }
  });

  for (const [what, api, said, code] of [
    ['refuses the key', {}, [401, { message: 'key-canary' }], 'credentials-refused'],
    ['fails, and echoes the key', {}, [500, { message: 'key-canary' }], 'firewall-not-read'],
    ['answers half of it', {}, [200, { data: { output: 'SGFsZg==', result_code: 0 } }], 'config-not-whole'],
    [
      'answers that the command failed',
      {},
      [200, { data: { output: 'No such file', result_code: 1 } }],
      'firewall-not-read',
    ],
    ['answers in words', {}, [200, { data: { output: 'Permission denied', result_code: 0 } }], 'firewall-not-read'],
    ['shows another certificate', { fingerprint: Array(32).fill('AA').join(':') }, [200, {}], 'certificate-changed'],
    ['is not signed by a known CA', { fingerprint: undefined, trust: 'ca' }, [200, {}], 'certificate-not-trusted'],
  ] as const)
    it(`is no point where it ${what}, and nothing says the key`, { skip: unlessRoot }, async () => {
      let asked = 0;
      answer = () => {
        asked += 1;
        return [said[0], said[1]];
      };
      const edge = firewall(api);
      try {
        const outcome = await edge.protect('run1');
        assert.deepEqual(codesOf(outcome), [code]);
        assert.doesNotMatch(JSON.stringify(outcome), /key-canary/);
        assert.equal(asked, code.startsWith('certificate') ? 0 : 1);
        assert.equal((await edge.points()).length, 0);
      } finally {
        edge.close();
      }
    });

  it('is pinned or verified, and nothing is sent by http', () => {
    const given = { name: 'e', kind: 'pfsense', machine: 'f', to_machine: 'h', workload: 'e', to: '/c', keep: {} };
    const token = { file: '/t' };
    const print = createHash('sha256')
      .update('')
      .digest('hex')
      .toUpperCase()
      .replaceAll(/..(?!$)/g, '$&:');
    const parses = (api: object) => pfsenseEntry.safeParse({ ...given, api }).success;
    assert.equal(parses({ url: 'https://10.0.20.1', token, fingerprint: print }), true);
    assert.equal(parses({ url: 'https://10.0.20.1', token }), false);
    assert.equal(parses({ url: 'http://10.0.20.1', token, fingerprint: print }), false);
    assert.equal(parses({ url: 'https://a:b@10.0.20.1', token, fingerprint: print }), false);
    assert.equal(pfsenseEntry.safeParse({ ...given, to_machine: 'f' }).success, false, 'a copy on the firewall');
  });
});
