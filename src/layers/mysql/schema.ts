// What an estate says of a server of MariaDB or MySQL.
import * as z from 'zod';
import { layerEntry, leftOutFields } from '../../contracts/layer-entry.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { type DumpEntry, dumpFields } from '../common/dumps/entry.ts';
import { absolutePath, liesBelowMount, notBelowMount } from '../common/points/entry.ts';

const name = z.string().min(1).max(64);
const user = z.string().min(1).max(128);
const account = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is no name of an account');

const server = z
  .strictObject({
    host: z
      .string()
      .regex(/^[^\0\s]+$/)
      .optional()
      .describe('name, address, or the path of its socket, as its tools on `machine` see it; default: its own socket'),
    port: z.int().min(1).max(65535).default(3306).describe('the port it listens on'),
    user: user.optional().describe('who logs in; default: the account of `as`, or `root`'),
    password: secretReference.optional(),
    tls: z
      .enum(['verify', 'disable'])
      .optional()
      .describe('`verify`: only over TLS, with a certificate that is checked; default: as its tools do it'),
    ca: absolutePath.optional().describe('the certificates that its own is checked with, a file on `machine`'),
  })
  .prefault({})
  .describe('where it answers, and who logs in');

const exclusion = z.strictObject({
  database: name.describe('a name, with `*` for any characters; `all-accounts` for the accounts'),
  ...leftOutFields,
  reason: z.string().min(1).describe('why it may be without a copy'),
});

export const mysqlEntry = layerEntry
  .extend({
    kind: z.literal('mysql'),
    server,
    as: account
      .optional()
      .describe('the account that its tools run as on `machine`, for a login by that (unix_socket, auth_socket)'),
    programs: absolutePath
      .optional()
      .describe(
        'the folder of mariadb-dump and mariadb (or mysqldump and mysql) on `machine`; default: as it finds them',
      ),
    databases: z.array(name).min(1).optional().describe('only these; default: all but those of the server itself'),
    restore_as: z
      .strictObject({ user: user.describe('who logs in then'), password: secretReference.optional() })
      .optional()
      .describe('who brings databases back, where that is not who dumps them; asked for at a restore only'),
    credentials: z
      .array(
        z.strictObject({
          user: user.describe('the account, as in CREATE USER'),
          host: z.string().max(255).default('%').describe('from where it comes, as in CREATE USER'),
          password: secretReference,
        }),
      )
      .optional()
      .describe(
        'passwords that accounts have now, by whatever their applications read: set anew after a restore that made the account',
      ),
    exclude: z.array(exclusion).optional().describe('databases that are not dumped, and who decided so'),
    ...dumpFields,
  })
  .refine(liesBelowMount, notBelowMount)
  .refine(({ as, server: { password } }) => as === undefined || password === undefined, {
    path: ['as'],
    message: 'is for a login without a password: leave one of the two out',
  });
export type MysqlEntry = z.infer<typeof mysqlEntry> & DumpEntry;

export const loginOf = ({ as, server: { user: named } }: Pick<MysqlEntry, 'as' | 'server'>): string =>
  named ?? as ?? 'root';
