// A dump on its way through this process: packed and unpacked piece by piece. What it takes of memory does not grow with it.
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import type { Compression } from './entry.ts';

const chunkSize = 256 * 1024;
/** Unpacked pieces are garbage as soon as they have passed, and nobody collects it before there are hundreds of them: large ones are tens of MB. */
const unpackedSize = 64 * 1024;

export const endings: Readonly<Record<Compression, string>> = { zstd: '.zst', gzip: '.gz', none: '' };

/** With a checksum of its own behind it, as zstd(1) writes it; level 3 and 6, the defaults of both programs. */
const packer = (how: Exclude<Compression, 'none'>) =>
  how === 'gzip'
    ? createGzip({ chunkSize })
    : createZstdCompress({ chunkSize, params: { [constants.ZSTD_c_checksumFlag]: 1 } });

const unpacker = (how: Exclude<Compression, 'none'>) =>
  how === 'gzip' ? createGunzip({ chunkSize: unpackedSize }) : createZstdDecompress({ chunkSize: unpackedSize });

export const packed = (pieces: AsyncIterable<Uint8Array>, how: Compression): AsyncIterable<Uint8Array> =>
  how === 'none' ? pieces : through(pieces, packer(how));

export const unpacked = (pieces: AsyncIterable<Uint8Array>, how: Compression): AsyncIterable<Uint8Array> =>
  how === 'none' ? pieces : through(pieces, unpacker(how));

async function* through(
  pieces: AsyncIterable<Uint8Array>,
  transform: ReturnType<typeof packer> | ReturnType<typeof unpacker>,
): AsyncGenerator<Uint8Array> {
  // What went wrong at the source destroys the transform with it, and so reaches whoever reads.
  const fed = pipeline(pieces, transform);
  fed.catch(() => {});
  yield* transform;
  await fed;
}
