// What stands in a listing, of a real tree with every name that a file system allows.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Fault } from '../../../fault.ts';
import { localMachine } from '../../../machines/local.ts';
import type { Manifest } from '../../../model/restore-point.ts';
import { digestOfText } from '../../../values/canonical.ts';
import { systemClock } from '../../../values/instant.ts';
import { split } from '../records.ts';
import { fault, sh } from '../trees.test-support.ts';
import { parseDump } from './attributes.ts';
import { sortLinks } from './links.ts';
import { byPath, type Listed, listedOf, pathOf } from './listed.ts';
import { listTree } from './listing.ts';
import type { AtHand } from './parts.ts';
import { readListing } from './read-listing.ts';

const machine = localMachine({ name: 'here', clock: systemClock });
const { signal } = new AbortController();
const hostileNames = [
  '-rf',
  '$(touch x)',
  'a\nb',
  `it's "quoted"`,
  'back\\slash',
  ' blanks ',
  '*',
  'ünïcode 名',
  'x'.repeat(255),
];
const noText = Buffer.of(0xff, 0x0a, 0x80, 0x20);

async function gather<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
async function* pieces(...texts: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

/** A point whose listing is sealed as it lies there now. */
function sealedIn(folder: string): AtHand {
  const content = readFileSync(join(folder, 'listing.ndjson'));
  const part = { name: 'listing.ndjson', bytes: content.length, sha256: digestOfText(content.toString()) };
  return { machine, folder, manifest: { id: 'p', parts: [part] } as unknown as Manifest, identity: undefined };
}
const fail = (words: string) => new Fault('unexpected', { where: 'test', says: words, remedy: '' });

describe('a listing', () => {
  let folder: string;
  let entries: Listed[];
  let attributes: boolean;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-listing-'));
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'many'), { recursive: true });
    for (const name of hostileNames) writeFileSync(join(tree, 'many', name), 'x');
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), noText]), 'x');
    symlinkSync(noText, join(tree, 'link'));
    sh('ln "many/-rf" again; setfattr -n user.note -v "a=b" many/*b*; touch -d @1.5 link -h; mkdir !', tree);
    mkdirSync(join(folder, 'work'));
    const listing = { machine, tree, work: join(folder, 'work'), signal, progress: () => {}, damaged: fail };
    const listed = await listTree(listing);
    attributes = listed.attributes;
    entries = await gather(listed.entries);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('has every name as it is, also one that is no text, and one that looks like an option', () => {
    const paths = entries.map((entry) => pathOf(entry).toString('latin1')).sort();
    const wanted = ['', '!', 'again', 'link', 'many', noText.toString('latin1')];
    for (const name of hostileNames) wanted.push(Buffer.from(`many/${name}`).toString('latin1'));
    assert.deepEqual(paths, wanted.sort());
  });

  it('is in the order of the bytes of its paths, whatever the locale', () => {
    assert.deepEqual(entries.toSorted(byPath), entries);
  });

  it('is read back as it was written, line by line', async () => {
    writeFileSync(join(folder, 'listing.ndjson'), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    assert.deepEqual(await gather(readListing(sealedIn(folder), signal)), entries);
  });

  it('is refused behind its last line where a byte of it is another than was sealed', async () => {
    const point = sealedIn(folder);
    appendFileSync(join(folder, 'listing.ndjson'), '\n');
    await assert.rejects(gather(readListing(point, signal)), fault('point-damaged'));
  });

  it('names the line that is none, and what to do', async () => {
    const damaged = join(folder, 'damaged');
    mkdirSync(damaged);
    for (const line of ['{}', '{"path":', JSON.stringify({ ...entries[0], more: 1 })]) {
      writeFileSync(join(damaged, 'listing.ndjson'), `${JSON.stringify(entries[0])}\n${line}\n`);
      await assert.rejects(gather(readListing(sealedIn(damaged), signal)), fault('point-damaged'));
    }
  });

  it('says what a link points to, in bytes, and which names are one file', () => {
    const named = (path: string) => entries.find((entry) => entry.path === path);
    assert.equal(
      Buffer.from(named('link')?.target_base64 ?? '', 'base64').toString('latin1'),
      noText.toString('latin1'),
    );
    assert.equal(named('link')?.modified, '1.500000000');
    assert.equal(named('again')?.file, named('many/-rf')?.file);
    assert.equal(named('again')?.links, 2);
  });

  it('has the attributes of a file with a name of several lines', (test) => {
    if (!attributes) return test.skip('getfattr is missing');
    const found = entries.find((entry) => entry.path === 'many/a\nb');
    assert.deepEqual(found?.attributes, { 'user.note': '0x613d62' });
    const without = entries.find((entry) => entry.path === 'many/-rf');
    assert.equal(without?.attributes, undefined);
  });
});

describe('records', () => {
  it('are split wherever the chunks are cut, the last one without an end included', async () => {
    const text = Buffer.from('one\0\0two\0three');
    for (let cut = 0; cut <= text.length; cut += 1) {
      const found = await gather(split(pieces(text.subarray(0, cut), text.subarray(cut)), 0));
      assert.deepEqual(found.map(String), ['one', '', 'two', 'three']);
    }
  });

  it('of find(1) that were not asked for are refused', () => {
    for (const record of ['no end', 'a//q 644 0 0 1 1.0000000000 1 1:1 '])
      assert.throws(() => listedOf(Buffer.from(record)), /not asked for/);
  });

  it('of getfattr(1) keep escaped names, and a NUL behind a SELinux label means nothing', async () => {
    const dump = '# file: a\\012b\nuser.x=0x00\nsecurity.selinux=0x612f6200\n\n# file: .\nuser.y=0x\n';
    const found = await gather(parseDump(split(pieces(dump), 0x0a)));
    assert.deepEqual(
      found.map(({ path, attributes }) => [path.toString(), attributes]),
      [
        ['a\nb', { 'user.x': '0x00', 'security.selinux': '0x612f62' }],
        ['', { 'user.y': '0x' }],
      ],
    );
  });
});

describe('names of one file', () => {
  const checked = async (...links: readonly (readonly [path: string, listed: string, found: string])[]) => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-links-'));
    try {
      const all = async function* () {
        for (const [path, listed, found] of links)
          yield { path: Buffer.from(path), listed, found, links: links.filter((link) => link[2] === found).length };
      };
      return (await gather(await sortLinks({ machine, folder, signal }, all()))).map(
        ({ path, says }) => `${path} ${says}`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('are one file again', async () => {
    assert.deepEqual(await checked(['a', '1:1', '2:7'], ['z', '1:2', '2:8'], ['b c', '1:1', '2:7']), []);
  });

  it('that became two are told, with both names', async () => {
    const found = await checked(['a', '1:1', '2:7'], ['x', '1:2', '2:9'], ['b\nc', '1:1', '2:8']);
    assert.deepEqual(found, ['b\\u000ac is no longer the same file as a']);
  });
});
