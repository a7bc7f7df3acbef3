// Output of a command, kept up to a limit. What is beyond it is read and dropped, so that the command never waits for us.
import type { Readable } from 'node:stream';

const limit = 1024 * 1024;

/** Collects from now on; the function gives the text, the cut being said. */
export function boundedText(stream: Readable): () => string {
  const kept: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    const room = limit - bytes;
    if (room > 0) kept.push(chunk.subarray(0, room));
    bytes += chunk.length;
  });
  return () => {
    const text = Buffer.concat(kept).toString();
    return bytes <= limit ? text : `${text}\n(cut here: ${bytes - limit} more bytes)`;
  };
}
