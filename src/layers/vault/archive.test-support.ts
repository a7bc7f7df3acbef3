// Snapshots as raft writes them: a ustar archive, packed with gzip. What is wrong with one is made by whoever asks for it.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export type ArchiveFile = readonly [name: string, content: Buffer];

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('15000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

const padded = (content: Buffer): Buffer =>
  Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);

export const tarOf = (files: readonly ArchiveFile[]): Buffer =>
  Buffer.concat([
    ...files.flatMap(([name, content]) => [headerOf(name, content.length), padded(content)]),
    Buffer.alloc(1024),
  ]);

export const digestIn = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

export type Made = Readonly<{ index: number; term: number; state: Buffer; seal(sums: Buffer): Buffer }>;

export function filesOf({ index, term, state, seal }: Made): readonly ArchiveFile[] {
  const meta = { Version: 1, ID: 'bolt-snapshot', Index: index, Term: term, Peers: 'k5Cg', Size: state.length };
  const first: readonly ArchiveFile[] = [
    ['meta.json', Buffer.from(`${JSON.stringify(meta)}\n`)],
    ['state.bin', state],
  ];
  const sums = Buffer.from(first.map(([name, content]) => `${digestIn(content)}  ${name}\n`).join(''));
  return [...first, ['SHA256SUMS', sums], ['SHA256SUMS.sealed', seal(sums)]];
}

export const archiveOf = (files: readonly ArchiveFile[]): Buffer => gzipSync(tarOf(files));
