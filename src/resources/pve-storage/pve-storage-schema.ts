// `pbs_storages`: storage entries of type pbs on Proxmox VE, as in the seed's file, with what it left out by reference.
import * as z from 'zod';
import { entryName } from '../../contracts/layer-entry.ts';
import { fingerprintProblem, parseFingerprint } from '../../values/fingerprint.ts';
import { keepSchema } from '../../values/retention.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { isHost, namespaceOrRoot } from '../common/schema-texts.ts';

/** facts, pve-api section 2: a letter first, then letters, digits, `-_.`, the last a letter or digit, two at least. */
const storageName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$/,
    'starts with a letter, ends with a letter or digit, and has no blanks',
  );

const fingerprint = z
  .string()
  .superRefine((text, context) => {
    const problem = fingerprintProblem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  })
  .transform((text) => parseFingerprint(text) ?? text)
  .describe('SHA-256 of the PBS certificate, 32 hex pairs with colons: `proxmox-backup-manager cert info`');

export const pveStorage = z.strictObject({
  name: storageName.describe('the id of the storage on Proxmox VE'),
  server: z
    .string()
    .refine(isHost, 'is no host; write a DNS name or an address alone, without https://, port or brackets')
    .describe('host name or address of the PBS; it cannot be changed later'),
  datastore: z
    .string()
    .regex(
      /^(?=.{3,32}$)[A-Za-z0-9_][A-Za-z0-9._-]*$/,
      'is no name of a datastore; it has 3 to 32 letters, digits, `.`, `_`, `-`',
    )
    .describe('the datastore on that PBS; it cannot be changed later'),
  fingerprint: fingerprint.optional(),
  enabled: z.boolean().default(true).describe('whether PVE uses the storage'),
  content: z
    .array(z.enum(['backup', 'none']))
    .min(1)
    .refine((content) => new Set(content).size === 1, 'is either backup or none; PVE refuses both together')
    .default(['backup'])
    .describe('what it holds; a PBS holds backups'),
  username: z
    .string()
    .regex(
      /^[^\s:/!]+@[A-Za-z0-9_][A-Za-z0-9._-]*(?:![A-Za-z0-9_][A-Za-z0-9._-]*)?$/,
      'is no user of a PBS; it is written USER@REALM or USER@REALM!TOKEN',
    )
    .default('root@pam')
    .describe('`user@realm` or `user@realm!token`'),
  password: secretReference.optional().describe('the password, or the bare secret of the token'),
  token: secretReference.optional().describe('the bare secret of the token; the same as `password`'),
  port: z.int().min(1).max(65535).default(8007).describe('the port of the PBS'),
  // PVE checks neither that a namespace exists nor how it is written.
  namespace: namespaceOrRoot.default('').describe('the namespace on the datastore; the root where it is left out'),
  nodes: z
    .array(
      z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/, 'is no name of a node; write one in each entry'),
    )
    .default([])
    .describe('nodes that may use it; all where it is left out'),
  encryption_key: z
    .union([secretReference, z.strictObject({ save_to: secretReference })])
    .optional()
    .describe(
      'the key, as JSON, that PVE encrypts with; `{ save_to: { file: PATH } }`: one that is made, and kept there first',
    ),
  master_public_key: secretReference
    .optional()
    .describe(
      'a public RSA key, base64 of its PEM: each backup then carries its key, for whoever holds the private one',
    ),
  max_protected_backups: z
    .int()
    .min(-1)
    .optional()
    .describe('how many protected backups a guest may have; -1 for no limit'),
  trust: z.literal('ca').optional().describe('`ca`: the nodes verify the certificate by the authorities they trust'),
  prune_backups: keepSchema.optional().describe('how many backups PVE keeps'),
  description: z.string().optional().describe('for people; PVE has no field for it, so it stays in this file'),
  on: z.array(entryName).min(1).optional().describe('the PVE servers that get it; all where it is left out'),
});

/** Looked at also where other fields are wrong: everything that is wrong is said at once. */
const always = ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null;

export const pveStorages = z.array(
  pveStorage
    .refine(({ fingerprint, trust }) => fingerprint !== undefined || trust !== undefined, {
      path: ['fingerprint'],
      message: 'is missing; it is text, or write `trust: ca` where the nodes trust the certificate by themselves',
      when: always,
    })
    .refine(({ fingerprint, trust }) => fingerprint === undefined || trust === undefined, {
      path: ['trust'],
      message: 'stands beside `fingerprint`: give one of them',
      when: always,
    })
    .refine(({ password, token }) => password === undefined || token === undefined, {
      path: ['token'],
      message: 'stands beside `password`: give one of them',
      when: always,
    }),
);
export type PveStorageEntry = z.infer<typeof pveStorage>;
