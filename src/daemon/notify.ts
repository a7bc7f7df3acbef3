// What systemd is told of a service (sd_notify(3)). Node speaks no datagrams on sockets of the file system, so its own tool
// does; where nothing listens, nothing is said.
import { asFault } from '../fault.ts';
import type { Machine } from '../machines/machine.ts';
import { seconds } from '../values/duration.ts';

export type Notify = (...assignments: readonly [string, ...string[]]) => Promise<void>;

/** @param socket $NOTIFY_SOCKET */
export function notifier(machine: Machine, socket: string | undefined, say: (line: string) => void): Notify {
  let silent = socket === undefined || socket === '';
  return async (...assignments) => {
    if (silent || socket === undefined) return;
    try {
      const argv = ['systemd-notify', ...assignments] as const;
      const { exitCode, stderr } = await machine.run(argv, { env: { NOTIFY_SOCKET: socket }, deadline: seconds(10) });
      if (exitCode !== 0) say(`systemd could not be told ${assignments.join(' ')}: ${stderr.trim()}`);
    } catch (error) {
      const fault = asFault(error, 'systemd-notify');
      // A missing tool stays missing: said once.
      silent = fault.code === 'command-missing';
      say(`systemd could not be told ${assignments.join(' ')}: ${fault.says}`);
    }
  };
}
