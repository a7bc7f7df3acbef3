// One remote command for the volumes of one workload: the guard's reading, the snapshots one straight after another, and their
// seals. One command, so that little time passes between reading and acting, and between the volumes. The text never changes:
// whatever differs is an argument, and a sudoers line or a gate can know it by its digest.
//
// Volumes are not frozen together. LVM suspends each origin for its own snapshot; where an origin was suspended before (`dmsetup
// suspend` of all of them), lvm2 2.03.16 does not tell the pool of the new snapshot, and the pool refuses every new volume from
// then on ("has unexpected transaction id"; tried on real pools). So each is crash-consistent, and `skew` says how far apart
// they are. One that is suspended when its turn comes (a device that hangs, somebody's script) is waited for, and then left alone.

/**
 * `$1` the pool's device, `$2` `$3` the limits of data and metadata in tenths of a percent, `$4` the blocks of metadata that a
 * snapshot may add, `$5` the moment of taking in seconds since 1970. Then for each volume: VG/LV of the origin, its name in the
 * device mapper, VG/LV of the snapshot, the words of its tags with commas between, and what LVM must say of it before it is sealed
 * (a selection, lvmreport(7)).
 *
 * Answers in lines; ends with 0, with 3 where the pool cannot be read or has no room, and nothing was done then.
 */
export const snapshotScript = `set -u -f
device=$1 data_at_most=$2 metadata_at_most=$3 adds=$4 taken=$5
shift 5
uptime() { read -r up rest < /proc/uptime; }
flat() { printf '%s' "$1" | tr -s '\\n' ' '; }
status=$(dmsetup status "$device" 2>&1) || { echo "unread $(flat "$status")"; exit 3; }
echo "pool $status"
volumes=$(($# / 5))
room() {
  [ $# -ge 8 ] && [ "$3" = thin-pool ] && [ "$8" = rw ] || return 1
  case " $* " in *' needs_check '*) return 1 ;; esac
  [ $(((\${5%/*} + adds * volumes) * 1000)) -lt $((\${5#*/} * metadata_at_most)) ] &&
    [ $((\${6%/*} * 1000)) -lt $((\${6#*/} * data_at_most)) ]
}
room $status || { echo full; exit 3; }
is_suspended() {
  for again in 1 2 3 4 5; do
    case " $(flat "$(dmsetup info -c --noheadings -o name -S suspended=Suspended 2>&1)") " in
      *" $1 "*) sleep 1 ;;
      *) return 1 ;;
    esac
  done
}
uptime
begun=\${up%.*} hundredths=\${up%.*}\${up#*.}
echo "began $up"
made=' '
for pass in take seal; do
  [ $pass = take ] || { uptime; sealed=$(date -u -d "@$((taken + \${up%.*} - begun))" +%Y-%m-%dT%H:%M:%SZ)
    apart=
    [ $volumes -eq 1 ] || apart="--addtag hf.skew=$(((\${up%.*}\${up#*.} - hundredths) * 10))"; }
  left=$volumes
  while [ $left -gt 0 ]; do
    origin=$1 device=$2 snapshot=$3 words=$4 must=$5
    shift 5
    set -- "$@" "$origin" "$device" "$snapshot" "$words" "$must"
    left=$((left - 1))
    if [ $pass = take ]; then
      if is_suspended "$device"; then
        echo "failed $snapshot its device is suspended: it hangs, or somebody works on it; no snapshot of it was tried"
        continue
      fi
      IFS=,
      if said=$(lvcreate -s -k y -n "\${snapshot#*/}" $words "$origin" 2>&1); then
        made="$made$snapshot "
        IFS=' '
        uptime
        echo "took $up $snapshot"
      else
        IFS=' '
        echo "failed $snapshot $(flat "$said")"
      fi
      continue
    fi
    case "$made" in *" $snapshot "*) ;; *) continue ;; esac
    said=$(lvchange --addtag "hf.sealed=$sealed" $apart -S "$must" "$snapshot" 2>&1)
    case "$?$said" in
      0*"\${snapshot#*/}"*) echo "sealed $snapshot" ;;
      *) echo "unsealed $snapshot $(flat "$said")" ;;
    esac
  done
done
`;
