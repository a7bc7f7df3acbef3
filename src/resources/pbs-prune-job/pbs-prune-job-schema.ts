// `pbs[].datastores[].prune`: the prune jobs of a datastore, one of them or a list.
import * as z from 'zod';
import { isCalendarProblem } from '../../values/calendar.ts';
import { calendarLint } from '../../values/calendar-lint.ts';
import { parseCalendar } from '../../values/calendar-parse.ts';
import { longestNamespace, namespaceOrRootForm, noNamespace } from '../../values/namespace.ts';
import { keepProblem, keepSchema } from '../../values/retention.ts';

const calendarEvent = z.string().superRefine((text, context) => {
  const event = parseCalendar(text);
  const message = isCalendarProblem(event)
    ? `${event.problem}, at character ${event.at + 1}`
    : calendarLint(event).find(({ trap }) => trap === 'never')?.says;
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const pruneJob = z
  .strictObject({
    ...keepSchema.shape,
    id: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{2,31}$/, 'has 3 to 32 letters, digits, `.`, `_`, `-`')
      .optional()
      .describe('the id of the job on the PBS; `holdfast-` and the name of the datastore where it is left out'),
    schedule: calendarEvent.describe("a calendar event, in the PBS's own time zone"),
    namespace: z
      .string()
      .max(longestNamespace)
      .regex(namespaceOrRootForm, noNamespace)
      .default('')
      .describe('the namespace it prunes; the root where it is left out'),
    max_depth: z
      .int()
      .min(0)
      .max(7)
      .optional()
      .describe('how many levels of namespaces below it are pruned too; all where it is left out'),
    enabled: z.boolean().default(true).describe('whether it runs by its schedule'),
    comment: z
      .string()
      .max(128)
      .regex(/^[^\p{Cc}]*$/u, 'is one line')
      .optional()
      .describe('shown on the PBS'),
  })
  .superRefine((job, context) => {
    const message = keepProblem(job);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['keep_all'], message });
  });

export const pruneJobs = z.union([pruneJob, z.array(pruneJob).min(1)]);
export type PruneJobEntry = z.infer<typeof pruneJob>;
