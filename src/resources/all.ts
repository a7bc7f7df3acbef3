// The only file that knows every resource.
import type { ResourceKind } from '../contracts/resource.ts';
import { pbsAcl } from './pbs-acl.ts';
import { pbsDatastore } from './pbs-datastore.ts';
import { pbsMetricsServer } from './pbs-metrics-server.ts';
import { pbsNamespace } from './pbs-namespace.ts';
import { pbsNotificationEndpoint } from './pbs-notification-endpoint.ts';
import { pbsNotificationMatcher } from './pbs-notification-matcher.ts';
import { pbsPruneJob } from './pbs-prune-job.ts';
import { pbsRemote } from './pbs-remote.ts';
import { pbsS3Endpoint } from './pbs-s3-endpoint.ts';
import { pbsSyncJob } from './pbs-sync-job.ts';
import { pbsToken } from './pbs-token.ts';
import { pbsTrafficRule } from './pbs-traffic-rule.ts';
import { pbsUser } from './pbs-user.ts';
import { pbsVerifyJob } from './pbs-verify-job.ts';
import { pveBackupJob } from './pve-backup-job.ts';
import { pveStorage } from './pve-storage.ts';

export const resources = [
  pveStorage,
  pveBackupJob,
  pbsPruneJob,
  pbsDatastore,
  pbsNamespace,
  pbsRemote,
  pbsS3Endpoint,
  pbsSyncJob,
  pbsVerifyJob,
  pbsUser,
  pbsToken,
  pbsAcl,
  pbsNotificationEndpoint,
  pbsNotificationMatcher,
  pbsMetricsServer,
  pbsTrafficRule,
] as const satisfies readonly ResourceKind[];
