// One remote command for the volumes of one workload: the guard's reading, the snapshots one straight after another, and their
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
 * snapshot may add, `$5` the moment of taking in seconds since 1970, `$6` how long writers may be held, in hundredths of a second, 0
 * for never, `$7` where the kernel tells of its block devices. Then for each volume: VG/LV of the origin, its name in the device
 * mapper, VG/LV of the snapshot, the words of its tags with commas between, and what LVM must say of it before it is sealed (a
 * selection, lvmreport(7), without a single quote).
 *
 * Answers in lines, what LVM says last; ends with 0, with 3 where the pool cannot be read or has no room, and nothing was done.
 */
export const snapshotScript = `set -u -f
pool=$1 data_at_most=$2 metadata_at_most=$3 adds=$4 hold=$6 blocks=$7
sealed=$(date -u -d "@$5" +%Y-%m-%dT%H:%M:%SZ)
shift 7
flat() { printf '%s' "$1" | tr -s '\\n' ' '; }
${holdFunctions}status=$(dmsetup status "$pool" 2>&1) || { echo "unread $(flat "$status")"; exit 3; }
echo "pool $status"
volumes=$(($# / 5))
room() {
  [ $# -ge 8 ] && [ "$3" = thin-pool ] && [ "$8" = rw ] || return 1
  case " $* " in *' needs_check '*) return 1 ;; esac
  [ $(((\${5%/*} + adds * volumes) * 1000)) -lt $((\${5#*/} * metadata_at_most)) ] &&
    [ $((\${6%/*} * 1000)) -lt $((\${6#*/} * data_at_most)) ]
}
room $status || { echo full; exit 3; }
tries='1 2 3 4 5'
is_suspended() {
  wanted=$1
  for try in $tries; do
    [ $try = 1 ] || sleep 1
    hangs=
    set +f
    set -- "$blocks"/dm-*/dm/suspended
    set -f
    for file in "$@"; do
      { read -r flag < "$file"; } 2> /dev/null || continue
      [ "$flag" = 1 ] && { read -r name < "\${file%suspended}name"; } 2> /dev/null || continue
      [ "$name" != "$wanted" ] || hangs=yes
    done
    [ -n "$hangs" ] || return 1
  done
}
# Whose snapshots are taken, one name after another; what is suspended has its time before anybody is held.
names=' ' left=$volumes how=alone why=never
if [ $volumes -gt 1 ] && [ "$hold" -gt 0 ]; then
  while [ $left -gt 0 ]; do
    names="$names$2 "
    is_suspended "$2" || :
    set -- "$@" "$1" "$2" "$3" "$4" "$5"
    shift 5
    left=$((left - 1))
  done
  why=
  if hold; then how=held tries=1; fi
fi
newline='
'
creates= seals= apart=
take_line() {
  snapshot=\${3#*/} origin=$1 IFS=,
  set -- $4
  IFS=' '
  creates="\${creates}lvcreate -s -k y -n $snapshot $* $origin$newline"
}
seal_line() { seals="\${seals}lvchange --addtag hf.sealed=$sealed$apart -S '$5' $3$newline"; }
blanks=$IFS left=$volumes taken=' '
while [ $left -gt 0 ]; do
  if is_suspended "$2"; then echo "suspended $2"; else
    take_line "$@"
    IFS=$blanks taken="$taken$3 "
  fi
  set -- "$@" "$1" "$2" "$3" "$4" "$5"
  shift 5
  left=$((left - 1))
done
unset HOME
export TERM=dumb
said=
uptime
first=$at
if [ $volumes -gt 1 ]; then
  [ -z "$creates" ] || said=$(printf '%s' "$creates" | lvm 2>&1)
  uptime
  skew=$(((at - first) * 10)) moment=in-a-row creates=
  [ $how = alone ] || let_go
  if [ -z "$why" ]; then skew=0 moment=one-moment; echo "moment $held_for $writers"; else echo "row $why"; fi
  case $why in '' | never) ;; *) moment="$moment:\${why%% *}" ;; esac
  echo "skew $skew"
  apart=" --addtag hf.together=$moment --addtag hf.skew=$skew"
fi
while [ $# -ge 5 ]; do
  case $taken in *" $3 "*) seal_line "$@" ;; esac
  shift 5
done
[ -z "$creates$seals" ] || said="$said$newline$(printf '%s%s' "$creates" "$seals" | lvm 2>&1)"
echo said
printf '%s\\n' "$said"
`;
