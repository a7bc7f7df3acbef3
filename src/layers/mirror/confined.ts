// Commands on the share, in a mount namespace of their own: the share is mounted over itself there, read-only, and so that no symbolic
// link on it is ever followed (`nosymfollow`, mount(8), Linux 5.10). So whatever is swapped for a link while we walk, nothing outside
// of the share can be read through it, and nothing on it written. The mount is gone with the command, however that ends.
import type { Argv } from '../../machines/machine.ts';

const confine = `mount --bind -- "$1" "$1" && mount -o remount,bind,ro,nosymfollow,noexec,nosuid -- "$1" && cd -- "$1" || exit 120
shift
exec "$@"`;

/** It ends with this where the share could not be mounted so: nothing was read then. */
export const notConfined = 120;

/** The command runs in the share. */
export const confined = (share: string, argv: Argv): Argv => [
  ...(['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', confine, 'sh'] as const),
  share,
  ...argv,
];

/**
 * What a command reads besides its standard input: the first `$1` bytes of that are put aside in a file, in memory that only this
 * namespace has and that is gone with it.
 */
const asideScript = `my ($file, $bytes) = splice @ARGV, 0, 2;
system('mount', '-t', 'tmpfs', '-o', 'mode=0700', 'none', '/dev/shm') == 0 or die "/dev/shm: not mounted\\n";
open(my $aside, '>', $file) or die "$file: $!\\n";
while ($bytes > 0) {
  my $read = sysread(STDIN, my $piece, $bytes > 65536 ? 65536 : $bytes);
  die "standard input: $!\\n" unless $read;
  syswrite($aside, $piece) == $read or die "$file: $!\\n";
  $bytes -= $read;
}
close($aside) or die "$file: $!\\n";
exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\\n";`;

export const asideFile = '/dev/shm/left-out';
/** Within what is confined only. */
export const withAside = (aside: Uint8Array, argv: Argv): Argv =>
  aside.length === 0 ? argv : ['perl', '-e', asideScript, asideFile, String(aside.length), ...argv];
