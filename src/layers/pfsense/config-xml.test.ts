import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fault } from '../common/trees.test-support.ts';
import { readConfig } from './config-xml.ts';
import { configXml } from './firewall.test-support.ts';

const whole = configXml(1_700_000_000.25);
const read = (text: string | Uint8Array) => readConfig(Buffer.from(text), 'edge');

describe('a config.xml', () => {
  it('tells its version and when it was last changed', async () => {
    assert.deepEqual(await read(whole), { version: '23.3', revision: 1_700_000_000 });
  });

  it('is refused wherever it is cut short', async () => {
    const end = whole.trimEnd().length;
    for (let length = 0; length < end; length += 1)
      await assert.rejects(read(whole.slice(0, length)), fault('config-not-whole'), `${length} of ${end} characters`);
  });

  for (const [what, text] of [
    ['something else', '<html><body>Login</body></html>'],
    ['without a version', whole.replace(/<version>.*<\/version>/, '')],
    ['without a revision', whole.replace(/<revision>.*<\/revision>/, '')],
    ['with a revision without a time', whole.replace(/<time>.*<\/time>/, '<time></time>')],
    ['with a document type', whole.replace('<pfsense>', '<!DOCTYPE p [<!ENTITY a "b">]><pfsense>')],
    ['with an element that is not closed', whole.replace('</hostname>', '')],
    ['with something behind it', `${whole}<pfsense/>`],
    ['with an attribute without quotes', whole.replace('<system>', '<system a=b>')],
    ['with a bare &', whole.replace('edge', 'a & b')],
  ] as const)
    it(`is refused where it is ${what}`, () => assert.rejects(read(text), fault('config-not-whole')));

  it('is refused where it is no UTF-8', async () => {
    const bytes = Buffer.from(whole);
    bytes[bytes.indexOf('edge')] = 0xff;
    await assert.rejects(read(bytes), fault('config-not-whole'));
  });
});
