// What an estate says of volumes in a thin pool.
import { z } from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import { lvmFields } from '../common/lvm/entry.ts';

const percent = z.number().min(1).max(99);

const timeSpan = z.string().superRefine((text, context) => {
  const span = parseTimeSpan(text);
  if (typeof span === 'number' && span > 0) return;
  context.addIssue({ code: 'custom', message: 'is no length of time; write it as 90m, 26h or 2d' });
});

export const lvmThinEntry = layerEntry
  .extend({
    kind: z.literal('lvm-thin'),
    ...lvmFields,
    data_at_most: percent
      .default(90)
      .describe('no snapshot is taken once the pool holds this many percent of its data; default 90'),
    metadata_at_most: percent
      .default(80)
      .describe(
        'the same for its metadata, which is small, and stops every volume of the pool when it is full; default 80',
      ),
    prune_at_most: z
      .int()
      .min(1)
      .optional()
      .describe(
        'points that one run may remove; default: of each volume one, or a tenth, where `keep` was made shorter',
      ),
    expect_within: timeSpan
      .optional()
      .describe('how old the newest snapshot of a volume may be; default: each run must have taken one'),
  })
  .refine(
    ({ kubernetes, exclude = [] }) =>
      kubernetes !== undefined ||
      exclude.every(({ namespace, claim }) => namespace === undefined && claim === undefined),
    { path: ['exclude'], message: 'names a namespace or a claim, and only a cluster knows those: say `kubernetes`' },
  );
export type LvmThinEntry = z.infer<typeof lvmThinEntry>;
