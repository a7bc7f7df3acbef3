// The host's own folder of commands: all that it has, and nothing of the machine that the lab runs on but a few small ones of the
// system. LVM, dmsetup, lsblk and kubectl ask the lab; e2fsck, debugfs and blkid are the real ones, led from a device to its file.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programOf } from './file-system.ts';
import { lvmCommands } from './lvm/commands.ts';

/** As they are, by the packages they come in; none of them can reach a disk by itself. */
const ofTheSystem = {
  ...{ sh: 'dash', rm: 'coreutils', tr: 'coreutils', cut: 'coreutils', id: 'coreutils', date: 'coreutils' },
  ...{ sleep: 'coreutils', nice: 'coreutils', getent: 'libc-bin', ionice: 'util-linux', mountpoint: 'util-linux' },
  // What looks for whoever has a volume open: nobody, here.
  ...{
    find: 'findutils',
    grep: 'grep',
    sed: 'sed',
    stat: 'coreutils',
    timeout: 'coreutils',
    env: 'coreutils',
    setsid: 'util-linux',
  },
};
const ofFileSystems = { e2fsck: 'e2fsprogs', debugfs: 'e2fsprogs', blkid: 'util-linux' };
const askedOfTheLab = [...lvmCommands, 'lsblk', 'kubectl'];

type Programs = Readonly<{ bin: string; devices: string; vg: string; socket: string }>;

export function writePrograms({ bin, devices, vg, socket }: Programs): void {
  mkdirSync(bin, { mode: 0o755 });
  const write = (name: string, text: string): void => {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  };
  for (const [name, from] of Object.entries(ofTheSystem)) symlinkSync(programOf(name, from), join(bin, name));
  for (const [name, from] of Object.entries(ofFileSystems))
    write(name, ledToTheFile(programOf(name, from), vg, devices));
  for (const name of askedOfTheLab) write(name, asking(socket));
  write('lvm', shellOfLvm);
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Nothing below /dev/VG of this machine is ever named to a program, whether there is such a volume here or not. */
const ledToTheFile = (program: string, vg: string, devices: string): string => `#!/bin/sh
# Of the lab: a volume is a file here, and the real ${program} looks into it.
left=$#
while [ $left -gt 0 ]; do
  word=$1
  shift
  case $word in /dev/${vg}/*) word=${quoted(devices)}/\${word##*/} ;; esac
  set -- "$@" "$word"
  left=$((left - 1))
done
exec ${program} "$@"
`;

/** lvm(8) without a word takes its commands from its input, and goes on where one fails. */
const shellOfLvm = `#!/usr/bin/perl
# Of the lab.
use strict; use warnings; use Text::ParseWords 'shellwords';
my ($folder) = $0 =~ m{(.*)/};
while (<STDIN>) { my ($command, @words) = shellwords($_); system "$folder/$command", @words if defined $command }
`;

/** Perl, because Debian always has it and it starts in a tenth of Node's time: a night of snapshots is some hundred commands. */
const asking = (socket: string): string => `#!/usr/bin/perl
# Of the lab: hands its words to the lab, and prints what that answers.
use strict; use warnings; use IO::Socket::UNIX;
my ($name) = $0 =~ m{([^/]+)$};
my $lab = IO::Socket::UNIX->new(Peer => '${socket.replaceAll(/['\\]/g, '\\$&')}') or do { print STDERR "$name: the lab is not running\\n"; exit 69 };
print $lab join("\\0", $name, @ARGV); $lab->flush; $lab->shutdown(1);
local $/; my $answer = <$lab> // '';
my ($code, $length) = $answer =~ s/\\A(\\d+) (\\d+)\\n// ? ($1, $2) : do { print STDERR "$name: the lab gave no answer\\n"; exit 69 };
print STDOUT substr $answer, 0, $length; print STDERR substr $answer, $length; exit $code;
`;
