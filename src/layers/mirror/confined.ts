// Commands on the share, in a mount namespace of their own: the share is mounted there read-only, and so that the kernel follows no
// symbolic link on it (`nosymfollow`, mount(8), Linux 5.10). rsync since 3.5 looks links up by itself and opens what they lead to from
// `/`, which no mount hinders: it gets a root of its own, in which there is nothing but itself, its libraries and the share. So whatever
// is swapped for a link while we walk, nothing outside of the share is read. All of it is gone with the command, however that ends.
import type { Argv, Machine } from '../../machines/machine.ts';

/** `$1` the share. The new root is mounted over /sys: that folder is on every Linux, and nothing of ours lies there. */
const confine = `share=$1
shift
bare() { mount --bind -- "$share" "$1" && mount -o remount,bind,ro,nosymfollow,noexec,nosuid -- "$1"; }
if [ "$1" = rsync ]; then
  program=$(command -v rsync) && libraries=$(ldd "$program") && mount -t tmpfs -o mode=0755,size=1m tmpfs /sys || exit 120
  for file in "$program" $(printf '%s' "$libraries" | tr '\\t ' '\\n\\n' | grep '^/'); do
    mkdir -p "/sys\${file%/*}" && : >"/sys$file" && mount --bind "$file" "/sys$file" || exit 120
  done
  mkdir -p -- "/sys$share" && bare "/sys$share" || exit 120
  shift
  exec perl -e 'my ($share, @argv) = @ARGV; chroot("/sys") && chdir($share) or exit 120; exec {$argv[0]} @argv; exit 127' "$share" "$program" "$@"
fi
bare "$share" && cd -- "$share" || exit 120
exec "$@"`;

/** It ends with this where the share could not be mounted so: nothing was read then. */
export const notConfined = 120;

/** The command runs in the share. */
export const confined = (share: string, argv: Argv): Argv => [
  ...(['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', confine, 'sh'] as const),
  share,
  ...argv,
];

/** A machine on which everything that speaks is confined so. */
export const confinedMachine = (machine: Machine, share: string): Machine => ({
  ...machine,
  talk: (argv, options) => machine.talk(confined(share, argv), options),
});
