// `pbs[].datastores[].prune`: the prune jobs of a datastore, one of them or a list.
import * as z from 'zod';
import { keepProblem, keepSchema } from '../../values/retention.ts';
import { calendarEvent, comment, namespaceDepth, namespaceOrRoot, safeId } from '../common/schema-texts.ts';

const pruneJob = z
  .strictObject({
    ...keepSchema.shape,
    id: safeId
      .optional()
      .describe('the id of the job on the PBS; `holdfast-` and the name of the datastore where it is left out'),
    schedule: calendarEvent.describe("a calendar event, in the PBS's own time zone"),
    namespace: namespaceOrRoot.default('').describe('the namespace it prunes; the root where it is left out'),
    max_depth: namespaceDepth
      .optional()
      .describe('how many levels of namespaces below it are pruned too; all where it is left out'),
    enabled: z.boolean().default(true).describe('whether it runs by its schedule'),
    comment: comment.optional().describe('shown on the PBS'),
  })
  .superRefine((job, context) => {
    const message = keepProblem(job);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['keep_all'], message });
  });

export const pruneJobs = z.union([pruneJob, z.array(pruneJob).min(1)]);
export type PruneJobEntry = z.infer<typeof pruneJob>;
