// The machine under a PVE host when the lab starts, where nothing else is said.
import type { Notification, PveState } from './state.ts';

const gib = 1024 ** 3;

type Machine = Pick<PveState, 'disks' | 'hardware' | 'vzdumpConf' | 'stoppedServices' | 'journal' | 'notifications'>;

// Every PVE has these two.
const builtInTarget: Notification = {
  name: 'mail-to-root',
  type: 'sendmail',
  options: { comment: 'Send mails to root@pam', 'mailto-user': ['root@pam'], origin: 'builtin' },
};
const builtInMatcher: Notification = {
  name: 'default-matcher',
  type: 'matcher',
  options: {
    comment: 'Route all notifications to mail-to-root',
    target: ['mail-to-root'],
    mode: 'all',
    origin: 'builtin',
  },
};

export const firstHost = (): Machine => ({
  disks: {},
  hardware: { cpus: 8, memory: 64 * gib, memoryUsed: 21 * gib, root: { total: 94 * gib, used: 31 * gib } },
  vzdumpConf: {},
  // Enabled on every host, and at work only in a cluster.
  stoppedServices: ['corosync'],
  journal: [],
  notifications: { targets: [structuredClone(builtInTarget)], matchers: [structuredClone(builtInMatcher)] },
});
