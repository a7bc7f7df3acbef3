// What an estate says of a PostgreSQL server.
import * as z from 'zod';
import { layerEntry, leftOutFields } from '../../contracts/layer-entry.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { accountName, type DumpEntry, dumpFields, proveFields } from '../common/dumps/entry.ts';
import { absolutePath, liesBelowMount, notBelowMount } from '../common/points/entry.ts';

const name = z.string().min(1).max(63);

const server = z
  .strictObject({
    host: z
      .string()
      .regex(/^[^\0\s,]+$/)
      .optional()
      .describe(
        'name, address, or the folder of its socket, as its tools on `machine` see it; default: its own socket',
      ),
    port: z.int().min(1).max(65535).default(5432).describe('the port it listens on'),
    user: name.default('postgres').describe('the role that logs in; `pg_read_all_data` is enough for dumps of tables'),
    password: secretReference.optional(),
    database: name.default('postgres').describe('the database that is asked for all others'),
    tls: z
      .enum(['verify-full', 'verify-ca', 'require', 'disable'])
      .optional()
      .describe('as `sslmode` of libpq; default: that of libpq'),
    ca: absolutePath.optional().describe('the certificates that its own is checked with, a file on `machine`'),
  })
  .prefault({})
  .describe('where it answers, and who logs in');
export type PostgresServer = z.infer<typeof server>;

const exclusion = z.strictObject({
  database: name.describe('a name, with `*` for any characters'),
  ...leftOutFields,
  reason: z.string().min(1).describe('why it may be without a copy'),
});

export const postgresEntry = layerEntry
  .extend({
    kind: z.literal('postgres'),
    server,
    as: accountName
      .optional()
      .describe('the account that its tools run as on `machine`, for a login by that (peer): `postgres`'),
    programs: absolutePath
      .optional()
      .describe('the folder of pg_dump and psql on `machine`; default: the oldest ones that fit the server'),
    databases: z.array(name).min(1).optional().describe('only these; default: all that accept connections'),
    restore_as: z
      .strictObject({ user: name.describe('who logs in then'), password: secretReference.optional() })
      .optional()
      .describe(
        'the role that brings databases back, where that is not the one that dumps them; asked for at a restore only',
      ),
    credentials: z
      .array(z.strictObject({ role: name.describe('as it is called on the server'), password: secretReference }))
      .optional()
      .describe(
        'passwords that roles have now, by whatever their applications read: set anew after a restore that made the role',
      ),
    exclude: z.array(exclusion).optional().describe('databases that are not dumped, and who decided so'),
    ...dumpFields,
    ...proveFields,
  })
  .refine(liesBelowMount, notBelowMount)
  .refine(({ as, server: { password } }) => as === undefined || password === undefined, {
    path: ['as'],
    message: 'is for a login without a password: leave one of the two out',
  });
export type PostgresEntry = z.infer<typeof postgresEntry> & DumpEntry;
