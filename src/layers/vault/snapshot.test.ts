// What a snapshot must be to count, byte for byte; tar(1), gzip(1) and sha256sum(1) are asked for a second opinion.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createGzip, gzipSync } from 'node:zlib';
import { Fault } from '../../fault.ts';
import { type ArchiveFile, archiveOf, digestIn, filesOf, tarOf } from './archive.test-support.ts';
import { passingSnapshot, type SnapshotMeta } from './snapshot.ts';

const state = randomBytes(70_000);
const files = filesOf({ index: 47, term: 3, state, seal: () => Buffer.from('sealed') });
const good = archiveOf(files);

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function passed(bytes: Uint8Array, size = 4096): Promise<Readonly<{ came: Buffer; meta: SnapshotMeta }>> {
  const came: Uint8Array[] = [];
  const { pieces, meta } = passingSnapshot(inPieces(bytes, size), 'here');
  for await (const piece of pieces) came.push(piece);
  return { came: Buffer.concat(came), meta: meta() };
}

async function codeOf(bytes: Uint8Array, says?: RegExp): Promise<string> {
  try {
    await passed(bytes);
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    if (says !== undefined) assert.match(error.says, says);
    return error.code;
  }
  return 'passed';
}

const without = (name: string): readonly ArchiveFile[] => files.filter((file) => file[0] !== name);
const withSums = (text: string): Buffer =>
  archiveOf(files.map((file) => (file[0] === 'SHA256SUMS' ? ['SHA256SUMS', Buffer.from(text)] : file)));

describe('a snapshot', () => {
  it('passes as it came, in whatever pieces, and says its index and term', async () => {
    for (const size of [61, 512, 4096, good.length]) {
      const { came, meta } = await passed(good, size);
      assert.ok(came.equals(good));
      assert.deepEqual(meta, { version: 1, index: 47, term: 3, size: state.length });
    }
  });

  it('of the tests is one for tar, gzip and sha256sum, too (control)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-snap-'));
    try {
      writeFileSync(join(folder, 'one.snap'), good);
      execFileSync('tar', ['-xzf', 'one.snap'], { cwd: folder });
      const said = execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' });
      assert.equal(said, 'meta.json: OK\nstate.bin: OK\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('as tar(1) writes it passes as well: in any order, with more empty blocks at its end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-snap-'));
    try {
      for (const [name, content] of files) writeFileSync(join(folder, name), content);
      const names = ['SHA256SUMS.sealed', 'state.bin', 'SHA256SUMS', 'meta.json'];
      for (const format of ['ustar', 'gnu', 'pax']) {
        const made = execFileSync('tar', ['-cz', `--format=${format}`, ...names], { cwd: folder });
        assert.equal(await codeOf(made), 'passed', format);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('that ends too early is none, wherever that is', async () => {
    const lengths = [0, 1, 10, 100, 5000, good.length - 9, good.length - 8, good.length - 1];
    for (const length of lengths)
      assert.equal(await codeOf(good.subarray(0, length)), 'dump-cut-short', `${length} bytes`);
    const tar = tarOf(files);
    for (const length of [0, 100, 512, 600, 1024, 5000, tar.length - 1024, tar.length - 512, tar.length - 1])
      assert.equal(await codeOf(gzipSync(tar.subarray(0, length))), 'dump-cut-short', `${length} bytes, packed whole`);
  });

  it('that is followed by anything is none', async () => {
    const more = [Buffer.from('x'), Buffer.alloc(3), randomBytes(9000), gzipSync(Buffer.from('more')), good];
    for (const one of more) assert.notEqual(await codeOf(Buffer.concat([good, one])), 'passed');
    assert.equal(await codeOf(gzipSync(Buffer.concat([tarOf(files), Buffer.from('more')]))), 'dump-cut-short');
    assert.equal(
      await codeOf(gzipSync(Buffer.concat([tarOf(files), tarOf(files)])), /behind its end/),
      'snapshot-not-sound',
    );
  });

  it('of zeros, or of an error page, is none', async () => {
    assert.equal(await codeOf(Buffer.alloc(good.length)), 'snapshot-not-sound');
    assert.equal(await codeOf(Buffer.from('<html>502 Bad Gateway</html>')), 'snapshot-not-sound');
    assert.equal(await codeOf(gzipSync(Buffer.from('<html>'))), 'dump-cut-short');
    const half = Buffer.from(good);
    half.fill(0, Math.floor(good.length / 2));
    assert.notEqual(await codeOf(half), 'passed');
  });

  it('with one other bit is none, wherever it is', async () => {
    const tar = tarOf(files);
    // The name, the size and the checksum of the first header, its content, the state, the sums.
    for (const at of [0, 124, 135, 150, 512, 520, 2000, 50_000, tar.indexOf('  meta.json') - 3]) {
      const changed = Buffer.from(tar);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.notEqual(await codeOf(gzipSync(changed)), 'passed', `byte ${at}`);
    }
  });

  it('is without nothing, and has nothing more', async () => {
    for (const [name] of files)
      assert.equal(await codeOf(archiveOf(without(name)), /it is without/), 'snapshot-not-sound', name);
    const extra = archiveOf([...files, ['other.bin', Buffer.from('x')]]);
    assert.equal(await codeOf(extra, /other\.bin.*which no snapshot has/), 'snapshot-not-sound');
    const [first] = files;
    assert.ok(first !== undefined);
    assert.equal(await codeOf(archiveOf([...files, first]), /twice/), 'snapshot-not-sound');
  });

  it('has the digests that its own sums name, and sums of nothing else', async () => {
    const [meta, data] = ['meta.json', 'state.bin'].map(
      (name) => `${digestIn(files.find((file) => file[0] === name)?.[1] ?? Buffer.of())}  ${name}\n`,
    );
    const other = digestIn(Buffer.from('other'));
    assert.equal(await codeOf(withSums(`${meta}${data}`)), 'passed', 'control');
    assert.equal(await codeOf(withSums(`${meta}${other}  state.bin\n`), /state\.bin has not/), 'snapshot-not-sound');
    assert.equal(await codeOf(withSums(meta ?? ''), /lacks state\.bin/), 'snapshot-not-sound');
    assert.equal(await codeOf(withSums(`${meta}${data}${other}  gone.bin\n`), /gone\.bin/), 'snapshot-not-sound');
    assert.equal(await codeOf(withSums('hello\n'), /no list of digests/), 'snapshot-not-sound');
  });

  it('passes without being kept, whatever its size', async () => {
    const piece = randomBytes(1024 * 1024);
    const gzip = createGzip({ level: 0 });
    const large = 128 * piece.length;
    const [head = ['', Buffer.of()]] = files;
    const begin = tarOf([head]).subarray(0, 512 + Math.ceil(head[1].length / 512) * 512);
    const header = tarOf([['state.bin', Buffer.of()]]).subarray(0, 512);
    header.write(`${large.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const feed = async () => {
      gzip.write(begin);
      gzip.write(header);
      for (let at = 0; at < 128; at += 1) await new Promise((resolve) => gzip.write(piece, resolve));
      gzip.end(Buffer.alloc(1024));
    };
    let most = 0;
    const { pieces } = passingSnapshot(gzip, 'here');
    const fed = feed();
    const read = async () => {
      for await (const _ of pieces) most = Math.max(most, process.memoryUsage().arrayBuffers);
    };
    // It has no sums: that is seen at its end, after all of it has passed.
    await assert.rejects(read(), (error) => error instanceof Fault && /is without SHA256SUMS/.test(error.says));
    await fed;
    assert.ok(most < 64 * 1024 * 1024, `${most} bytes were held at once`);
  });
});
