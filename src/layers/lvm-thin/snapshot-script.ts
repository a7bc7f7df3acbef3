// One remote command for the volumes of one workload, or for a few lone ones: the guard's reading, the snapshots one straight after another, and their
// seals. One command, so that little time passes between reading and acting, and between the volumes. The text never changes:
// whatever differs is an argument, and a sudoers line or a gate can know it by its digest.
//
// LVM is given its commands on its standard input (lvm(8)): a process for each of them would cost as much again as what it does,
// and would set the volumes of a group further apart.
//
// The volumes of one workload are of one moment where whoever writes them can be held meanwhile (hold-script.ts); else they are taken
// in a row, each crash-consistent, and `skew` says how far apart they are. Freezing them together is no way: where an origin was
// suspended before (`dmsetup suspend`), lvm2 2.03.16 does not tell the pool of the new snapshot, and the pool refuses every new volume
// from then on ("has unexpected transaction id"; tried on real pools). So one that is suspended when its turn comes (a device that
// hangs, somebody's script) is waited for, and then left alone.

import { holdFunctions } from './hold-script.ts';

/**
 * `$1` the pool's device, `$2` `$3` the limits of data and metadata in tenths of a percent, `$4` the blocks of metadata that a
 * snapshot may add, `$5` where the kernel tells of its block devices, `$6` `together` where they are of one workload, else `apart`,
 * `$7` how long writers may be held, in hundredths of a second, 0 for never. Then for each volume: its name in the device mapper, the command that takes its snapshot, the command that
 * seals it.
 *
 * Answers in lines, what LVM says last; ends with 0, with 3 where the pool cannot be read or has no room, and nothing was done.
 */
export const snapshotScript = `set -u -f
pool=$1 data_at_most=$2 metadata_at_most=$3 adds=$4 blocks=$5 are=$6 hold=$7
shift 7
flat() { printf '%s' "$1" | tr -s '\\n' ' '; }
${holdFunctions}status=$(dmsetup status "$pool" 2>&1) || { echo "unread $(flat "$status")"; exit 3; }
echo "pool $status"
volumes=$(($# / 3))
room() {
  [ $# -ge 8 ] && [ "$3" = thin-pool ] && [ "$8" = rw ] || return 1
  case " $* " in *' needs_check '*) return 1 ;; esac
  [ $(((\${5%/*} + adds * volumes) * 1000)) -lt $((\${5#*/} * metadata_at_most)) ] &&
    [ $((\${6%/*} * 1000)) -lt $((\${6#*/} * data_at_most)) ]
}
room $status || { echo full; exit 3; }
tries='1 2 3 4 5'
# The names of all that are suspended just now, with blanks around each.
look_for_suspended() {
  set +f
  found=$(grep -lx 1 "$blocks"/dm-*/dm/suspended 2>/dev/null)
  set -f
  now=' '
  for file in $found; do
    read -r name < "\${file%suspended}name" && now="$now$name "
  done
}
waits() {
  while [ $# -ge 3 ]; do
    case $now in *" $1 "*) return 0 ;; esac
    shift 3
  done
  return 1
}
newline='
'
choose() {
  creates= seals= names=' ' suspended=
  for try in $tries; do
    [ $try = 1 ] || sleep 1
    look_for_suspended
    waits "$@" || break
  done
  while [ $# -ge 3 ]; do
    case $now in
      *" $1 "*) suspended="$suspended$1 " ;;
      *) creates="$creates$2$newline" seals="$seals$3$newline" names="$names$1 " ;;
    esac
    shift 3
  done
}
choose "$@"
# LVM's shell keeps a history in the home of whoever runs it.
unset HOME
export TERM=dumb
if [ "$are" = apart ] || [ -z "$creates" ]; then
  said=
  [ -z "$creates" ] || said=$(printf '%s%s' "$creates" "$seals" | lvm 2>&1)
else
  why=never how=in-a-row
  if [ "$hold" -gt 0 ]; then
    why=
    # Nobody is held while one that is suspended is waited for.
    if hold; then how=held tries=1; choose "$@"; fi
  fi
  uptime
  begun=$at
  said=$(printf '%s' "$creates" | lvm 2>&1)
  uptime
  skew=$(((at - begun) * 10))
  [ $how = in-a-row ] || let_go
  if [ -z "$why" ]; then how=one-moment skew=0; echo "moment $held_for $writers"
  else how=in-a-row; echo "row $why"; fi
  case $why in '' | never) ;; *) how="$how:\${why%% *}" ;; esac
  echo "skew $skew"
  said="$said$newline$(printf '%s' "$seals" | sed "s/^lvchange /lvchange --addtag hf.together=$how --addtag hf.skew=$skew /" | lvm 2>&1)"
fi
for one in $suspended; do echo "suspended $one"; done
echo said
printf '%s\\n' "$said"
`;
