// AWS Signature Version 4, as every S3 client signs its requests: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type Signable = Readonly<{
  method: string;
  /** as it is sent, without the query */
  path: string;
  query: readonly (readonly [string, string])[];
  /** those that are signed, by their names in lower case */
  headers: Readonly<Record<string, string>>;
  /** `20260131T020005Z` */
  date: string;
  region: string;
}>;

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);

export const payloadHash = (body: string | Buffer): string => createHash('sha256').update(body).digest('hex');

export const scopeOf = ({ date, region }: Pick<Signable, 'date' | 'region'>): string =>
  `${date.slice(0, 8)}/${region}/s3/aws4_request`;

export function signature(signable: Signable, secret: string): string {
  const { method, path, query, headers, date, region } = signable;
  const names = Object.keys(headers).sort();
  const canonical = [
    method,
    path,
    query
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'] ?? '',
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', date, scopeOf(signable), payloadHash(canonical)].join('\n');
  const key = [date.slice(0, 8), region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return hmac(key, text).toString('hex');
}

export type Signed = Readonly<{ accessKey: string; region: string; names: readonly string[]; signature: string }>;

const form =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/\d{8}\/([^/]+)\/s3\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;

/** What the header says; undefined where it is none of this kind. */
export function signedIn(header: string | undefined): Signed | undefined {
  const [, accessKey, region, names, given] = form.exec(header ?? '') ?? [];
  if (accessKey === undefined || region === undefined || names === undefined || given === undefined) return undefined;
  return { accessKey, region, names: names.split(';'), signature: given };
}

export const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
