// `pbs[].remotes`: other PBS servers that this one logs in to, for sync jobs.
import * as z from 'zod';
import { secretReference } from '../../values/secret-reference.ts';
import { authId, comment, fingerprint, isHost, port, safeId } from '../common/schema-texts.ts';

const remote = z.strictObject({
  name: safeId.describe('the name of the remote on this PBS'),
  host: z
    .string()
    .refine(isHost, 'is no host; write a DNS name or an address alone, without https://, port or brackets')
    .describe('host name or address of the other PBS'),
  port: port.default(8007).describe('the port of the other PBS'),
  auth_id: authId.describe('who this PBS logs in there as: `user@realm` or `user@realm!token`'),
  password: secretReference
    .optional()
    .describe("that login's password, or the bare secret of its token; PBS never shows it again"),
  fingerprint: fingerprint
    .optional()
    .describe("SHA-256 of the other PBS's certificate; left out where this PBS trusts it by itself"),
  comment: comment.optional().describe('shown on the PBS'),
  use_node_proxy: z.boolean().default(false).describe('whether it goes through the HTTP proxy that the node has'),
});

export const remotes = z.array(remote);
export type RemoteEntry = z.infer<typeof remote>;
