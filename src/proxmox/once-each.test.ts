import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../values/secret.ts';
import { path } from './api.ts';
import { fakeApi, refused } from './fake-api.test-support.ts';
import { onceEach } from './once-each.ts';

const counting = () => {
  const asked: string[] = [];
  const api = fakeApi('pbs', (verb, at, params) => {
    asked.push(`${verb} ${at} ${JSON.stringify(params)}`);
    if (at === '/nope') throw refused('pbs', 403, 'permission check failed');
    return { data: asked.length };
  });
  return { asked, api: onceEach(api) };
};

describe('what several want to know of a server in one look', () => {
  it('is asked once, whatever the order of its parameters, and everybody gets the same answer', async () => {
    const { asked, api } = counting();
    const [one, other] = await Promise.all([
      api.get(path`/access/users`, { a: 1, include_tokens: true }),
      api.get(path`/access/users`, { include_tokens: true, a: 1 }),
    ]);
    assert.deepEqual(one, other);
    assert.equal(asked.length, 1);
  });

  it('is asked again where the path or a parameter is another one, and for another look', async () => {
    const { asked, api } = counting();
    await api.get(path`/access/users`);
    await api.get(path`/access/users`, { include_tokens: true });
    await api.get(path`/access/acl`);
    assert.equal(asked.length, 3);
    await onceEach(api).get(path`/version`);
    await onceEach(api).get(path`/version`);
    assert.equal(asked.length, 4, 'the one below still remembers its own');
  });

  it('is refused to all of them alike', async () => {
    const { asked, api } = counting();
    const both = await Promise.allSettled([api.get(path`/nope`), api.get(path`/nope`)]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(asked.length, 1);
  });

  it('is never taken from memory where something is written, or a secret is sent', async () => {
    const { asked, api } = counting();
    await api.post(path`/x`, { a: 1 });
    await api.post(path`/x`, { a: 1 });
    await api.put(path`/x`);
    await api.delete(path`/x`);
    const secret = new Secret('password', 'open sesame', api.audience);
    await api.get(path`/scan`, { password: secret });
    await api.get(path`/scan`, { password: secret });
    assert.equal(asked.length, 6);
    assert.deepEqual([api.name, api.product, api.audience], ['lab', 'pbs', 'lab:1']);
  });
});
