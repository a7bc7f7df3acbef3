// PVE's own backup jobs (facts: pve-api 4). Words are those of the estate; PVE's `all`, `exclude`, `vmid` and `pool` are one choice.
import * as z from 'zod';
import { entryName } from '../../contracts/layer-entry.ts';
import { oneLine, says, schedule, wholeNumber } from './texts.ts';

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

export const backupJob = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_-]{1,49}$/, {
        error: 'is no id of a job; it begins with a letter and has 2 to 50 letters, digits, `_`, `-`',
      })
      .describe("the job's id on PVE"),
    on: z.array(entryName).min(1).optional().describe('names of `pve`; left out: every one of them'),
    schedule: schedule.describe("when it starts, in the server's own time zone"),
    select,
    storage: z.string().min(1).describe('the storage on PVE that takes the backups'),
    mode: z.enum(['snapshot', 'suspend', 'stop']).default('snapshot').describe('how running guests are backed up'),
    compress: z
      .enum(['none', 'zstd', 'gzip', 'lzo'])
      .default('zstd')
      .describe('no effect on a PBS storage, which compresses by itself'),
    enabled: z.boolean().default(true).describe('whether it runs'),
    repeat_missed: z.boolean().default(false).describe('whether a start that was missed is made up for'),
    notes_template: oneLine(1024).optional().describe('the note each backup gets, such as `{{guestname}}`'),
    comment: oneLine(512).optional().describe('a note on the job itself'),
  })
  .describe('a backup job of PVE');
