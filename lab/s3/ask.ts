// The S3 service asked as a PBS asks it: over HTTPS, with its certificate pinned, signed with the keys of its client.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { fingerprintOf } from '../certificate.ts';
import { payloadHash, scopeOf, signature } from './signature.ts';

export type S3Address = Readonly<{
  /** `127.0.0.1` */
  host: string;
  port: number;
  /** of its certificate; without, it has to be one that this machine trusts */
  fingerprint?: string;
  accessKey: string;
  secretKey: string;
  region: string;
}>;

/** The names of the buckets. Rejects in words: nobody there, another certificate, a key that does not hold. */
export async function listBuckets(address: S3Address, now: number): Promise<readonly string[]> {
  const { status, body } = await askS3(address, 'GET', '/', now);
  if (status !== 200) throw new Error(`list buckets failed: ${codeIn(body)} (${status})`);
  return [...body.matchAll(/<Bucket><Name>([^<]+)<\/Name>/g)].map(([, name = '']) => name);
}

export const codeIn = (body: string): string => /<Code>([^<]+)<\/Code>/.exec(body)?.[1] ?? 'no answer';

export async function askS3(
  { host, port, fingerprint, accessKey, secretKey, region }: S3Address,
  method: 'GET' | 'HEAD' | 'PUT',
  path: string,
  now: number,
  text = '',
): Promise<Readonly<{ status: number; body: string }>> {
  const date = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = { host: `${host}:${port}`, 'x-amz-content-sha256': payloadHash(text), 'x-amz-date': date };
  const made = signature({ method, path, query: [], headers, date, region }, secretKey);
  const credential = `${accessKey}/${scopeOf({ date, region })}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${Object.keys(headers).join(';')}, Signature=${made}`;
  const socket = await connected(host, port, fingerprint);
  try {
    const asked = request({ method, path, headers: { ...headers, authorization }, createConnection: () => socket });
    asked.end(text);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
  } finally {
    socket.destroy();
  }
}

/** Nothing is sent before the certificate is known. */
async function connected(host: string, port: number, fingerprint: string | undefined): Promise<TLSSocket> {
  const socket = connect({ host, port, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
  const shown = fingerprintOf(socket.getPeerCertificate().raw);
  if (fingerprint === undefined ? socket.authorized : shown === fingerprint.toUpperCase()) return socket;
  socket.destroy();
  throw new Error('certificate verify failed');
}
