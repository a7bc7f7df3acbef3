// The nights before the lab starts: every host backs its guests up at 02:00, and some of those nights went wrong.

export type HostName = 'ruapehu' | 'pihanga' | 'hikurangi';
/** What became of one guest's backup, or of the whole run of a host. */
export type Outcome = 'ok' | 'no-agent' | 'reset' | 'locked' | 'stale' | 'log-lost' | 'unreachable';

const daySeconds = 86_400;
export const nightsKept = 30;

/** The start of the run so many nights ago, epoch seconds; 1 is last night. */
export function nightAt(now: number, nightsAgo: number): number {
  const today = Math.floor(now / 1000 / daySeconds) * daySeconds + 2 * 3600;
  const last = today <= Math.floor(now / 1000) - 3 * 3600 ? today : today - daySeconds;
  return last - (nightsAgo - 1) * daySeconds;
}

type Bad = Readonly<{ night: number; host?: HostName; vmid?: number; outcome: Outcome }>;
const badNights: readonly Bad[] = [
  { night: 3, host: 'ruapehu', vmid: 109, outcome: 'reset' },
  { night: 5, host: 'ruapehu', vmid: 451, outcome: 'no-agent' },
  { night: 9, host: 'hikurangi', vmid: 102, outcome: 'log-lost' },
  { night: 12, host: 'pihanga', vmid: 101, outcome: 'locked' },
  // The disk of the datastore was gone for a night: every host, every guest.
  { night: 21, outcome: 'stale' },
  // Three hosts at the same minute were too much for the PBS.
  { night: 25, host: 'hikurangi', outcome: 'unreachable' },
];

export const outcomeOn = (night: number, host: HostName, vmid: number): Outcome =>
  badNights.find(
    (bad) =>
      bad.night === night &&
      (bad.host === undefined || bad.host === host) &&
      (bad.vmid === undefined || bad.vmid === vmid),
  )?.outcome ?? 'ok';

/** Whether a snapshot came of it. */
export const isBackedUp = (outcome: Outcome): boolean => ['ok', 'no-agent', 'log-lost'].includes(outcome);
