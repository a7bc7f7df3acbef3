// What an estate says of copies of restore points in another place.
import * as z from 'zod';
import { entryName, layerEntry } from '../../contracts/layer-entry.ts';
import { byteSizeProblem } from '../../values/byte-size.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { judgementFields } from '../common/judgement/thresholds.ts';
import { recipients } from '../common/points/encryption.ts';
import { absolutePath, liesBelowMount, notBelowMount, pointFields } from '../common/points/entry.ts';
import { protectedField } from '../common/protection.ts';
import { timeSpanAs } from '../common/time-span.ts';

const timeSpan = timeSpanAs('12h, 30d or 2w');

const rate = z.string().superRefine((text, context) => {
  const says = byteSizeProblem(text);
  if (says !== undefined) context.addIssue({ code: 'custom', message: says });
});

export const offsiteEntry = layerEntry
  .extend({
    kind: z.literal('offsite'),
    points_of: z
      .array(entryName)
      .min(1)
      .describe('layers whose sealed restore points are copied; their points are folders on one machine'),
    to: absolutePath.optional().describe('the folder that copies lie below, in a folder named after this layer'),
    to_machine: entryName
      .optional()
      .describe('the machine that `to` lies on; default: `machine` itself, which needs `mounted_at`'),
    mounted_at: pointFields.mounted_at,
    remote: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_.@+ -]*:[^\0\n]*$/, 'is no place of rclone: NAME:PATH')
      .optional()
      .describe('in the place of `to`: a place of rclone, as its configuration on `machine` has it: `b2:bucket/path`'),
    rclone_config: absolutePath.optional().describe('the configuration of rclone; default: that of its user'),
    prune_at_most: pointFields.prune_at_most,
    newest_first: z
      .boolean()
      .optional()
      .describe(
        'what is missing there is sent newest first; default: oldest first, each as a change of the one before',
      ),
    read_back: timeSpan
      .default('30d')
      .describe(
        'how often a copy is read back as a whole; in between, only what it does not share with the copy before (targets with a shell, disks)',
      ),
    bandwidth: rate.optional().describe('bytes a second that a transfer may take, as `5 MiB`'),
    untrusted: z
      .boolean()
      .optional()
      .describe('whoever runs the target may look into it: nothing goes there that is not encrypted'),
    encrypt_to: recipients.optional(),
    identity: secretReference.optional().describe('what opens encrypted points; needed for a restore only'),
    protected: protectedField,
    owner: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,80}$/, 'is no word')
      .optional()
      .describe(
        'whose the folder at the target is; default: the identity of `machine`. A successor of a lost machine names the lost one',
      ),
    staging: absolutePath
      .default('/var/lib/holdfast/offsite')
      .describe('where points are packed on `machine` before they are sent'),
    restore_devices: z.boolean().optional().describe('whether a restore makes device nodes; default false'),
  })
  .refine(({ to, remote }) => (to === undefined) !== (remote === undefined), {
    path: ['to'],
    message: 'is needed, or `remote`: one of the two',
  })
  .refine(({ remote, to_machine, mounted_at }) => remote === undefined || (to_machine ?? mounted_at) === undefined, {
    path: ['remote'],
    message: 'has no `to_machine` and no `mounted_at`',
  })
  .refine(
    ({ to, to_machine, machine, mounted_at }) =>
      to === undefined || mounted_at !== undefined || (to_machine ?? machine) !== machine,
    {
      path: ['mounted_at'],
      message: 'is missing: a copy on the machine itself lies on a disk of its own, which must be mounted',
    },
  )
  .refine(({ to, mounted_at }) => to === undefined || liesBelowMount({ to, mounted_at }), notBelowMount)
  .refine(({ untrusted, encrypt_to }) => untrusted !== true || encrypt_to !== undefined, {
    path: ['encrypt_to'],
    message: 'is missing: the target is not trusted',
  });
export type OffsiteEntry = z.infer<typeof offsiteEntry>;

/** A layer whose points are copied, as far as is needed of it. */
export const sourceLayer = z.strictObject({
  name: entryName,
  kind: z.string(),
  workload: z.string(),
  machine: z.string(),
  to: absolutePath,
  suspicious_approved: judgementFields.suspicious_approved,
});
export type SourceLayer = z.infer<typeof sourceLayer>;
