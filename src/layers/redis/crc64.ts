// The checksum that Redis puts behind its dumps: CRC-64 as Jones has it, from the low bit up. Eight bytes at a time by tables
// ("slicing by eight"); a number of 64 bits is two halves here, since BigInt is a hundred times slower.
const [polyLow, polyHigh] = [0xac4bc9b5, 0x95ac9329];

/** Eight tables, one behind the other: of a byte that so many others follow. */
const [low, high] = [new Uint32Array(8 * 256), new Uint32Array(8 * 256)];

for (let index = 0; index < low.length; index += 1) {
  let [l, h] = index < 256 ? [index, 0] : [low[index - 256] ?? 0, high[index - 256] ?? 0];
  for (let bit = 0; bit < 8; bit += 1) {
    const odd = l & 1;
    l = ((l >>> 1) | (h << 31)) ^ (odd ? polyLow : 0);
    h = (h >>> 1) ^ (odd ? polyHigh : 0);
  }
  low[index] = l;
  high[index] = h;
}

/** A gigabyte comes by here 268 million times: with arrays in the way, which read better, a dump took twenty times as long. */
const eight = (table: Uint32Array, a: number, b: number): number =>
  (table[1792 + (a & 255)] ?? 0) ^
  (table[1536 + ((a >>> 8) & 255)] ?? 0) ^
  (table[1280 + ((a >>> 16) & 255)] ?? 0) ^
  (table[1024 + (a >>> 24)] ?? 0) ^
  (table[768 + (b & 255)] ?? 0) ^
  (table[512 + ((b >>> 8) & 255)] ?? 0) ^
  (table[256 + ((b >>> 16) & 255)] ?? 0) ^
  (table[b >>> 24] ?? 0);

export class Crc64 {
  #low = 0;
  #high = 0;

  update(bytes: Uint8Array): void {
    let [l, h] = [this.#low, this.#high];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let position = 0;
    for (; position + 8 <= bytes.length; position += 8) {
      const a = l ^ view.getUint32(position, true);
      const b = h ^ view.getUint32(position + 4, true);
      l = eight(low, a, b);
      h = eight(high, a, b);
    }
    for (; position < bytes.length; position += 1) {
      const index = (l ^ (bytes[position] ?? 0)) & 255;
      l = ((l >>> 8) | (h << 24)) ^ (low[index] ?? 0);
      h = (h >>> 8) ^ (high[index] ?? 0);
    }
    this.#low = l;
    this.#high = h;
  }

  /** Eight bytes, the low one first, as they stand in a dump. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(this.#low >>> 0, 0);
    bytes.writeUInt32LE(this.#high >>> 0, 4);
    return bytes;
  }
}
