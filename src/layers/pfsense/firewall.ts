// The firewall itself: FreeBSD, with tcsh for a login shell, so only what every shell and every tar knows. Nothing is ever written
// on it: its disk is small, and what lies there is lost with it.
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { type Digest, digestOf } from '../../values/canonical.ts';
import { minutes } from '../../values/duration.ts';
import { type Ref, ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';

export const firewallRef = (name: string): Ref => ref('firewall', name);
export const firewallIsThere: Digest = digestOf('a firewall that is declared');

export const configPath = '/cf/conf/config.xml';
/** What a full archive holds, from the root: the configuration with its history, the packages and leases, the loader's settings. */
export const archived = ['cf', 'var/db', 'boot/loader.conf'] as const;
export const archiveArgv = ['tar', 'czf', '-', '-C', '/', ...archived] as const;

/** A config.xml has some hundred kilobytes, with everything embedded some megabytes. */
const largest = 64 * 1024 * 1024;

export async function configBySsh(firewall: Machine, signal: AbortSignal): Promise<Buffer> {
  const { stdout, ended } = firewall.stream(['cat', configPath], { signal, deadline: minutes(2) });
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stdout) {
    bytes += piece.length;
    if (bytes > largest) throw notRead(firewall.name, `it is larger than ${largest} bytes`);
    pieces.push(Buffer.from(piece));
  }
  const end = await ended;
  if (end.exitCode !== 0) throw notRead(firewall.name, `cat: ${lastWords(end)}`);
  return Buffer.concat(pieces);
}

/** What it will take, about, before it is compressed: kilobytes, as every du has them. */
export async function bytesToArchive(firewall: Machine, signal: AbortSignal): Promise<number> {
  const argv = ['du', '-sk', ...archived.map((path) => `/${path}`)] as [string, ...string[]];
  const { stdout } = await firewall.run(argv, { signal, deadline: minutes(5) });
  return stdout.split('\n').reduce((sum, line) => sum + (Number.parseInt(line, 10) || 0) * 1024, 0);
}

export const notRead = (where: string, says: string): Fault =>
  new Fault('firewall-not-read', {
    where: shown(where),
    says: shown(says),
    remedy:
      'see that the firewall answers, and that this login may read /cf (admin, or root by ssh); the last good point is still there',
  });
