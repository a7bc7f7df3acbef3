// What an estate says of volumes in a thin pool.
import * as z from 'zod';
import { layerEntry } from '../../contracts/layer-entry.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import { lvmFields } from '../common/lvm/entry.ts';
import { timeSpanAs } from '../common/time-span.ts';

const percent = z.number().min(1).max(99);

const timeSpan = timeSpanAs('90m, 26h or 2d');

const withinHold = (text: string): boolean => {
  const span = parseTimeSpan(text);
  return typeof span !== 'number' || (span >= 1000 && span <= 30_000);
};

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
    one_moment: z
      .enum(['wanted', 'required', 'never'])
      .default('wanted')
      .describe(
        'whether the volumes of one workload are taken in one moment, by holding whoever writes them (a guest stands still): `wanted` says so where that was not possible, `required` makes the run `degraded` then, `never` holds nobody; default `wanted`',
      ),
    hold_at_most: timeSpan
      .refine((text) => withinHold(text), 'is at least 1s and at most 30s')
      .default('5s')
      .describe('how long a writer may be held; after that it goes on, whatever becomes of the run; default 5s'),
  })
  .refine(
    ({ kubernetes, exclude = [] }) =>
      kubernetes !== undefined ||
      exclude.every(({ namespace, claim }) => namespace === undefined && claim === undefined),
    { path: ['exclude'], message: 'names a namespace or a claim, and only a cluster knows those: say `kubernetes`' },
  );
export type LvmThinEntry = z.infer<typeof lvmThinEntry>;
