// A snapshot as it passes: pages of a database, and behind them the SHA-256 of all of them.
import { createHash } from 'node:crypto';
import { Fault } from '../../fault.ts';

const digestBytes = 32;
/** Pages of bbolt are a multiple of it, whatever their size. */
const block = 512;

export async function* proved(pieces: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let held: Buffer = Buffer.alloc(0);
  let bytes = 0;
  for await (const piece of pieces) {
    const all = Buffer.concat([held, piece]);
    const ready = all.subarray(0, Math.max(0, all.length - digestBytes));
    held = all.subarray(ready.length);
    if (ready.length === 0) continue;
    hash.update(ready);
    bytes += ready.length;
    yield ready;
  }
  if (bytes === 0 || bytes % block !== 0 || held.length !== digestBytes)
    throw new Fault('dump-cut-short', {
      where,
      says: `a snapshot of ${bytes + held.length} bytes is no whole one: it has no digest behind its pages`,
      remedy: 'see the log of the member, and whether the connection to it broke; then run it again',
    });
  if (!hash.digest().equals(held))
    throw new Fault('dump-damaged', {
      where,
      says: 'the digest behind the snapshot is another one than its pages have',
      remedy: 'see the log of the member and the disk and memory of its machine; keep the older points',
    });
  yield held;
}
