import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Comparing, compare } from './compare.ts';
import type { Listed } from './listed.ts';

const file = (path: string, more: Partial<Listed> = {}): Listed => ({
  ...{
    path,
    type: 'file',
    mode: '0644',
    uid: 0,
    gid: 0,
    size: 1,
    modified: '1.000000000',
    links: 1,
    file: `1:${path}`,
  },
  ...more,
});
async function* each(entries: readonly Listed[]): AsyncGenerator<Listed> {
  yield* entries;
}
const all: Comparing = { attributes: true, expected: () => true, part: false };

async function differencesOf(listing: readonly Listed[], tree: readonly Listed[], how = all): Promise<string[]> {
  const found: string[] = [];
  for await (const one of compare(each(listing), each(tree), how))
    if ('says' in one) found.push(`${one.path} ${one.says}`);
  return found;
}

describe('a comparison', () => {
  it('finds nothing between equals', async () => {
    const tree = [file(''), file('a', { attributes: { 'user.x': '0x01' } }), file('b')];
    assert.deepEqual(await differencesOf(tree, tree), []);
  });

  for (const [what, more] of [
    ['type', { type: 'fifo' }],
    ['mode', { mode: '4644' }],
    ['uid', { uid: 1 }],
    ['gid', { gid: 1 }],
    ['size', { size: 2 }],
    ['modified', { modified: '1.000000001' }],
    ['links', { links: 2 }],
    ['target', { target: 'elsewhere' }],
    ['target_base64', { target_base64: '/w==' }],
    ['attributes', { attributes: { 'system.posix_acl_access': '0x02' } }],
  ] as const)
    it(`notices another ${what}`, async () => {
      const found = await differencesOf([file('a')], [file('a', more)]);
      assert.match(found.join(), new RegExp(`^a has ${what}`));
    });

  it('notices what is missing and what is too many, at the start, between and at the end', async () => {
    const listing = ['b', 'd', 'f'].map((path) => file(path));
    const tree = ['a', 'b', 'c', 'f', 'g'].map((path) => file(path));
    assert.deepEqual(await differencesOf(listing, tree), [
      ...['a is not in the listing', 'c is not in the listing', 'd is missing', 'g is not in the listing'],
    ]);
  });

  it('keeps to the order of bytes that the listing has, for names that sort before the root, too', async () => {
    const tree = [file(' blank'), file('-rf'), file(''), file('a'), file('a/b'), file('a!')];
    const sorted = tree.toSorted((one, other) =>
      Buffer.compare(Buffer.from(`${one.path}//`), Buffer.from(`${other.path}//`)),
    );
    assert.deepEqual(await differencesOf(sorted, sorted), []);
  });

  it('tells names apart that are no UTF-8', async () => {
    const name = (byte: number) => file('', { path_base64: Buffer.of(byte).toString('base64') });
    const { path: _, ...one } = name(0xfe);
    const { path: __, ...other } = name(0xff);
    assert.equal((await differencesOf([one], [other])).length, 2);
  });

  it('expects no sockets, and devices only where they were asked for', async () => {
    const listing = [file('a'), file('b', { type: 'block' }), file('s', { type: 'socket' })];
    const plain: Comparing = { ...all, expected: ({ type }) => type === 'file' };
    assert.deepEqual(await differencesOf(listing, [file('a')], plain), []);
    assert.deepEqual(await differencesOf(listing, listing, plain), [
      'b is not in the listing',
      's is not in the listing',
    ]);
  });

  it('leaves attributes out only where nobody could list them', async () => {
    const [listing, tree] = [[file('a')], [file('a', { attributes: { 'user.x': '0x01' } })]];
    assert.deepEqual(await differencesOf(listing, tree, { ...all, attributes: false }), []);
    assert.equal((await differencesOf(listing, tree)).length, 1);
  });
});
