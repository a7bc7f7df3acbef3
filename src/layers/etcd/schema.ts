// What an estate says of a member of etcd.
import * as z from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { type DumpEntry, dumpFields } from '../common/dumps/entry.ts';
import { absolutePath, liesBelowMount, notBelowMount } from '../common/points/entry.ts';
import { serviceSchema } from '../common/service/service.ts';

const url = z
  .string()
  .regex(/^https?:\/\/[^\s,/\0]+$/, 'is no http:// or https:// address with a port, without a path');

const user = z.string().regex(/^[^\s:\0]+$/, 'is no name of a user of etcd');

const server = z
  .strictObject({
    url: url
      .default('http://127.0.0.1:2379')
      .describe('of one member, as etcdctl on `machine` sees it: a snapshot is taken of one, whatever the cluster has'),
    ca: absolutePath.optional().describe('the certificates that its own is checked with, a file on `machine`'),
    cert: absolutePath.optional().describe('the certificate that is shown to it, a file on `machine`'),
    key: absolutePath.optional().describe('the key of `cert`'),
    user: user.optional().describe('who has the role `root`, where the cluster asks for a login'),
    password: secretReference.optional(),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    path: ['user'],
    message: 'and `password` belong together',
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    path: ['cert'],
    message: 'and `key` belong together',
  })
  .prefault({})
  .describe('where one member answers, and who logs in');

const memberName = z.string().regex(/^[^\s=,\0-][^\s=,\0]*$/, 'is no name of a member');

const member = z.strictObject({
  name: memberName.describe('as it calls itself (`--name`)'),
  peer_urls: z.array(url).min(1).describe('where the others reach it (`--initial-advertise-peer-urls`)'),
  initial_cluster: z
    .string()
    .regex(/^[^\s\0-][^\s\0]*$/)
    .optional()
    .describe('every member, as NAME=URL,NAME=URL; default: this one alone'),
  initial_cluster_token: z
    .string()
    .regex(/^[^\s\0-][^\s\0]*$/)
    .optional()
    .describe('`--initial-cluster-token`'),
});
export type EtcdMember = z.infer<typeof member>;

export const etcdEntry = layerEntry
  .extend({
    kind: z.literal('etcd'),
    server,
    staging: absolutePath
      .default('/var/tmp')
      .describe(
        'a folder on `machine` with room for one snapshot: etcdctl writes it to a file, which is gone when the step ends',
      ),
    member: member
      .optional()
      .describe('what a restore makes: default is the member that the server at `url` says it is, where it answers'),
    owner: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is no name of an account')
      .optional()
      .describe('the account that a new data folder is given to; default: whoever makes it'),
    restore_as: z
      .strictObject({ user: user.describe('who logs in then'), password: secretReference })
      .optional()
      .describe(
        'who logs in to what was brought back, where it has not the users and passwords of today; asked for then only',
      ),
    service: serviceSchema.optional(),
    data: absolutePath.optional().describe('its data folder on `machine` (`--data-dir`), for a restore in place'),
    ...dumpFields,
  })
  .refine(liesBelowMount, notBelowMount);
export type EtcdEntry = z.infer<typeof etcdEntry> & DumpEntry;
