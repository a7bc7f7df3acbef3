// A firewall of one's own: a root folder with a pfSense's files, and tcsh as its login shell, which every command goes through as one
// line, as over ssh; tar is FreeBSD's own where it is installed (libarchive-tools).
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { World } from '../../contracts/world.ts';
import { localMachine } from '../../machines/local.ts';
import type { Argv, Machine } from '../../machines/machine.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import { type Clock, type Instant, instantAt, systemClock } from '../../values/instant.ts';
import { Secret } from '../../values/secret.ts';
import { quoted } from '../../values/shell.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { pfsense } from './layer.ts';
import { planProtect } from './protect.ts';
import { type PfsenseEntry, pfsenseEntry } from './schema.ts';

export const unlessRoot =
  process.getuid?.() === 0 && existsSync('/usr/bin/tcsh') ? false : 'it needs root, and tcsh (Debian package tcsh)';

export const configXml = (revision: number, more = ''): string => `<?xml version="1.0"?>
<pfsense>
	<version>23.3</version>
	<system><hostname>edge</hostname><password-hash>$2y$10$canary</password-hash>${more}</system>
	<revision><time>${revision}</time><description><![CDATA[admin: a <change>]]></description></revision>
</pfsense>
`;

export type Firewall = Readonly<{
  root: string;
  copies: string;
  back: string;
  entry: PfsenseEntry;
  put(path: string, content: string | Uint8Array): void;
  at(moment: string): void;
  world(through?: (machine: Machine) => Machine): World;
  protect(run: string, entry?: Partial<PfsenseEntry>, more?: Partial<Driven>): Promise<Outcome>;
  restore(run: string, point: RestorePoint, entry?: Partial<PfsenseEntry>): Promise<Outcome>;
  points(sort?: 'config' | 'archive'): Promise<readonly RestorePoint[]>;
  close(): void;
}>;

export function firewallWith(more: object = {}, over: (machine: Machine) => Machine = (machine) => machine): Firewall {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pfsense-'));
  const [root = '', copies = '', back = ''] = ['root', 'copies', 'back'].map((name) => join(folder, name));
  for (const one of ['usr', 'programs', 'tmp', 'dev']) mkdirSync(join(root, one), { recursive: true });
  for (const one of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${one}`, join(root, one));
  execFileSync('mknod', ['-m', '0666', join(root, 'dev/null'), 'c', '1', '3']);
  // Read-only, so that no mistake of a test reaches this machine's own programs.
  execFileSync('mount', ['-o', 'bind,ro', '/usr', join(root, 'usr')]);
  if (existsSync('/usr/bin/bsdtar')) symlinkSync('/usr/bin/bsdtar', join(root, 'programs/tar'));
  const put = (path: string, content: string | Uint8Array) => {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  put('/cf/conf/config.xml', configXml(1_700_000_000));
  put('/var/db/dhcpd.leases', 'lease 10.0.20.7 {}\n');
  put('/var/db/rrd/wan-traffic.rrd', Buffer.alloc(300_000, 7));
  put('/boot/loader.conf', 'kern.cam.boot_delay=10000\n');
  let now = instantAt(Date.UTC(2026, 0, 7, 5));
  const clock: Clock = { ...systemClock, now: () => now };
  const entry = pfsenseEntry.parse({
    ...{ name: 'edge', kind: 'pfsense', machine: 'firewall', to_machine: 'here', workload: 'edge', to: copies },
    ...{ keep: { keep_last: 3 }, ...more },
  });
  const world = (through: (machine: Machine) => Machine = (machine) => machine): World => ({
    ...worldWith(clock),
    machine: (name) => {
      const machine = localMachine({ name, clock: systemClock });
      return through(name === 'firewall' ? over(loggedIn(machine, root)) : machine);
    },
    secret: async (reference, audience) => new Secret('a secret', secretIn(reference), audience),
  });
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    ...{ run: run as RunId, world: world(), taken: join(folder, 'taken') },
    ...others,
  });
  const context = { timeZone: 'UTC', now, layers: [] };
  return {
    ...{ root, copies, back, entry, put, world },
    at: (moment) => {
      now = moment as Instant;
    },
    protect: (run, changed = {}, others = {}) =>
      drive(driven(run, others), planProtect({ ...entry, ...changed }, context).steps, 'keep'),
    restore: (run, point, changed = {}) =>
      drive(
        driven(run),
        pfsense.restore({ ...entry, ...changed }, { point, target: back }, context).steps,
        'lead back',
      ),
    points: async (sort) =>
      (await pfsense.points(entry, world())).filter(
        ({ manifest }) => sort === undefined || manifest.source['sort'] === sort,
      ),
    close: () => {
      spawnSync('umount', ['--lazy', join(root, 'usr')]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const secretIn = (reference: object): string =>
  execFileSync('cat', [(reference as { file: string }).file])
    .toString()
    .trim();

/** One line for the login shell, every word quoted, as ssh hands it over. */
function loggedIn(machine: Machine, root: string): Machine {
  const line = (argv: Argv): Argv => [
    ...(['chroot', root, 'env', '-i', 'PATH=/programs:/usr/sbin:/usr/bin', '/usr/bin/tcsh', '-f', '-c'] as const),
    argv.map(quoted).join(' '),
  ];
  return {
    ...machine,
    name: 'firewall',
    run: (argv, options) => machine.run(line(argv), options),
    stream: (argv, options) => machine.stream(line(argv), options),
    feed: (argv, options) => machine.feed(line(argv), options),
  };
}
