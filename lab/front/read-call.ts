import type { IncomingMessage } from 'node:http';
import { type Call, pairsOf } from './call.ts';

/** Both products take bodies below 512 KiB (facts: pve-api 1, pbs-api 1). */
const mostBytes = 512 * 1024;

export async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= mostBytes) chunks.push(chunk);
  }
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s);
  return {
    method: request.method ?? 'GET',
    path,
    query: pairsOf(query),
    headers: request.headers,
    body: size > mostBytes ? Buffer.alloc(0) : Buffer.concat(chunks),
    oversized: size > mostBytes,
  };
}
