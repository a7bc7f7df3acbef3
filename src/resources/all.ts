// The only file that knows every resource.
import type { ResourceKind } from '../contracts/resource.ts';
import { pbsAcl } from './pbs-acl/pbs-acl.ts';
import { pbsDatastore } from './pbs-datastore/pbs-datastore.ts';
import { pbsMetricsServer } from './pbs-metrics-server/pbs-metrics-server.ts';
import { pbsNamespace } from './pbs-namespace/pbs-namespace.ts';
import { pbsNotificationEndpoint } from './pbs-notification-endpoint/pbs-notification-endpoint.ts';
import { pbsNotificationMatcher } from './pbs-notification-matcher/pbs-notification-matcher.ts';
import { pbsPruneJob } from './pbs-prune-job/pbs-prune-job.ts';
import { pbsRemote } from './pbs-remote/pbs-remote.ts';
import { pbsS3Endpoint } from './pbs-s3-endpoint/pbs-s3-endpoint.ts';
import { pbsSyncJob } from './pbs-sync-job/pbs-sync-job.ts';
import { pbsToken } from './pbs-token/pbs-token.ts';
import { pbsTrafficRule } from './pbs-traffic-rule/pbs-traffic-rule.ts';
import { pbsUser } from './pbs-user/pbs-user.ts';
import { pbsVerifyJob } from './pbs-verify-job/pbs-verify-job.ts';
import { pveBackupJob } from './pve-backup-job/pve-backup-job.ts';
import { pveStorage } from './pve-storage/pve-storage.ts';

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
