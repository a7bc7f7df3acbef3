// S3 services that a PBS logs in to for datastores that lie there. Facts: pbs-api section 6.
import type { Decided, Declared } from '../../contracts/resource.ts';
import type { Found } from '../../model/observed.ts';
import { entriesAt } from '../../proxmox/config-entries.ts';
import { ProxmoxRefusal } from '../../proxmox/refusal.ts';
import { configResource, type FieldTable } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { fingerprint, flag, names, number, size, text } from '../common/field.ts';
import { pbsList } from '../common/list-section.ts';
import { withLogin, withoutSecret } from '../common/write-only.ts';
import { type S3EndpointEntry, s3Endpoints } from './pbs-s3-endpoint-schema.ts';

const fields: FieldTable = {
  endpoint: text('endpoint'),
  access_key_id: text('access-key'),
  port: number('port'),
  region: text('region'),
  fingerprint: fingerprint(),
  path_style: flag('path-style'),
  put_rate_limit: number('put-rate-limit'),
  rate_in: size('rate-in'),
  burst_in: size('burst-in'),
  rate_out: size('rate-out'),
  burst_out: size('burst-out'),
  provider_quirks: names('provider-quirks', 'repeated'),
};

const s3Endpoint = withLogin(
  configResource({
    name: 'pbs-s3-endpoint',
    title: 'S3 endpoint',
    product: 'pbs',
    feature: 's3-datastores',
    section: pbsList<S3EndpointEntry>({
      key: 's3_endpoints',
      schema: s3Endpoints,
      fields,
      more: ({ secret_key }) => (secret_key === undefined ? {} : { secrets: { 'secret-key': secret_key } }),
    }),
    entries: entriesAt({ file: 's3.cfg', what: 'S3 endpoints', folder: 'config/s3', id: 'id' }),
    fields,
    path: 'pbs[].s3_endpoints[]',
    refuse: (declared, found) => withoutSecret(declared, found, login) ?? limitStays(declared, found),
  }),
  'access_key_id',
);

export const pbsS3Endpoint = defineResource({
  ...s3Endpoint,
  read: async (api, options) => {
    try {
      return await s3Endpoint.read(api, options);
    } catch (error) {
      // A PBS from before 4.0 knows no such path, and so holds none: the plan says that it cannot.
      if (error instanceof ProxmoxRefusal && error.status === 404) return { found: [] };
      throw error;
    }
  },
});

const login = { key: 'secret_key', parameter: 'secret-key', of: 'access_key_id', what: 'an S3 endpoint' } as const;

/** The one field that PBS has no way to unset. */
function limitStays(
  { item, server }: Declared,
  found: Found | undefined,
): Extract<Decided, { act: 'refuse' }> | undefined {
  const limit = found?.value['put_rate_limit'] ?? null;
  if (limit === null || item['put_rate_limit'] !== null) return undefined;
  return {
    act: 'refuse',
    code: 'field-cannot-be-unset',
    says: `its put_rate_limit is ${String(limit)} on ${server}, none is declared, and PBS never takes a limit away again`,
    remedy: `declare \`put_rate_limit: ${String(limit)}\`, or a larger one`,
  };
}
