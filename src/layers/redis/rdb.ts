// A dump of Redis as it passes: its beginning, its end and its checksum are looked at, and what is no part of it is cut off.
import { Fault } from '../../fault.ts';
import { Content } from './content.ts';
import { Crc64 } from './crc64.ts';
import { type Header, headBytes, headerOf } from './header.ts';

/** The byte after which there is nothing but the checksum (RDB_OPCODE_EOF). */
const ends = 0xff;
const checksumBytes = 8;
/**
 * A server that saves straight to the line puts 40 characters behind the dump, since it cannot say its length before; redis-cli
 * cuts them off a file and cannot take them back from its standard output.
 */
const markBytes = 40;
const held = 1 + checksumBytes + markBytes;

export type Seen = Readonly<{ header: Header; checksum: 'right' | 'none'; content: string }>;

export type Passing = Readonly<{
  pieces: AsyncIterable<Uint8Array>;
  /** after the last piece */
  seen(): Seen;
}>;

export function passing(dump: AsyncIterable<Uint8Array>, where: string): Passing {
  let seen: Seen | undefined;
  const [crc, content] = [new Crc64(), new Content()];
  const looked = (piece: Uint8Array): void => {
    crc.update(piece);
    content.update(piece);
  };
  const pieces = async function* () {
    let head: Buffer = Buffer.alloc(0);
    let tail: Buffer = Buffer.alloc(0);
    for await (const chunk of dump) {
      if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)]);
      const short = chunk.length < held;
      const all = short ? Buffer.concat([tail, chunk]) : chunk;
      if (!short && tail.length > 0) {
        looked(tail);
        yield tail;
      }
      const ready = all.subarray(0, Math.max(0, all.length - held));
      tail = Buffer.from(all.subarray(ready.length));
      if (ready.length === 0) continue;
      looked(ready);
      yield ready;
    }
    const last = withoutMark(tail);
    const header = headerOf(head);
    if (header === undefined) throw cutShort(where, 'does not begin as a dump of Redis does');
    if (last.length <= checksumBytes || last[last.length - checksumBytes - 1] !== ends)
      throw cutShort(where, 'has no end: the byte and the checksum that stand behind every dump are missing');
    const [body, sum] = [last.subarray(0, -checksumBytes), last.subarray(-checksumBytes)];
    looked(body);
    const none = sum.every((byte) => byte === 0);
    if (!none && !crc.digest().equals(sum))
      throw damaged(where, 'the checksum behind it is another one than its bytes have');
    seen = { header, checksum: none ? 'none' : 'right', content: content.digest(head.subarray(0, header.bytes)) };
    yield last;
  };
  return {
    pieces: pieces(),
    seen: () => {
      if (seen === undefined) throw new Error('a dump was asked about before it had passed');
      return seen;
    },
  };
}

const withoutMark = (tail: Buffer): Buffer =>
  tail.length === held && tail[0] === ends && /^[0-9a-f]{40}$/.test(tail.toString('latin1', held - markBytes))
    ? tail.subarray(0, held - markBytes)
    : tail;

const cutShort = (where: string, says: string): Fault =>
  new Fault('dump-cut-short', {
    where,
    says: `what was read ${says}`,
    remedy: 'see the log of the server, and whether the connection to it broke; then run it again',
  });

export const damaged = (where: string, says: string): Fault =>
  new Fault('dump-damaged', {
    where,
    says,
    remedy: 'see the log of the server and the memory and disk of its machine; keep the older points',
  });
