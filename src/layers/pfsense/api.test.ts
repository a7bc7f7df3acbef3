// config.xml by the REST API of a firewall: by both versions, with the key in a header alone, and no point of half an answer.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { codesOf } from '../common/driver.test-support.ts';
import { type Answer, type FirewallApi, startApi } from './api.test-support.ts';
import { configXml, firewallWith, unlessRoot } from './firewall.test-support.ts';
import { pfsenseEntry } from './schema.ts';

describe('the API of a firewall', () => {
  let api: FirewallApi;
  let answer: Answer;
  before(async () => {
    api = await startApi((...asked) => answer(...asked));
  });
  after(() => api.close());

  const base64 = () => `${Buffer.from(configXml(1_700_000_000)).toString('base64').replaceAll(/.{64}/g, '$&\n')}\n`;
  const firewall = (more: object = {}) => {
    const { url, fingerprint, token } = api;
    return firewallWith({ archive: 'never', api: { url, token: { file: token }, fingerprint, ...more } });
  };

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

  for (const [what, declared, said, code] of [
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
      const edge = firewall(declared);
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
