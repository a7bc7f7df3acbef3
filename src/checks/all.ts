// The only file that knows every check.
import type { Check } from '../contracts/check.ts';
import { configurationDrift } from './configuration-drift.ts';
import { hostDoubleRetention } from './host-double-retention.ts';
import { hostFleecing } from './host-fleecing.ts';
import { hostPbsInside } from './host-pbs-inside.ts';
import { hostStaging } from './host-staging.ts';
import { hostTargetOnRoot } from './host-target-on-root.ts';
import { hostUnprotectedDisk } from './host-unprotected-disk.ts';
import { hostUnprotectedGuest } from './host-unprotected-guest.ts';
import { hostUnread } from './host-unread.ts';
import { hostUnverifiedPoint } from './host-unverified-point.ts';
import { notAsDeclared } from './not-as-declared.ts';
import { serverUnread } from './server-unread.ts';
import { storageDrift } from './storage-drift.ts';

export const checks: readonly Check[] = [
  configurationDrift,
  hostDoubleRetention,
  hostFleecing,
  hostPbsInside,
  hostStaging,
  hostTargetOnRoot,
  hostUnprotectedDisk,
  hostUnprotectedGuest,
  hostUnread,
  hostUnverifiedPoint,
  notAsDeclared,
  serverUnread,
  storageDrift,
];
