import * as z from 'zod';
import { entryName } from '../../contracts/layer-entry.ts';
import type { Datastore, PbsServer } from '../../model/estate.ts';
import { connection } from './connection.ts';
import { wholeNumber } from './texts.ts';

const part = '[A-Za-z0-9_][A-Za-z0-9._-]*';

const datastore = z.strictObject({
  name: z
    .string()
    .regex(new RegExp(`^(?=.{3,32}$)${part}$`), {
      error: 'is no name of a datastore; it has 3 to 32 letters, digits, `.`, `_`, `-`',
    })
    .describe('the datastore, as PBS calls it'),
  stored_on: z.string().min(1).optional().describe('the host whose disks hold it, where that is not the server itself'),
});

type Parts = Readonly<Record<string, z.ZodType>>;

/** @param ofServer what kinds of resources add to a server, by key @param ofDatastore and to each of its datastores */
export const pbsServer = (ofServer: Parts, ofDatastore: Parts) =>
  z
    .strictObject({
      ...connection,
      ...ofServer,
      runs_on: z
        .strictObject({
          pve: entryName.describe('a name of `pve`'),
          guest: wholeNumber(100, 999_999_999).describe('its id there'),
        })
        .optional()
        .describe('the guest this server is, where it is one'),
      datastores: z
        // What a kind adds has the type of that kind, which nothing here knows.
        .array(datastore.extend(ofDatastore) as unknown as z.ZodType<Datastore>)
        .optional()
        .describe('the datastores this estate speaks for'),
    })
    .transform(({ datastores, ...server }) => {
      const said = { datastores: datastores ?? [], saysDatastores: datastores !== undefined };
      return { ...server, ...said, product: 'pbs' as const } as unknown as PbsServer;
    })
    .describe('a Proxmox Backup Server');
