// `pbs[].metrics_servers`: where a PBS sends its figures. Facts: pbs-api section 8.
import * as z from 'zod';
import { secretReference } from '../../values/secret-reference.ts';
import { comment, safeId } from '../common/schema-texts.ts';

const common = {
  name: safeId.describe('its name; one name for both kinds'),
  enabled: z.boolean().default(true).describe('whether figures are sent; it is contacted before it is written down'),
  comment: comment.optional().describe('shown on the PBS'),
};
const short = z.string().min(1).max(32);

const http = z.strictObject({
  kind: z.literal('influxdb-http').describe('InfluxDB over HTTP'),
  ...common,
  url: z
    .string()
    .refine(
      (text) => ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? ''),
      'is no address; write https://HOST:8086',
    )
    .describe('its address'),
  token: secretReference.optional().describe('what it is spoken to with; no PBS gives it back'),
  organization: short.default('proxmox').describe('the organization there'),
  bucket: short.default('proxmox').describe('the bucket there'),
  max_body_size: z.int().min(1).default(25_000_000).describe('bytes of one request at the most'),
  verify_tls: z.boolean().default(true).describe('whether its certificate is checked'),
});

const udp = z.strictObject({
  kind: z.literal('influxdb-udp').describe('InfluxDB over UDP'),
  ...common,
  host: z
    .string()
    .regex(/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, 'is no host with its port; write HOST:8089')
    .describe('its host and port'),
  mtu: z.int().min(512).max(65536).default(1500).describe('bytes of one packet at the most'),
});

const metricsServer = z.discriminatedUnion('kind', [http, udp]);
export const metricsServers = z.array(metricsServer).describe('metric servers, beside those that are there already');
export type MetricsServerEntry = z.infer<typeof metricsServer>;
