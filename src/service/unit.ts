// The unit of the daemon; pure. It is fenced in as far as its work lets it: what is refused here no defect and no hostile
// estate can do at night. MemoryDenyWriteExecute is left out: V8 compiles what it runs.
import type { Need, ServiceNeeds } from './needs.ts';

export type UnitGiven = Readonly<{
  estate: string;
  /** absolute: the file or folder of the estate, the state, the guard */
  estateFile: string;
  state: string;
  guard: string | undefined;
  program: readonly string[];
  needs: ServiceNeeds;
  /** what may be spoken to, as addresses */
  addresses: readonly string[];
}>;

const environmentFile = '/etc/holdfast/environment';

const capabilities: Readonly<Record<Need, readonly string[]>> = {
  files: ['CAP_DAC_READ_SEARCH', 'CAP_DAC_OVERRIDE'],
  owners: ['CAP_CHOWN', 'CAP_FOWNER'],
  mount: ['CAP_SYS_ADMIN', 'CAP_DAC_READ_SEARCH'],
  lvm: ['CAP_SYS_ADMIN', 'CAP_DAC_READ_SEARCH', 'CAP_DAC_OVERRIDE'],
  trees: ['CAP_SYS_ADMIN', 'CAP_SYS_CHROOT', 'CAP_FSETID', 'CAP_SETFCAP', 'CAP_SETUID', 'CAP_SETGID'],
  accounts: ['CAP_SETUID', 'CAP_SETGID'],
};

// Where LVM, cryptsetup and mount keep what they lock and remember.
const toolFolders: Readonly<Record<Need, readonly string[]>> = {
  files: [],
  owners: [],
  accounts: [],
  mount: ['/run/mount'],
  trees: ['/run/mount'],
  lvm: ['/etc/lvm/archive', '/etc/lvm/backup', '/run/lvm', '/run/lock', '/run/cryptsetup', '/run/mount'],
};

/** As systemd reads it (systemd.service(5), command lines): quoted, with its own marks doubled. */
export function word(text: string): string {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[A-Za-z0-9/._:@=+,%$-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

export const path = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;

const unique = (words: readonly string[]): string => [...new Set(words)].sort().join(' ');

export function serviceUnit({ needs: { needs, writes }, ...given }: UnitGiven): string {
  const trees = needs.has('trees');
  const devices = trees || needs.has('mount') || needs.has('lvm');
  const each = (table: Readonly<Record<Need, readonly string[]>>) => [...needs].flatMap((need) => table[need]);
  const guard = given.guard === undefined ? [] : ['--guard', given.guard];
  const command = [...given.program, '--estate', given.estateFile, '--state', given.state, ...guard, 'serve'];
  return `${header(given.estateFile)}
[Unit]
Description=Holdfast: the backups of ${given.estate.replaceAll('%', '%%')}
After=network-online.target time-sync.target local-fs.target remote-fs.target
Wants=network-online.target

[Service]
Type=notify
# The tool that speaks to systemd for it is a process of its own.
NotifyAccess=all
ExecStart=${command.map(word).join(' ')}
EnvironmentFile=-${environmentFile}
WorkingDirectory=/
Restart=on-failure
RestartSec=10
WatchdogSec=5min
# Runs that go on are stopped and undone; what is left after that, the next start gives back.
KillMode=mixed
TimeoutStopSec=5min

UMask=0077
MemorySwapMax=0
LimitCORE=0
LimitMEMLOCK=infinity
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
${[given.state, ...writes].map((folder) => `ReadWritePaths=${path(folder)}`.replace('="', '="-')).join('\n')}
${each(toolFolders).length === 0 ? '' : `ReadWritePaths=${unique(each(toolFolders).map((folder) => `-${folder}`))}\n`}PrivateTmp=yes
PrivateMounts=yes
${devices ? deviceLines : 'PrivateDevices=yes'}
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=${trees ? 'mnt' : 'yes'}
RestrictRealtime=yes
${trees ? '' : 'RestrictSUIDSGID=yes\n'}LockPersonality=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service${devices ? ' @mount' : ''}
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=${unique(each(capabilities))}
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
IPAddressDeny=any
IPAddressAllow=localhost
${given.addresses.map((address) => `IPAddressAllow=${address}\n`).join('')}
[Install]
WantedBy=multi-user.target
`;
}

const deviceLines = `DevicePolicy=closed
DeviceAllow=block-* rw
DeviceAllow=/dev/loop-control rw
DeviceAllow=/dev/mapper/control rw`;

const headerFor = '# Written by `holdfast install-service` for ';
const header = (estateFile: string): string =>
  `${headerFor}${estateFile.replaceAll('\n', ' ')}\n# Yours belongs into a drop-in (\`systemctl edit holdfast\`): this file is written anew.`;

/** For which estate a unit was written; undefined where it is none of ours. */
export const estateOfUnit = (text: string): string | undefined =>
  text.startsWith(headerFor) ? text.slice(headerFor.length).split('\n')[0] : undefined;
