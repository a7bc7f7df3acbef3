// What an estate says of a Redis server.
import * as z from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { type DumpEntry, dumpFields } from '../common/dumps/entry.ts';
import { absolutePath, liesBelowMount, notBelowMount } from '../common/points/entry.ts';
import { serviceSchema } from '../common/service/service.ts';

const user = z.string().regex(/^[^\s\0]{1,128}$/, 'is no name of a user of Redis');

const tls = z.strictObject({
  ca: absolutePath.optional().describe('the certificates that its own is checked with'),
  cert: absolutePath.optional().describe('the certificate that is shown to it'),
  key: absolutePath.optional().describe('the key of `cert`'),
  name: z.string().min(1).optional().describe('the name that is asked for (SNI)'),
});

const server = z
  .strictObject({
    host: z
      .string()
      .regex(/^[^\0\s-][^\0\s]*$/)
      .optional()
      .describe('name or address, as redis-cli on `machine` sees it; default: 127.0.0.1'),
    port: z.int().min(1).max(65535).default(6379).describe('the port it listens on'),
    socket: absolutePath.optional().describe('its socket on `machine`, in the place of `host` and `port`'),
    user: user.optional().describe('of its ACL; default: the user `default`'),
    password: secretReference.optional(),
    tls: tls
      .optional()
      .describe('as redis-cli takes it, with files on `machine`; `{}` where the machine knows its authority'),
  })
  .refine(({ user: named, password }) => named === undefined || password !== undefined, {
    path: ['user'],
    message: 'logs in with a `password`',
  })
  .prefault({})
  .describe('where it answers, and who logs in');
export type RedisServer = z.infer<typeof server>;

export const redisEntry = layerEntry
  .extend({
    kind: z.literal('redis'),
    server,
    way: z
      .enum(['replication', 'bgsave'])
      .default('replication')
      .describe(
        '`replication`: what a new replica is sent; `bgsave`: the server saves to its own disk, and the file it made is read on `machine`',
      ),
    restore_as: z
      .strictObject({ user: user.describe('who logs in then'), password: secretReference })
      .optional()
      .describe('the login of a restore in place, where the one for dumps may not ask or save; asked for then only'),
    service: serviceSchema.optional(),
    data: absolutePath.optional().describe('its data folder on `machine` (`dir`), for a restore in place'),
    ...dumpFields,
  })
  .refine(liesBelowMount, notBelowMount);
export type RedisEntry = z.infer<typeof redisEntry> & DumpEntry;
