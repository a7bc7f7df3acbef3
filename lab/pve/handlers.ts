// Every call that a PVE host of the lab serves, by its name in the contract.
import { access } from './access.ts';
import { basics } from './basics.ts';
import { cluster } from './cluster.ts';
import { grants } from './grants.ts';
import { guestCalls } from './guest-calls.ts';
import type { PveHandlers } from './host.ts';
import { hostCalls } from './host-calls.ts';
import { jobs } from './jobs.ts';
import { pools } from './pools.ts';
import { resources } from './resources.ts';
import { storageContent } from './storage-content.ts';
import { storageLive } from './storage-live.ts';
import { storageReads } from './storage-read.ts';
import { storageWrites } from './storage-write.ts';
import { taskCalls } from './task-calls.ts';
import { tokens } from './tokens.ts';
import { users } from './users.ts';
import { vzdump } from './vzdump.ts';

export const pveHandlers: PveHandlers = {
  ...access,
  ...basics,
  ...cluster,
  ...grants,
  ...guestCalls,
  ...hostCalls,
  ...jobs,
  ...pools,
  ...resources,
  ...storageContent,
  ...storageLive,
  ...storageReads,
  ...storageWrites,
  ...taskCalls,
  ...tokens,
  ...users,
  ...vzdump,
};
