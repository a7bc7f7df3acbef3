// What `pbs[].datastores[]` says of the datastore itself. An entry that says none of it speaks of one that is there anyway.
import * as z from 'zod';
import { byteSize, calendarEvent, comment, safeId, threads, userId } from '../common/schema-texts.ts';

const removable = z.strictObject({
  device: z
    .string()
    .regex(/^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'is no UUID of a file system; `blkid` shows it')
    .describe('the UUID of the file system on the device'),
});

const s3 = z.strictObject({
  endpoint: safeId.describe('a name of `s3_endpoints`'),
  bucket: z
    .string()
    .regex(
      /^(?!xn--|sthree-|amzn-s3-demo-)(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?<!--ol-s3|--x-s3)$/,
      'is no name of a bucket; it has 3 to 63 small letters, digits and `-`',
    )
    .describe('the bucket, which is there already'),
  max_cache_size: byteSize.optional().describe('how much of `path` the local cache may fill: 100 GiB'),
});

// PBS decodes percent signs in it before it shows it, so one is written as three characters.
const longestMessage = 64;
const maintenance = z.strictObject({
  mode: z.enum(['read-only', 'offline']).describe('`read-only`: nothing is written; `offline`: nothing is read either'),
  message: comment
    .refine((said) => said.replaceAll('%', '%25').length <= longestMessage, 'is longer than 64 characters')
    .optional()
    .describe('what whoever is turned away is told'),
});

const told = z.enum(['always', 'error', 'never']);
const notify = z.strictObject({
  user: userId.optional().describe('whose mail address is told; root@pam where it is left out'),
  gc: told.optional().describe('of garbage collection: always, error or never'),
  verify: told.optional().describe('of verification'),
  sync: told.optional().describe('of sync jobs'),
  prune: told.optional().describe('of pruning'),
});

const tuning = z.strictObject({
  chunk_order: z.enum(['inode', 'none']).default('inode').describe('in which order chunks are read'),
  sync_level: z
    .enum(['none', 'file', 'filesystem'])
    .default('filesystem')
    .describe('what is made sure to be on the disk before a backup counts as done'),
  gc_atime_safety_check: z
    .boolean()
    .default(true)
    .describe('whether garbage collection first makes sure that the file system keeps access times'),
  gc_atime_cutoff: z.int().min(1).max(2880).default(1445).describe('minutes an unused chunk is kept at least'),
  gc_cache_capacity: z.int().min(0).max(8_388_608).default(1_048_576).describe('chunks that it remembers having seen'),
  default_verification_workers: threads.default(4).describe('checkers of chunks of a verify job that names none'),
  default_verification_readers: threads.default(1).describe('readers of chunks of a verify job that names none'),
});

const requests = z.int().min(0).optional();
const thresholds = z.strictObject({
  s3_get: requests.describe('GET requests'),
  s3_put: requests.describe('PUT requests'),
  s3_post: requests.describe('POST requests'),
  s3_head: requests.describe('HEAD requests'),
  s3_delete: requests.describe('DELETE requests'),
  s3_upload: byteSize.optional().describe('what is sent to the service'),
  s3_download: byteSize.optional().describe('what comes from the service'),
});

/** Its keys stand beside those of prune jobs and their like: nothing has a default here, since each of them declares it. */
export const datastoreShape = {
  path: z
    .string()
    .min(1)
    .max(4096)
    .describe('the directory it lies in, on the device of a removable one; without it none is made'),
  removable: removable.describe('it lies on a device that is plugged in and out'),
  s3: s3.describe('it lies in S3; `path` is then the local cache'),
  comment: comment.describe('shown on the PBS'),
  gc: calendarEvent.describe('when garbage collection frees what nothing needs any more; never where it is left out'),
  gc_on_unmount: z.boolean().describe('whether a removable one collects garbage before it is unmounted'),
  verify_new: z.boolean().describe('whether each new snapshot is verified as soon as it is there'),
  maintenance: maintenance.describe('it is closed for a while'),
  notify: notify.describe('who is told of its jobs by mail; of `legacy-sendmail` only'),
  notification_mode: z
    .enum(['notification-system', 'legacy-sendmail'])
    .describe('how it tells of its jobs; where it is left out it stays as it is there'),
  tuning: tuning.describe('how it does its work'),
  notification_thresholds: thresholds.describe('beyond which PBS tells of requests to S3'),
  counter_reset_schedule: calendarEvent.describe('when the requests to S3 are counted from nothing again'),
  reuse: z.boolean().describe('whether one is taken over that lies at `path` already'),
  overwrite_in_use: z.boolean().describe('whether a bucket is taken over that another PBS marked as its own'),
} as const;

type Shape = typeof datastoreShape;
export type DatastorePart = { [Key in keyof Shape]?: z.infer<Shape[Key]> | undefined };
