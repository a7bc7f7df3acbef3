// A connection that breaks off after the answer began: nothing of what came counts.
import { Fault } from '../../fault.ts';

export async function* watchfully(body: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const piece of body) {
      bytes += piece.length;
      yield piece;
    }
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'server-unreachable') throw error;
    throw new Fault('dump-cut-short', {
      where,
      says: `after ${bytes} bytes of the snapshot: ${error.says}`,
      remedy: 'see whether the server or a proxy before it was restarted, then run it again',
      cause: error,
    });
  }
}
