// A tar archive read as it passes (POSIX.1-1988 ustar, with the pax header that a file beyond 8 GiB needs): nothing of it is kept.

const block = 512;

export type TarFile = Readonly<{ name: string; size: number }>;

/** `whole: false`: what is there is right, and ends before its end. */
export class TarProblem extends Error {
  readonly whole: boolean;
  constructor(says: string, whole: boolean) {
    super(says);
    this.whole = whole;
  }
}

export type TarReader = Readonly<{
  /** @returns what is told of each piece of it; it may throw */
  file(file: TarFile): (piece: Uint8Array) => void;
}>;

/** @throws TarProblem */
export async function readTar(pieces: AsyncIterable<Uint8Array>, reader: TarReader): Promise<void> {
  const header = Buffer.alloc(block);
  let filled = 0;
  let left = 0;
  let padding = 0;
  let zeros = 0;
  let sink: (piece: Uint8Array) => void = () => {};
  let sizeOfNext: number | undefined;
  let ended = (): void => {};

  const begin = (): void => {
    filled = 0;
    if (header.every((byte) => byte === 0)) {
      zeros += 1;
      return;
    }
    if (zeros > 0) throw new TarProblem('something stands behind its end', true);
    const { name, size, type } = headerIn(header);
    if (type === 'x') {
      const text: Uint8Array[] = [];
      if (size > 64 * 1024) throw new TarProblem('a header of it is of no size that headers have', true);
      sink = (piece) => void text.push(Buffer.from(piece));
      ended = () => {
        sizeOfNext = paxSize(Buffer.concat(text).toString());
      };
      left = size;
    } else if (type === '0' || type === '\0') {
      left = sizeOfNext ?? size;
      sizeOfNext = undefined;
      sink = reader.file({ name, size: left });
      ended = () => {};
    } else throw new TarProblem(`${JSON.stringify(name)} in it is no file`, true);
    padding = (block - (left % block)) % block;
    if (left === 0) ended();
  };

  for await (const piece of pieces)
    for (let at = 0; at < piece.length; ) {
      if (left > 0) {
        const data = piece.subarray(at, at + left);
        sink(data);
        left -= data.length;
        at += data.length;
        if (left === 0) ended();
      } else if (padding > 0) {
        const skipped = Math.min(padding, piece.length - at);
        padding -= skipped;
        at += skipped;
      } else {
        const part = piece.subarray(at, at + block - filled);
        header.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === block) begin();
      }
    }
  if (left > 0 || padding > 0 || filled > 0 || zeros < 2)
    throw new TarProblem('it has no end: two empty blocks are missing', false);
}

const text = (field: Uint8Array): string => Buffer.from(field).toString('utf8').replace(/\0.*$/s, '');

function headerIn(header: Buffer): Readonly<{ name: string; size: number; type: string }> {
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (sum !== Number.parseInt(text(header.subarray(148, 156)), 8))
    throw new TarProblem('a header of it has not the checksum that it names', true);
  const prefix = text(header.subarray(345, 500));
  const name = text(header.subarray(0, 100));
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: numberIn(header.subarray(124, 136)),
    type: String.fromCharCode(header[156] ?? 0),
  };
}

/** Octal, or binary where the first bit is set, as GNU has it. */
function numberIn(field: Uint8Array): number {
  const first = field[0] ?? 0;
  const read =
    (first & 0x80) === 0
      ? Number.parseInt(text(field).trim(), 8)
      : field.subarray(1).reduce((all, byte) => all * 256 + byte, first & 0x7f);
  if (Number.isSafeInteger(read) && read >= 0) return read;
  throw new TarProblem('a header of it names no size', true);
}

/** `LENGTH size=NUMBER\n`, among others. */
function paxSize(records: string): number | undefined {
  const size = /^\d+ size=(\d+)$/m.exec(records)?.[1];
  return size === undefined ? undefined : Number(size);
}
