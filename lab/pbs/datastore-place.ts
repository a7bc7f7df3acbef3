// Where a new store may lie: an own directory, a device that is there, a bucket that nobody uses (facts: pbs-api section 3).
import type { PbsHost } from './host.ts';
import { propertiesIn } from './property-string.ts';
import { badParameters, badRequest } from './refusal.ts';
import { claimBucket } from './s3-service.ts';
import { s3Of } from './sections/s3-client.ts';
import type { Datastore, Leftover, Options } from './state.ts';

const tib = 1024 ** 4;

/** What a store gets with its place; `left` lay there already. */
export type Claim = Readonly<{ total: number; used: number; left: Leftover | undefined }>;

const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(`${outer.replace(/\/$/, '')}/`);
const mountPoint = ({ name, path, options }: Pick<Datastore, 'name' | 'path' | 'options'>): string =>
  options['backing-device'] === undefined ? path : `/mnt/datastore/${name}`;

export function refuseNesting({ state }: PbsHost, at: string, path: string, device: string | undefined): void {
  if (device === undefined && !path.startsWith('/')) throw badParameters([['path', 'path must be absolute']]);
  if (device !== undefined) {
    const same = state.datastores.find(
      ({ options, ...store }) =>
        options['backing-device'] === device && (isWithin(store.path, path) || isWithin(path, store.path)),
    );
    if (same !== undefined)
      throw badParameters([['path', `nested datastores not allowed: '${path}' already in '${same.name}'`]]);
  }
  const nested = state.datastores.find((one) => isWithin(mountPoint(one), at) || isWithin(at, mountPoint(one)));
  if (nested !== undefined)
    throw badParameters([
      ['path', `nested datastores not allowed: '${nested.name}' already in ${JSON.stringify(mountPoint(nested))}`],
    ]);
}

const bucketName = /^(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** `type=s3,client=ID,bucket=B[,max-cache-size=10GiB]`: the client has to be there, the bucket to have a possible name. */
export function refuseBackend({ state }: PbsHost, options: Options): void {
  if (options['backend'] === undefined) return;
  const wrong = (why: string) => badParameters([['backend', why]]);
  const { type, client, bucket, ...more } = propertiesIn(String(options['backend']), 'type');
  const unknown = Object.keys(more).find((key) => key !== 'max-cache-size');
  if (unknown !== undefined) throw wrong(`'${unknown}': schema does not allow additional properties.`);
  if (type === 'filesystem') return;
  if (type !== 's3') throw wrong(`value '${type}' is not defined in the enumeration.`);
  if (client === undefined) throw wrong('missing client for backend type s3');
  if (bucket === undefined) throw wrong('missing bucket for backend type s3');
  const wellNamed = bucketName.test(bucket) && bucket.length >= 3 && bucket.length <= 63;
  if (!wellNamed || /(?:--ol-s3|\.mrap|--x-s3)$/.test(bucket)) throw wrong('value does not match the regex pattern');
  if (!state.s3Clients.some(({ id }) => id === client)) throw badRequest(`no such s3 client '${client}'`);
}

type Wishes = Readonly<{ reuse: boolean; overwrite: boolean }>;

/** As the task does it that makes the store: what it rejects with ends the task. */
export async function claimed(
  host: PbsHost,
  store: Omit<Datastore, 'total' | 'used'>,
  { reuse, overwrite }: Wishes,
): Promise<Claim> {
  const { state } = host;
  const device = store.options['backing-device'];
  if (device !== undefined && !state.devices.includes(String(device)))
    throw new Error(`unable to mount device ${JSON.stringify(device)}: no such device`);
  const left = state.leftovers.find(({ path }) => path === store.path);
  if (left !== undefined && !reuse) throw new Error('datastore path not empty');
  const s3 = s3Of(store);
  if (s3 !== undefined) await claimBucket(host, s3.client, s3.bucket, store.name, overwrite);
  state.leftovers = state.leftovers.filter((one) => one !== left);
  return { total: left?.total ?? tib, used: left?.used ?? 0, left };
}
