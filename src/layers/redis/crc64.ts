// The checksum that Redis puts behind its dumps: CRC-64 as Jones has it, from the low bit up. Eight bytes at a time by tables
// ("slicing by eight"); a number of 64 bits is two halves here, since BigInt is a hundred times slower.
const [polyLow, polyHigh] = [0xac4bc9b5, 0x95ac9329];

type Table = Uint32Array;
type Eight = [Table, Table, Table, Table, Table, Table, Table, Table];

const low: Table[] = [];
const high: Table[] = [];

for (let slice = 0; slice < 8; slice += 1) {
  const [lows, highs] = [new Uint32Array(256), new Uint32Array(256)];
  for (let byte = 0; byte < 256; byte += 1) {
    let [l, h] = slice === 0 ? [byte, 0] : [at(low[slice - 1], byte), at(high[slice - 1], byte)];
    for (let bit = 0; bit < 8; bit += 1) {
      const odd = l & 1;
      l = ((l >>> 1) | (h << 31)) ^ (odd ? polyLow : 0);
      h = (h >>> 1) ^ (odd ? polyHigh : 0);
    }
    lows[byte] = l;
    highs[byte] = h;
  }
  low.push(lows);
  high.push(highs);
}

function at(table: Uint32Array | undefined, index: number): number {
  return table?.[index] ?? 0;
}

export class Crc64 {
  #low = 0;
  #high = 0;

  update(bytes: Uint8Array): void {
    const [l0, l1, l2, l3, l4, l5, l6, l7] = low as Eight;
    const [h0, h1, h2, h3, h4, h5, h6, h7] = high as Eight;
    let [l, h] = [this.#low, this.#high];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let position = 0;
    for (; position + 8 <= bytes.length; position += 8) {
      const a = l ^ view.getUint32(position, true);
      const b = h ^ view.getUint32(position + 4, true);
      const [a0, a1, a2, a3] = [a & 255, (a >>> 8) & 255, (a >>> 16) & 255, a >>> 24];
      const [b0, b1, b2, b3] = [b & 255, (b >>> 8) & 255, (b >>> 16) & 255, b >>> 24];
      l = at(l7, a0) ^ at(l6, a1) ^ at(l5, a2) ^ at(l4, a3) ^ at(l3, b0) ^ at(l2, b1) ^ at(l1, b2) ^ at(l0, b3);
      h = at(h7, a0) ^ at(h6, a1) ^ at(h5, a2) ^ at(h4, a3) ^ at(h3, b0) ^ at(h2, b1) ^ at(h1, b2) ^ at(h0, b3);
    }
    for (; position < bytes.length; position += 1) {
      const index = (l ^ (bytes[position] ?? 0)) & 255;
      l = ((l >>> 8) | (h << 24)) ^ at(l0, index);
      h = (h >>> 8) ^ at(h0, index);
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
