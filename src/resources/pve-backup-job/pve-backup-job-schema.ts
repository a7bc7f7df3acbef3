// `backup_jobs`: PVE's own backup jobs (facts: pve-api section 4). PVE's `all`, `exclude`, `vmid` and `pool` are one choice here.
// `tmpdir`, `dumpdir` and `script` are missing on purpose: only root@pam itself may set them, no token may.
import * as z from 'zod';
import { entryName } from '../../contracts/layer-entry.ts';
import { isCalendarProblem } from '../../values/calendar.ts';
import { calendarLint } from '../../values/calendar-lint.ts';
import { parseCalendar } from '../../values/calendar-parse.ts';
import { keepSchema } from '../../values/retention.ts';

/** Words for what is there and wrong; what is missing is said to be missing. */
const says = (message: string) => ({
  error: (issue: z.core.$ZodRawIssue) => (issue.input === undefined ? undefined : message),
});

const schedule = z.string(says('is no schedule; write it as "02:00", in quotes')).superRefine((written, context) => {
  const event = parseCalendar(written);
  const message = isCalendarProblem(event)
    ? `is no schedule: ${event.problem} (at character ${event.at + 1}); write it as 02:00, sat 18:15 or daily`
    : calendarLint(event).find(({ trap }) => trap === 'never')?.says;
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const oneLine = (most: number) =>
  z
    .string()
    .max(most, says(`is longer than the ${most} characters there is room for`))
    .regex(/^[^\n\r]*$/, says('has a line break; it must be one line'));

const wholeNumber = (least: number, most: number) => {
  const error = says(`must be a whole number from ${least} to ${most}`);
  return z.int(error).min(least, error).max(most, error);
};

const guests = z.array(wholeNumber(100, 999_999_999)).min(1);

const select = z
  .union(
    [
      z.literal('all').describe('every guest, also those to come'),
      z.strictObject({ all_but: guests.describe('ids of the guests left out') }),
      z.strictObject({ guests: guests.describe('ids of guests') }),
      z.strictObject({ pool: z.string().min(1).describe('the pool whose direct members are taken') }),
    ],
    says('must be one of: all, { all_but: [101] }, { guests: [100, 102] }, { pool: NAME }'),
  )
  .describe('which guests are backed up');

const variables = ['cluster', 'guestname', 'node', 'vmid'];

/** What PVE refuses of a note for backups: it knows four variables and two escapes. */
const notesTemplate = oneLine(1024).superRefine((text, context) => {
  const unknown = [
    ...[...text.matchAll(/\\(.)/g)].filter(([, mark = '']) => !/[n\\]/.test(mark)).map(([whole]) => whole),
    ...[...text.matchAll(/\{\{([^\s{}]+)\}\}/g)]
      .filter(([, name = '']) => !variables.includes(name))
      .map(([whole]) => whole),
  ];
  if (unknown.length > 0)
    context.addIssue({
      code: 'custom',
      message: `has ${unknown.join(' and ')} in it; PVE knows ${variables.map((name) => `{{${name}}}`).join(', ')}, \\n and \\\\`,
    });
});

const storage = z
  .string()
  .min(1)
  .regex(/^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$/, 'is no name of a storage');
const address = z
  .string()
  .regex(/^[^\s,;]+$/, 'is one mail address, or the name of a user with one; write one in each entry');
const ofTheNode = "as the node's /etc/vzdump.conf says where it is left out";

/** facts, pve-api section 4: what PVE reads and changes; ids that it gave itself may begin with a digit, or hold a colon. */
export const jobId: RegExp = /^[^\s\p{Cc}]{1,50}$/u;
/** What it takes for a new one. */
export const newJobId: RegExp = /^[A-Za-z][A-Za-z0-9_-]{1,49}$/;

const backupJob = z
  .strictObject({
    name: z
      .string()
      .regex(jobId, { error: 'is no id of a job; it has 1 to 50 characters and no blanks' })
      .describe("the job's id on PVE"),
    on: z.array(entryName).min(1).optional().describe('names of `pve`; left out: every one of them'),
    schedule: schedule.describe("when it starts, in the server's own time zone"),
    select,
    storage: storage.describe('the storage on PVE that takes the backups'),
    node: z
      .string()
      .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/, 'is no name of a node')
      .optional()
      .describe('the one node of a cluster it runs on; guests elsewhere are then in no backup of it'),
    mode: z.enum(['snapshot', 'suspend', 'stop']).default('snapshot').describe('how running guests are backed up'),
    compress: z
      .enum(['none', 'zstd', 'gzip', 'lzo'])
      .default('zstd')
      .describe('no effect on a PBS storage, which compresses by itself'),
    zstd_threads: wholeNumber(0, 1024).optional().describe(`threads of zstd; 0: half the cores; ${ofTheNode}`),
    pigz_threads: wholeNumber(0, 1024).optional().describe(`threads of gzip; 0: gzip alone; ${ofTheNode}`),
    enabled: z.boolean().default(true).describe('whether it runs'),
    repeat_missed: z.boolean().default(false).describe('whether a start that was missed is made up for'),
    prune_backups: keepSchema
      .optional()
      .describe('how many backups of a guest PVE keeps after its run; as the storage says where it is left out'),
    remove: z
      .boolean()
      .optional()
      .describe(
        'whether PVE prunes after a run; without, a full count refuses the next backup; true where it is left out',
      ),
    protected: z.boolean().optional().describe('whether each backup is protected from being pruned or removed'),
    notes_template: notesTemplate.optional().describe('the note each backup gets, such as `{{guestname}}`'),
    comment: oneLine(512).optional().describe('a note on the job itself'),
    bwlimit: wholeNumber(0, Number.MAX_SAFE_INTEGER)
      .optional()
      .describe(`KiB/s it may read; 0 for no limit; ${ofTheNode}`),
    ionice: wholeNumber(0, 8).optional().describe(`I/O priority, 8 the lowest; ${ofTheNode}`),
    lockwait: wholeNumber(0, 1_000_000)
      .optional()
      .describe(`minutes it waits for another backup of the node; ${ofTheNode}`),
    stopwait: wholeNumber(0, 1_000_000).optional().describe(`minutes a guest gets to shut down; ${ofTheNode}`),
    performance: z
      .strictObject({
        max_workers: wholeNumber(1, 256).optional().describe('I/O workers of a VM'),
        pbs_entries_max: wholeNumber(1, Number.MAX_SAFE_INTEGER)
          .optional()
          .describe('entries of a container kept in memory while it goes to a PBS'),
      })
      .optional()
      .describe(`limits of the work; ${ofTheNode}`),
    fleecing: z
      .strictObject({ storage: storage.describe('a fast storage of the node that takes what guests write meanwhile') })
      .optional()
      .describe('VMs only: a slow target then no longer slows the guest down'),
    change_detection: z
      .enum(['legacy', 'data', 'metadata'])
      .optional()
      .describe('containers to a PBS: how files that did not change are found'),
    exclude_paths: z
      .array(z.string().regex(/^[^\0\n\r]+$/, 'is one path or pattern, on one line'))
      .optional()
      .describe('containers: paths or patterns that are left out'),
    stdexcludes: z
      .boolean()
      .optional()
      .describe('containers: whether temporary files are left out; true where it is left out'),
    notification_mode: z
      .enum(['auto', 'legacy-sendmail', 'notification-system'])
      .optional()
      .describe('auto where it is left out: mail if there is a `mailto`, else the notification system'),
    mailto: z.array(address).min(1).optional().describe('who gets the mails; PVE calls it deprecated'),
    mailnotification: z
      .enum(['always', 'failure'])
      .optional()
      .describe('when mails are sent; always where it is left out; PVE calls it deprecated'),
  })
  .describe('a backup job of PVE');

export const backupJobs = z
  .array(backupJob)
  .describe("PVE's own backup jobs; `tmpdir`, `dumpdir` and `script` are root@pam's alone and cannot be declared");
export type BackupJobEntry = z.infer<typeof backupJob>;
