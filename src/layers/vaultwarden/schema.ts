// What an estate says of a Vaultwarden.
import * as z from 'zod';
import { entryName, layerEntry } from '../../contracts/layer-entry.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { dumpFields } from '../common/dumps/entry.ts';
import { recipients } from '../common/points/encryption.ts';
import {
  absolutePath,
  liesBelowMount,
  notBelowMount,
  type PointEntry,
  pointFields,
  pointsMachine,
} from '../common/points/entry.ts';
import { serviceSchema } from '../common/service/service.ts';

const nameInData = z
  .string()
  .regex(/^(?!\.{1,2}$)[^/\0\n]+$/, 'is one name in the data folder, without a slash')
  .refine((name) => !name.startsWith('.holdfast'), 'is a name of Holdfast itself');

export const vaultwardenEntry = layerEntry
  .extend({
    kind: z.literal('vaultwarden'),
    data: absolutePath.describe('its data folder, as `machine` sees it: where db.sqlite3 lies'),
    also: z
      .array(nameInData)
      .default([])
      .describe('other names in the data folder that belong to it (`templates`); each must be there'),
    to_machine: dumpFields.to_machine,
    ...pointFields,
    staging: absolutePath
      .optional()
      .describe(
        'where everything is gathered first on `machine`, in a folder of its own that is gone after; default: beside the point, ' +
          'or in /run, which is memory, where points are encrypted or lie on another machine',
      ),
    encrypt_to: recipients.optional(),
    identity: secretReference.optional().describe('what opens encrypted points; needed for a restore only'),
    judgement: dumpFields.judgement,
    suspicious_approved: dumpFields.suspicious_approved,
    service: serviceSchema.optional(),
    service_on: entryName
      .optional()
      .describe('the machine that `service` is told on: a name of `machines`; default: `machine`'),
    protected: dumpFields.protected,
  })
  .refine(liesBelowMount, notBelowMount)
  .refine(({ service, service_on }) => service_on === undefined || service !== undefined, {
    path: ['service_on'],
    message: 'has no use without `service`',
  })
  .refine((entry) => !liesWithin(entry, entry.to), {
    path: ['to'],
    message: 'lies within the data folder, or that within it',
  })
  .refine(({ staging, data }) => staging === undefined || !`${staging}/`.startsWith(`${data}/`), {
    path: ['staging'],
    message: 'lies within the data folder',
  });
export type VaultwardenEntry = z.infer<typeof vaultwardenEntry>;

type Lying = Readonly<{ machine: string; to_machine?: string | undefined; data: string }>;

function liesWithin(entry: Lying, to: string): boolean {
  const { machine, data } = entry;
  if (pointsMachine(entry) !== machine) return false;
  return `${to}/`.startsWith(`${data}/`) || `${data}/`.startsWith(`${to}/`);
}

/** Its points take each other's place. */
export const sourceOf = ({ machine, data }: Pick<VaultwardenEntry, 'machine' | 'data'>) => ({ machine, data });

/** Whether it may be gathered where the point is made: nothing of it leaves the machine, or lies there weaker than in the point. */
export const isBeside = (entry: PointEntry & Pick<VaultwardenEntry, 'encrypt_to'>): boolean =>
  entry.encrypt_to === undefined && pointsMachine(entry) === entry.machine;
