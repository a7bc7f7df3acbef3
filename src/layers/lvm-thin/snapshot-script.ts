// One remote command for the volumes of one workload: the guard's reading, the snapshots one straight after another, and their
// seals. One command, so that little time passes between reading and acting, and between the volumes. The text never changes:
// whatever differs is an argument, and a sudoers line or a gate can know it by its digest.
//
// LVM is given its commands on its standard input (lvm(8)): a process for each of them would cost as much again as what it does,
// and would set the volumes of a group further apart.
//
// Volumes are not frozen together. LVM suspends each origin for its own snapshot; where an origin was suspended before (`dmsetup
// suspend` of all of them), lvm2 2.03.16 does not tell the pool of the new snapshot, and the pool refuses every new volume from
// then on ("has unexpected transaction id"; tried on real pools). So each is crash-consistent, and `skew` says how far apart
// they are. One that is suspended when its turn comes (a device that hangs, somebody's script) is waited for, and then left alone.

/**
 * `$1` the pool's device, `$2` `$3` the limits of data and metadata in tenths of a percent, `$4` the blocks of metadata that a
 * snapshot may add, `$5` where the kernel tells of its block devices. Then for each volume: its name in the device mapper, the
 * command that takes its snapshot, the command that seals it.
 *
 * Answers in lines, what LVM says last; ends with 0, with 3 where the pool cannot be read or has no room, and nothing was done.
 */
export const snapshotScript = `set -u -f
pool=$1 data_at_most=$2 metadata_at_most=$3 adds=$4 blocks=$5
shift 5
status=$(dmsetup status "$pool" 2>&1) || { echo "unread $(printf '%s' "$status" | tr -s '\\n' ' ')"; exit 3; }
echo "pool $status"
volumes=$(($# / 3))
room() {
  [ $# -ge 8 ] && [ "$3" = thin-pool ] && [ "$8" = rw ] || return 1
  case " $* " in *' needs_check '*) return 1 ;; esac
  [ $(((\${5%/*} + adds * volumes) * 1000)) -lt $((\${5#*/} * metadata_at_most)) ] &&
    [ $((\${6%/*} * 1000)) -lt $((\${6#*/} * data_at_most)) ]
}
room $status || { echo full; exit 3; }
is_suspended() {
  for again in 1 2 3 4 5; do
    set +f
    found=$(grep -lx 1 "$blocks"/dm-*/dm/suspended 2>/dev/null)
    set -f
    for file in $found; do
      read -r name < "\${file%suspended}name" && [ "$name" = "$1" ] && { sleep 1; continue 2; }
    done
    return 1
  done
}
hundredths() { read -r up rest < /proc/uptime; now=\${up%.*}\${up#*.}; }
line='
'
creates= seals=
while [ $# -ge 3 ]; do
  if is_suspended "$1"; then echo "suspended $1"; else creates="$creates$2$line" seals="$seals$3$line"; fi
  shift 3
done
export TERM=dumb
hundredths
begun=$now
if [ -z "$creates" ]; then
  said=
elif [ $volumes -eq 1 ]; then
  said=$(printf '%s%s' "$creates" "$seals" | lvm 2>&1)
else
  said=$(printf '%s' "$creates" | lvm 2>&1)
  hundredths
  skew=$(((now - begun) * 10))
  echo "skew $skew"
  said="$said$line$(printf '%s' "$seals" | sed "s/^lvchange /lvchange --addtag hf.skew=$skew /" | lvm 2>&1)"
fi
echo said
printf '%s\\n' "$said"
`;
