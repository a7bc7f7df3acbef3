// What an estate says of a Vault or an OpenBao.
import * as z from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';
import { fingerprintProblem, parseFingerprint } from '../../values/fingerprint.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { type DumpEntry, dumpFields } from '../common/dumps/entry.ts';
import { liesBelowMount, notBelowMount } from '../common/points/entry.ts';

const fingerprint = z.string().transform((written, context) => {
  const read = parseFingerprint(written);
  if (read !== undefined) return read;
  context.addIssue({ code: 'custom', message: `${fingerprintProblem(written)}; it is the SHA-256 of the certificate` });
  return z.NEVER;
});

const nodeFields = {
  url: z
    .url({ protocol: /^https?$/ })
    .regex(
      /^(https:\/\/[^/?#@]+|http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?)\/?$/,
      'is https and nothing but a host and a port: https://vault.home:8200; plain http is for this very machine (127.0.0.1) only',
    )
    .describe('its API'),
  fingerprint: fingerprint.optional().describe('the SHA-256 of its certificate'),
  trust: z.literal('ca').optional().describe('its certificate comes from a CA that this machine trusts'),
} as const;

type Proved = Readonly<{ url: string; fingerprint?: unknown; trust?: unknown }>;
const isProved = ({ url, fingerprint: pinned, trust }: Proved): boolean =>
  url.startsWith('http:')
    ? pinned === undefined && trust === undefined
    : (pinned === undefined) !== (trust === undefined);
const notProved = {
  path: ['fingerprint'],
  message: 'is needed with https, or `trust: ca`: one of the two, and none of them with http',
};

const node = z.strictObject(nodeFields).refine(isProved, notProved);
export type VaultNode = z.infer<typeof node>;

export const vaultEntry = layerEntry
  .extend({
    kind: z.literal('vault'),
    ...nodeFields,
    nodes: z
      .array(node)
      .min(1)
      .optional()
      .describe('the other servers of the cluster: a standby leads to one of these, and the token goes nowhere else'),
    token: secretReference.describe('what may read sys/storage/raft/snapshot, and nothing else'),
    restore_as: z
      .strictObject({ token: secretReference })
      .optional()
      .describe(
        'the token that brings snapshots back, where that is not the one that takes them; asked for at a restore only',
      ),
    ...dumpFields,
    compress: z.literal('none').default('none').describe('a snapshot is packed already: it is kept as it came'),
  })
  .refine(liesBelowMount, notBelowMount)
  .refine(isProved, notProved);
export type VaultEntry = z.infer<typeof vaultEntry> & DumpEntry;

/** All addresses that a token may be sent to. */
export const nodesOf = ({ url, fingerprint: pinned, trust, nodes = [] }: VaultEntry): readonly VaultNode[] => [
  { url, fingerprint: pinned, trust },
  ...nodes,
];
