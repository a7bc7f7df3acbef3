// What the owner of this machine allows, whatever a commit to the estate says: a file outside git. Without the file nothing
// is run to get a secret, and nobody but a person may weaken, reach out or destroy.
import { posix } from 'node:path';
import * as z from 'zod';
import type { Identity } from '../model/step.ts';
import { keepSchema } from '../values/retention.ts';
import { secretReference } from '../values/secret-reference.ts';

const absolutePath = z
  .string()
  .regex(/^\/[^\0]*$/, { error: 'is no absolute path' })
  .transform((path) => posix.normalize(path));

const command = z
  .strictObject({
    path: absolutePath.describe('the program'),
    args: z.array(z.string()).optional().describe('the arguments it must be given, exactly; left out: any'),
  })
  .describe('a program that may be run to get a secret');

const binding = z
  .strictObject({
    secret: secretReference.describe('the secret, written as in the estate'),
    hosts: z
      .array(z.string().regex(/^[^\s/@]+$/, { error: 'is no host; write HOST or HOST:PORT' }))
      .min(1)
      .describe('the only hosts it may go to, as HOST or HOST:PORT'),
  })
  .describe('a secret that may go to these hosts and no other');

const floor = z
  .strictObject({
    section: z.enum(['layers', 'pbs', 'pbs_storages', 'backup_jobs']).describe('the section of the estate it is for'),
    name: z.string().optional().describe('only for the entry of this name; left out: for every one'),
    keep: keepSchema.describe('what must be kept at least'),
  })
  .describe('a retention no estate may go below');

export const guardSchema = z.strictObject({
  commands: z.array(command).default([]).describe('programs that may be run to get a secret; none by default'),
  secret_folders: z.array(absolutePath).optional().describe('folders files of secrets must lie in; left out: anywhere'),
  bindings: z.array(binding).default([]).describe('which secret may go to which host'),
  retention_floors: z.array(floor).default([]).describe('what must be kept at least'),
  unattended: z
    .array(
      z.enum(['strengthens', 'neutral'], {
        error: 'can only be strengthens or neutral; what weakens, reaches or destroys always needs a person',
      }),
    )
    .default(['strengthens', 'neutral'])
    .describe('classes of change that may pass without a person'),
  identities_resident: z
    .array(
      z.enum(['observe', 'run', 'drill'], {
        error: 'can only be observe, run or drill; configure and prune are given for one apply and never kept',
      }),
    )
    .default(['observe', 'run'])
    .describe('identities whose secrets a service may hold'),
});
export type Guard = Readonly<z.output<typeof guardSchema>>;

/** What holds where there is no guard file. */
export const defaultGuard: Guard = guardSchema.parse({});

/** Whether a service that runs by itself may hold the secret of that identity. */
export const mayReside = (guard: Pick<Guard, 'identities_resident'>, identity: Identity): boolean =>
  guard.identities_resident.some((allowed) => allowed === identity);
