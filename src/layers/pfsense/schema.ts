// What an estate says of a pfSense firewall.
import * as z from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';
import { fingerprintProblem, parseFingerprint } from '../../values/fingerprint.ts';
import { keepSchema } from '../../values/retention.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { recipients } from '../common/points/encryption.ts';
import { absolutePath, liesBelowMount, notBelowMount, pointFields, toMachine } from '../common/points/entry.ts';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const fingerprint = z.string().transform((written, context) => {
  const read = parseFingerprint(written);
  if (read !== undefined) return read;
  context.addIssue({ code: 'custom', message: `${fingerprintProblem(written)}; it is the SHA-256 of the certificate` });
  return z.NEVER;
});

const api = z
  .strictObject({
    url: z
      .url({ protocol: /^https$/ })
      .regex(/^https:\/\/[^/?#@]+\/?$/, 'is https and nothing but a host and a port: https://10.0.20.1')
      .describe('the web interface of the firewall'),
    version: z
      .enum(['v1', 'v2'])
      .default('v2')
      .describe('of the package: v2 is pfSense-pkg-RESTAPI, v1 the older pfSense-pkg-API'),
    client: z.string().optional().describe('the client id that goes before the token; v1 only'),
    token: secretReference.describe('the API key (v2) or client token (v1)'),
    fingerprint: fingerprint.optional().describe('the SHA-256 of its certificate'),
    trust: z.literal('ca').optional().describe('its certificate comes from a CA that this machine trusts'),
  })
  .refine((one) => (one.fingerprint === undefined) !== (one.trust === undefined), {
    path: ['fingerprint'],
    message: 'is needed, or `trust: ca`: one of the two',
  })
  .refine(({ version, client }) => version === 'v2' || client !== undefined, {
    path: ['client'],
    message: 'is needed with v1',
  });
export type PfsenseApi = z.infer<typeof api>;

export const pfsenseEntry = layerEntry
  .extend({
    kind: z.literal('pfsense'),
    to_machine: toMachine,
    ...pointFields,
    api: api.optional().describe('config.xml comes by the API instead of ssh'),
    archive: z
      .enum(['daily', 'weekly', 'never'])
      .default('weekly')
      .describe('how often everything beside config.xml is taken, by ssh; weekly: once in each ISO week'),
    archive_from: z.enum(weekdays).default('mon').describe('the first day of the week on which it may be taken'),
    keep_archives: keepSchema.default({ keep_weekly: 4 }).describe('how long archives are kept'),
    staging: absolutePath
      .default('/run')
      .describe('where an encrypted point is made ready on `to_machine`; /run is memory'),
    encrypt_to: recipients.optional(),
    identity: secretReference.optional().describe('what opens encrypted points; needed for a restore only'),
  })
  .refine(liesBelowMount, notBelowMount)
  .refine(({ to_machine, machine, api: way, archive }) => to_machine !== machine || (way && archive === 'never'), {
    path: ['to_machine'],
    message: 'is the firewall itself: a copy that lies there is lost with it',
  });
export type PfsenseEntry = z.infer<typeof pfsenseEntry>;
