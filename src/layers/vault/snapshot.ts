// A snapshot of raft on its way: it is unpacked and its own SHA256SUMS are checked while it passes, whatever its size. A yes of the
// server is no proof: a proxy that gives up has ended such streams with one.
import { createHash, type Hash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import * as z from 'zod';
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import { readTar, type TarFile, TarProblem } from './tar.ts';

/** As hashicorp/raft writes SnapshotMeta. */
const metaSchema = z.looseObject({
  Version: z.int(),
  Index: z.int().nonnegative(),
  Term: z.int().nonnegative(),
  Size: z.int().nonnegative(),
});
export type SnapshotMeta = Readonly<{ version: number; index: number; term: number; size: number }>;

export type PassingSnapshot = Readonly<{
  /** @throws Fault `dump-cut-short` or `snapshot-not-sound`, also behind the last piece */
  pieces: AsyncIterable<Uint8Array>;
  /** once it has passed */
  meta(): SnapshotMeta;
}>;

/** The server opens the sealed sums with its own key, and takes no snapshot back in which they are missing. */
const files = ['meta.json', 'state.bin', 'SHA256SUMS', 'SHA256SUMS.sealed'] as const;
const small = 64 * 1024;

export function passingSnapshot(pieces: AsyncIterable<Uint8Array>, where: string): PassingSnapshot {
  let meta: SnapshotMeta | undefined;
  const passed = async function* () {
    const inside = contents();
    const unpacking = unpackingBy((unpacked) => readTar(unpacked, inside));
    try {
      for await (const piece of pieces) {
        await unpacking.write(piece);
        yield piece;
      }
      await unpacking.end();
      meta = inside.judged();
    } catch (error) {
      throw faultOf(error, where);
    } finally {
      unpacking.leave();
    }
  };
  return {
    pieces: passed(),
    meta: () => {
      if (meta === undefined) throw new Error('a snapshot is asked for before it has passed');
      return meta;
    },
  };
}

/** A stream that broke never calls back for what was written to it: whoever reads it tells, and that ends each write. */
function unpackingBy(read: (unpacked: AsyncIterable<Uint8Array>) => Promise<void>) {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  let fed = 0;
  let ending = false;
  let problem: unknown;
  let tell: (problem: unknown) => void = () => {};
  const over = (error: unknown): void => {
    problem ??= error;
    tell(problem);
  };
  const reading = read(gunzip);
  reading.then(() => {
    if (!ending) over(behindItsEnd());
  }, over);
  return {
    write: (piece: Uint8Array): Promise<void> =>
      new Promise((resolve, reject) => {
        if (problem !== undefined) return reject(problem);
        tell = reject;
        fed += piece.length;
        gunzip.write(piece, (error) => {
          if (error == null) resolve();
        });
      }),
    end: async (): Promise<void> => {
      if (problem !== undefined) throw problem;
      ending = true;
      gunzip.end();
      await reading;
      if (gunzip.bytesWritten !== fed) throw behindItsEnd();
    },
    leave: () => gunzip.destroy(),
  };
}

const behindItsEnd = (): TarProblem => new TarProblem('something stands behind its end', true);

/** What is in it, as far as it has passed. */
function contents() {
  const digests = new Map<string, Hash>();
  const kept = new Map<string, Buffer[]>();
  const sizes = new Map<string, number>();
  return {
    file: ({ name, size }: TarFile) => {
      if (!(files as readonly string[]).includes(name))
        throw new TarProblem(`it has a file ${shown(JSON.stringify(name))}, which no snapshot has`, true);
      if (digests.has(name)) throw new TarProblem(`it has ${name} twice`, true);
      if (name !== 'state.bin' && size > small) throw new TarProblem(`its ${name} has ${size} bytes`, true);
      const [hash, pieces] = [createHash('sha256'), [] as Buffer[]];
      digests.set(name, hash);
      kept.set(name, pieces);
      sizes.set(name, size);
      return (piece: Uint8Array) => {
        hash.update(piece);
        if (name !== 'state.bin') pieces.push(Buffer.from(piece));
      };
    },
    judged: (): SnapshotMeta => {
      const missing = files.filter((name) => !digests.has(name));
      if (missing.length > 0) throw new TarProblem(`it is without ${missing.join(', ')}`, true);
      const textOf = (name: string) => Buffer.concat(kept.get(name) ?? []).toString();
      const sums = sumsIn(textOf('SHA256SUMS'));
      for (const name of ['meta.json', 'state.bin'])
        if (sums.get(name) !== digests.get(name)?.digest('hex'))
          throw new TarProblem(
            sums.has(name)
              ? `its ${name} has not the SHA-256 that its SHA256SUMS names`
              : `its SHA256SUMS lacks ${name}`,
            true,
          );
      const other = [...sums.keys()].filter((name) => name !== 'meta.json' && name !== 'state.bin');
      if (other.length > 0)
        throw new TarProblem(`its SHA256SUMS names ${shown(other.join(', '))}, and it is not there`, true);
      const { Version, Index, Term, Size } = metaIn(textOf('meta.json'));
      if (Size !== sizes.get('state.bin'))
        throw new TarProblem(`its state.bin has ${sizes.get('state.bin')} bytes, its meta.json says ${Size}`, true);
      return { version: Version, index: Index, term: Term, size: Size };
    },
  };
}

function sumsIn(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [, sum, name] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? [];
      if (sum === undefined || name === undefined) throw new TarProblem('its SHA256SUMS are no list of digests', true);
      return [name, sum];
    }),
  );
}

function metaIn(text: string): z.infer<typeof metaSchema> {
  try {
    return metaSchema.parse(JSON.parse(text));
  } catch {
    throw new TarProblem('its meta.json is not what raft writes', true);
  }
}

function faultOf(error: unknown, where: string): unknown {
  if (error instanceof TarProblem) return error.whole ? notSound(where, error.message) : cutShort(where, error.message);
  if (error instanceof Error && 'code' in error && /^(Z_|ERR_ZLIB)/.test(String(error.code)))
    return error.code === 'Z_BUF_ERROR'
      ? cutShort(where, 'it ends in the middle')
      : notSound(where, `it is not packed with gzip (${error.message})`);
  return error;
}

const cutShort = (where: string, says: string): Fault =>
  new Fault('dump-cut-short', {
    where,
    says: `the snapshot that came is not whole: ${says}`,
    remedy: 'see whether the server or a proxy before it was restarted or has a limit, then run it again',
  });

const notSound = (where: string, says: string): Fault =>
  new Fault('snapshot-not-sound', {
    where,
    says,
    remedy: 'see the log of the server and its disk; older points are still there, and none was removed',
  });
