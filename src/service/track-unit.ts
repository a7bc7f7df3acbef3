// The unit of the tracker; pure. It reads names, never content, writes to its journals alone, and speaks to nobody: what the kernel
// asks for whole file systems (CAP_SYS_ADMIN) and for folders by their handles (CAP_DAC_READ_SEARCH) is all it may.
import { path, word } from './unit.ts';

export type TrackUnitGiven = Readonly<{
  program: readonly string[];
  /** as they were typed: options and folders, absolute */
  words: readonly string[];
  /** where the journals lie */
  journals: string;
}>;

export const trackUnit = ({ program, words, journals }: TrackUnitGiven): string => `# Made by \`holdfast track unit\`.
[Unit]
Description=Holdfast: what changes in shared folders, written down
After=local-fs.target

[Service]
Type=exec
ExecStartPre=+/usr/bin/mkdir -p -m 0700 ${word(journals)}
ExecStart=${[...program, 'track', ...words].map(word).join(' ')}
WorkingDirectory=/
Restart=always
RestartSec=5

UMask=0077
LimitCORE=0
OOMScoreAdjust=-100
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths=-${path(journals)}
PrivateMounts=yes
PrivateDevices=yes
PrivateNetwork=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service fanotify_init fanotify_mark open_by_handle_at
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_READ_SEARCH
RestrictAddressFamilies=AF_UNIX
IPAddressDeny=any

[Install]
WantedBy=multi-user.target
`;
