// Logins at S3 services, sections of s3.cfg (facts: pbs-api section 6).
import { propertiesIn } from '../property-string.ts';
import { badRequest } from '../refusal.ts';
import { may } from '../rights.ts';
import type { Datastore } from '../state.ts';
import type { Kind } from './section.ts';

/** The client and the bucket of a store that lies in S3. */
export function s3Of({ options }: Pick<Datastore, 'options'>): { client: string; bucket: string } | undefined {
  const { type, client, bucket } = propertiesIn(String(options['backend'] ?? ''), 'type');
  return type === 's3' && client !== undefined && bucket !== undefined ? { client, bucket } : undefined;
}

export const s3Client: Kind = {
  file: 's3',
  path: '/config/s3',
  id: 'id',
  noun: 's3 client',
  entries: ({ s3Clients }) => s3Clients,
  notFoundOn: ['DELETE'],
  writeOnly: ['secret-key'],
  listed: (host, call, { id }) => may(host, call, `/system/s3-endpoint/${id}`, 'Sys.Audit'),
  mayRemove: ({ state }, _call, { id }) => {
    const stores = state.datastores.filter((store) => s3Of(store)?.client === id).map(({ name }) => name);
    if (stores.length > 0) throw badRequest(`in-use by datastores: ${stores.join(', ')}`);
  },
};
