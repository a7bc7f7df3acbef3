// Commands on the share, in a mount namespace of their own: the share is mounted over itself there, read-only, and so that no symbolic
// link on it is ever followed (`nosymfollow`, mount(8), Linux 5.10). So whatever is swapped for a link while we walk, nothing outside
// of the share can be read through it, and nothing on it written. The mount is gone with the command, however that ends.
import type { Argv, Machine } from '../../machines/machine.ts';

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

/** A machine on which everything that speaks is confined so. */
export const confinedMachine = (machine: Machine, share: string): Machine => ({
  ...machine,
  stream: (argv, options) => machine.stream(confined(share, argv), options),
  talk: (argv, options) => machine.talk(confined(share, argv), options),
});
