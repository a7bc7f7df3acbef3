// Every file in examples/bad says at its end, in lines that begin with `#=`, all that is wrong with it and where.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { exitCodes } from '../fault.ts';
import { problemsOf, read, withFiles } from './estate.test-support.ts';
import { InvalidFile } from './problem.ts';

const folder = join(import.meta.dirname, '../../examples/bad');
const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

const expectedOf = (name: string): readonly string[] =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('#= '))
    .map((line) => `${name}:${line.slice(3)}`.replaceAll('examples/bad/', '').replaceAll('$HERE/', ''));

describe('a bad estate is refused with everything that is wrong with it, each in its place', () => {
  for (const name of names)
    it(name, async () => {
      const expected = expectedOf(name);
      assert.notEqual(expected.length, 0, 'the example says what is wrong with it');
      assert.deepEqual(await problemsOf(join(folder, name)), expected);
    });

  it('as one fault that ends the command with 65, for people and as a list', async () => {
    await assert.rejects(read(join(folder, 'unknown-key.yaml')), (thrown: unknown) => {
      assert.ok(thrown instanceof InvalidFile);
      assert.deepEqual([thrown.code, exitCodes[thrown.exit]], ['estate-invalid', 65]);
      assert.equal(thrown.says.split('\n').length, thrown.problems.length);
      const { problems } = JSON.parse(JSON.stringify(thrown));
      assert.deepEqual(problems[0], {
        file: join(folder, 'unknown-key.yaml'),
        line: 4,
        column: 5,
        path: 'pbs_storages[0].servr',
        says: 'is not known; did you mean server?',
      });
      return true;
    });
  });

  it('without a word of any secret that somebody wrote into it', async () => {
    const said = (await Promise.all(names.map((name) => problemsOf(join(folder, name))))).flat().join('\n');
    assert.doesNotMatch(said, /canary|2222222222/);
    assert.match(names.map((name) => readFileSync(join(folder, name), 'utf8')).join(), /canary/, 'there were some');
  });

  it('without a connection to anybody it names', async () => {
    let connections = 0;
    const server = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const url = `https://127.0.0.1:${address.port}`;
    const entry = `{ name: evil, url: "${url}", trust: ca, token: { id: a@pve!b, secret: { env: PVE_TOKEN } } }`;
    const hostile = `pve: [${entry}]\npbs: [${entry.replace('evil', 'worse')}]\nchannels: [{ name: c, kind: webhook, url: "${url}/x", secret: { env: HOOK } }]\n`;
    await withFiles({ 'bad.yaml': `${hostile}unknown: 1\n`, 'good.yaml': hostile }, async (temporary) => {
      assert.equal((await problemsOf(join(temporary, 'bad.yaml'))).length, 1);
      assert.deepEqual(await problemsOf(join(temporary, 'good.yaml')), []);
    });
    server.close();
    await once(server, 'close');
    assert.equal(connections, 0);
  });
});
