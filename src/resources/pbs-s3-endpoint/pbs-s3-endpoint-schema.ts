// `pbs[].s3_endpoints`: S3 services that datastores of a PBS may lie in.
import * as z from 'zod';
import { secretReference } from '../../values/secret-reference.ts';
import { byteSize, fingerprint, isHost, port, safeId } from '../common/schema-texts.ts';

const isEndpoint = (text: string): boolean => isHost(text.replaceAll('{{bucket}}', 'b').replaceAll('{{region}}', 'r'));

const s3Endpoint = z.strictObject({
  name: safeId.describe('the id of the endpoint on the PBS'),
  endpoint: z
    .string()
    .refine(isEndpoint, 'is no host; write a DNS name or an address alone, such as s3.{{region}}.example.org')
    .describe('host name or address of the service; it may hold `{{bucket}}` and `{{region}}`'),
  access_key_id: z.string().min(1).describe('the id of the key, which is no secret'),
  secret_key: secretReference.optional().describe('the secret of that key; PBS never shows it again'),
  port: port.optional().describe('the port of the service; 443 where it is left out'),
  region: z
    .string()
    .max(32)
    .regex(/^[_a-z\d][-_a-z\d]+$/, 'is no region; it has small letters, digits, `-` and `_`')
    .optional()
    .describe('the region, where the service has several'),
  fingerprint: fingerprint
    .optional()
    .describe("SHA-256 of the service's certificate; left out where the PBS trusts it by itself"),
  path_style: z.boolean().default(false).describe('whether the bucket stands in the path and not in the host name'),
  put_rate_limit: z.int().min(1).optional().describe('how many objects are put per second at most'),
  rate_in: byteSize.optional().describe('bytes per second that come in at most: 20 MiB'),
  burst_in: byteSize.optional().describe('bytes that may come in at once beyond that'),
  rate_out: byteSize.optional().describe('bytes per second that go out at most'),
  burst_out: byteSize.optional().describe('bytes that may go out at once beyond that'),
  provider_quirks: z
    .array(z.enum(['skip-if-none-match-header', 'delete-objects-via-delete-object']))
    .default([])
    .describe('what the service does otherwise than S3 does'),
});

export const s3Endpoints = z.array(s3Endpoint);
export type S3EndpointEntry = z.infer<typeof s3Endpoint>;
