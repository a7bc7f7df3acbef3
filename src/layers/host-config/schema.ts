// What an estate says of the configuration of a host.
import * as z from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { recipients } from '../common/points/encryption.ts';
import { absolutePath, liesBelowMount, notBelowMount, pointFields, toMachine } from '../common/points/entry.ts';
import { protectedField } from '../common/protection.ts';

export const roles = ['pve', 'pbs', 'holdfast'] as const;
export type Role = (typeof roles)[number];

const ownFiles = z.strictObject({
  state: absolutePath.default('/var/lib/holdfast').describe('the state folder; databases in it are copied online'),
  estate: z
    .array(absolutePath)
    .min(1)
    .default(['/etc/holdfast/estate.yaml'])
    .describe('the estate: its file, its folder, whatever it includes'),
  guard: absolutePath.default('/etc/holdfast/guard.yaml').describe('the guard file'),
  signing_key: absolutePath.optional().describe('the key that evidence is signed with; only with `encrypt_to`'),
});

export const hostConfigEntry = layerEntry
  .extend({
    kind: z.literal('host-config'),
    roles: z
      .array(z.enum(roles))
      .default([])
      .describe('what the machine is; what such a machine must have is required'),
    also: z.array(absolutePath).default([]).describe('files and folders of your own that belong to it; required'),
    luks: z
      .array(absolutePath)
      .default([])
      .describe('LUKS devices beside those that blkid finds: volumes that are not active. Required'),
    holdfast: ownFiles.optional().describe('where Holdfast itself keeps what it needs, for the role `holdfast`'),
    staging: absolutePath
      .default('/run')
      .describe('where everything is gathered first, in a folder of its own that is gone after; /run is memory'),
    to_machine: toMachine.optional(),
    ...pointFields,
    encrypt_to: recipients.optional(),
    identity: secretReference.optional().describe('what opens encrypted points; needed for a restore only'),
    protected: protectedField,
  })
  .refine(liesBelowMount, notBelowMount)
  .refine(({ holdfast, encrypt_to }) => holdfast?.signing_key === undefined || encrypt_to !== undefined, {
    path: ['holdfast', 'signing_key'],
    message: 'goes into no copy that is not encrypted: declare `encrypt_to`',
  });
export type HostConfigEntry = z.infer<typeof hostConfigEntry>;
