// An S3 service in small: buckets are listed, looked for and made, objects are put and read. It is enough for a PBS to find
// its bucket there, and it believes a signature only.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Certificate, selfSigned } from '../certificate.ts';
import { type Listener, listenOn } from '../front/listener.ts';
import type { RequestLog } from '../front/request-log.ts';
import { isSame, payloadHash, signature, signedIn } from './signature.ts';

export type S3State = {
  readonly product: 's3';
  readonly accessKey: string;
  readonly region: string;
  buckets: { name: string }[];
  /** texts by `BUCKET/KEY`; `.in-use` is the marker of a datastore */
  objects: Record<string, string>;
};

export type S3Server = Readonly<{
  name: string;
  product: 's3';
  certificate: Certificate;
  listener: Listener;
  state: S3State;
}>;

export type S3Parts = Readonly<{
  name: string;
  now: () => number;
  log: RequestLog;
  secret: string;
  state: S3State;
}>;

export async function startS3(parts: S3Parts): Promise<S3Server> {
  const certificate = selfSigned('localhost', parts.now());
  const listener = await listenOn(certificate, (request, response) => serve(parts, request, response));
  return { name: parts.name, product: 's3', certificate, listener, state: parts.state };
}

type Said = Readonly<{ status: number; body: string }>;

async function serve(parts: S3Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const { method = 'GET' } = request;
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const body = Buffer.concat(chunks);
  const isKnown = believed(parts, request, path, query, body);
  const { status, body: text } = isKnown ? answered(parts, method, path, body.toString('utf8')) : denied;
  const user = isKnown ? parts.state.accessKey : null;
  parts.log({ server: parts.name, method, path, params: Object.fromEntries(new URLSearchParams(query)), status, user });
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(text) });
  response.end(method === 'HEAD' ? undefined : text);
}

const problem = (status: number, code: string, message: string): Said => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
const denied = problem(
  403,
  'SignatureDoesNotMatch',
  'The request signature we calculated does not match the signature you provided.',
);

function believed({ state, secret }: S3Parts, request: IncomingMessage, path: string, query: string, body: Buffer) {
  const signed = signedIn(request.headers.authorization);
  const date = request.headers['x-amz-date'];
  if (signed === undefined || typeof date !== 'string') return false;
  if (signed.accessKey !== state.accessKey || signed.region !== state.region) return false;
  const headers = Object.fromEntries(signed.names.map((name) => [name, String(request.headers[name] ?? '')]));
  const hash = headers['x-amz-content-sha256'];
  if (hash !== 'UNSIGNED-PAYLOAD' && hash !== payloadHash(body)) return false;
  const parts = { method: request.method ?? 'GET', path, query: [...new URLSearchParams(query)], headers, date };
  return isSame(signature({ ...parts, region: state.region }, secret), signed.signature);
}

function answered({ state }: S3Parts, method: string, path: string, body: string): Said {
  const [, name = '', ...key] = decodeURIComponent(path).split('/');
  if (name === '')
    return method === 'GET' ? { status: 200, body: listing(state) } : problem(405, 'MethodNotAllowed', 'not here');
  const bucket = state.buckets.find((one) => one.name === name);
  const object = key.join('/');
  if (object === '' && method === 'PUT') return made(state, name, bucket);
  if (bucket === undefined) return problem(404, 'NoSuchBucket', 'The specified bucket does not exist');
  return object === '' ? ofBucket(state, name) : ofObject(state, method, `${name}/${object}`, body);
}

const xml = (text: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${text}`;

const listing = ({ accessKey, buckets }: S3State): string => {
  const rows = buckets.map(
    ({ name }) => `<Bucket><Name>${name}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>`,
  );
  const owner = `<Owner><ID>${accessKey}</ID><DisplayName>lab</DisplayName></Owner>`;
  return xml(`<ListAllMyBucketsResult>${owner}<Buckets>${rows.join('')}</Buckets></ListAllMyBucketsResult>`);
};

function made(state: S3State, name: string, present: object | undefined): Said {
  if (present !== undefined) return problem(409, 'BucketAlreadyOwnedByYou', 'The bucket is yours already');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name))
    return problem(400, 'InvalidBucketName', 'no name for a bucket');
  state.buckets.push({ name });
  return { status: 200, body: '' };
}

function ofBucket({ objects }: S3State, name: string): Said {
  const keys = Object.keys(objects).filter((one) => one.startsWith(`${name}/`));
  const rows = keys.map((one) => `<Contents><Key>${one.slice(name.length + 1)}</Key></Contents>`);
  const counted = `<Name>${name}</Name><KeyCount>${keys.length}</KeyCount><IsTruncated>false</IsTruncated>`;
  return { status: 200, body: xml(`<ListBucketResult>${counted}${rows.join('')}</ListBucketResult>`) };
}

function ofObject(state: S3State, method: string, key: string, body: string): Said {
  if (method === 'PUT') {
    state.objects[key] = body;
    return { status: 200, body: '' };
  }
  const object = Object.hasOwn(state.objects, key) ? state.objects[key] : undefined;
  if (object === undefined) return problem(404, 'NoSuchKey', 'The specified key does not exist.');
  return { status: 200, body: object };
}
