// Host keys are pinned: another one ends the connection before any login. What is wrong with a login is said by name.
import { startSshd } from '../../../src/machines/sshd.test-support.ts';
import { seen } from '../../declare/world.ts';
import type { Report } from '../../report.ts';
import type { Places } from './places.ts';

export async function proveKeys(report: Report, { estate, sshd, pin }: Places): Promise<void> {
  const logins = () =>
    sshd
      .log()
      .split('\n')
      .filter((line) => /Accepted|Failed|userauth/.test(line)).length;
  const other = await startSshd();
  try {
    const before = logins();
    pin(other.hostKey);
    const refused = await estate.type('run', 'check-ssh', '--now');
    report.row(
      'a machine that shows another host key than the pinned one is not even tried',
      refused.command,
      "sshd's log: no login was tried",
      (/ssh-host-key-differs/.test(`${refused.stdout}${refused.stderr}`) &&
        refused.status !== 0 &&
        logins() === before) ||
        seen(refused, sshd.log().slice(-400)),
    );
    const behind = await estate.type('run', 'check-pct', '--now');
    report.row(
      'nor is what lies within it',
      behind.command,
      "sshd's log: no login was tried",
      (behind.status !== 0 && logins() === before) || seen(behind),
    );
    pin(sshd.hostKey);
    await estate.type('run', 'check-ssh', '--now');
    report.control('a pinned key that lets nobody in', logins() > before);
  } finally {
    await other.stop();
  }
}
