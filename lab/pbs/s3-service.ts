// An S3 service as a PBS meets it: one that the state knows, or else whoever answers at the address, asked over HTTPS with the
// keys of the client. A store leaves a marker in its bucket.
import { askS3, listBuckets, type S3Address } from '../s3/ask.ts';
import { secretName } from './config-file.ts';
import type { PbsHost } from './host.ts';
import { s3Client } from './sections/s3-client.ts';
import { entryNamed } from './sections/section.ts';
import type { S3Service } from './state.ts';

const defaultPort = 443;
const defaultRegion = 'us-west-1';

function addressOf(host: PbsHost, client: string): S3Address {
  const { options } = entryNamed(s3Client, host.state, client, 'GET');
  return {
    host: hostIn(String(options['endpoint'])),
    port: Number(options['port'] ?? defaultPort),
    ...(options['fingerprint'] === undefined ? {} : { fingerprint: String(options['fingerprint']) }),
    accessKey: String(options['access-key']),
    secretKey: host.secrets.reveal(secretName('s3', client, 'secret-key')) ?? '',
    region: String(options['region'] ?? defaultRegion),
  };
}

/** Without the bucket and the region that a name may begin with. */
const hostIn = (endpoint: string): string => endpoint.replaceAll(/\{\{(?:bucket|region)\}\}\./g, '');

function known({ state }: PbsHost, client: string): S3Service | undefined {
  const { options } = entryNamed(s3Client, state, client, 'GET');
  return state.s3Services.find(({ endpoint }) => endpoint === hostIn(String(options['endpoint'])));
}

/** Rejects, in words, where nobody answers or the keys do not hold. */
export async function bucketsAt(host: PbsHost, client: string): Promise<readonly string[]> {
  const service = known(host, client);
  if (service !== undefined) return service.buckets.map(({ name }) => name);
  return listBuckets(addressOf(host, client), host.now());
}

/** The marker of that store is in the bucket from now on; rejects where another's is, unless it may be overwritten. */
export async function claimBucket(host: PbsHost, client: string, bucket: string, store: string, overwrite: boolean) {
  const buckets = await bucketsAt(host, client).catch((thrown: unknown) => {
    throw new Error(`failed to access bucket '${bucket}': ${(thrown as Error).message}`);
  });
  if (!buckets.includes(bucket))
    throw new Error(`failed to access bucket '${bucket}': unexpected status code 404 Not Found`);
  const user = await userOf(host, client, bucket);
  if (user !== undefined && !overwrite)
    throw new Error(`Datastore in-use marker found: bucket '${bucket}' is used by datastore '${user}'`);
  const own = known(host, client)?.buckets.find(({ name }) => name === bucket);
  if (own !== undefined) own.inUse = store;
  else await askS3(addressOf(host, client), 'PUT', marker(bucket), host.now(), store);
}

const marker = (bucket: string): string => `/${bucket}/.in-use`;

async function userOf(host: PbsHost, client: string, bucket: string): Promise<string | undefined> {
  const service = known(host, client);
  if (service !== undefined) return service.buckets.find(({ name }) => name === bucket)?.inUse;
  const { status, body } = await askS3(addressOf(host, client), 'GET', marker(bucket), host.now());
  return status === 200 ? body : undefined;
}
