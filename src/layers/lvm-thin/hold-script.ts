// Shell functions that hold whoever writes the volumes of one workload while their snapshots are taken, so that these are of one
// moment. What a held writer had sent and not yet got an answer for may be in one snapshot or not: nothing that depends on it can have
// been written. (Freezing the devices instead is no way: lvm2 spoils the pool, snapshot-script.ts.)
//
// A guest that nobody lets go on is worse than any skew. So somebody else stands by before the first is stopped: in a session of its
// own, without the run's mark in its environment (who kills what a run left behind must not kill it), it lets all of them go on when
// their time is over, or as soon as the script is gone. Processes are known by id and start, and who was stopped before stays so.

/** Left to itself: `$1` until when (hundredths of a second since boot), `$2` `$3` the script, then id and start of each. */
const standBy = `trap "" HUP INT TERM PIPE
until=$1 owner=$2 since=$3
shift 3
fields() {
  { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 1
  set -- \${line##*) }
  state=$1
  shift 19
  start=$1
}
echo $$
exec > /dev/null
while read -r up rest < /proc/uptime && [ "\${up%.*}\${up#*.}" -lt "$until" ] &&
  fields "$owner" && [ "$start" = "$since" ] && [ "$state" != Z ]; do
  sleep 0.1 || sleep 1
done
while [ $# -gt 1 ]; do
  if fields "$1" && [ "$start" = "$2" ]; then kill -CONT "$1"; fi
  shift 2
done`;

/**
 * `hold` fails where they cannot be held, and `why` says why, then nobody is held any more; \`let_go\` ends it, and leaves \`why\` empty
 * where all that was done between was done in one moment. Both read `names`: the devices, with blanks around each.
 */
export const holdFunctions = `uptime() { read -r up rest < /proc/uptime; at=\${up%.*}\${up#*.}; }
fields() {
  { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 1
  set -- \${line##*) }
  state=$1 parent=$2
  shift 19
  start=$1
}
called() { name=; { read -r name < "/proc/$1/comm"; } 2> /dev/null; echo "$1 $name"; }
is_stopped() {
  set +f
  set -- "/proc/$1/task/"*
  set -f
  for task in "$@"; do
    { read -r line < "$task/stat"; } 2> /dev/null || continue
    case \${line##*) } in [TXZ]*) ;; *) return 1 ;; esac
  done
}
openings() {
  (set +f; exec timeout -s KILL 10 find /proc/[0-9]*/fd -mindepth 1 -maxdepth 1 "$@" -exec stat -L -c '%t:%T %n' {} + 2> /dev/null)
}
look() {
  for again in 1 2 3; do
    [ $again = 1 ] || sleep 0.1
    table=$(dmsetup info -c --noheadings --separator ' ' -o name,major,minor,open 2>&1) || { why="unread $(flat "$table")"; return 1; }
    if [ $again = 1 ]; then found=$(openings '(' -lname '*/dev/*' -o -lname '/dm-*' ')')
    else found=$(openings ! -lname 'socket:*' ! -lname 'pipe:*' ! -lname 'anon_inode:*' ! -lname '/memfd:*'); fi
    case $? in 0 | 1) ;; *) why='unread the open files of all processes could not be looked through'; return 1 ;; esac
    numbers=' ' seen= writers=' ' used=
    while read -r name major minor opens; do
      case $names in *" $name "*) numbers="$numbers$(printf '%x:%x' "$major" "$minor") " ;; esac
    done <<END
$table
END
    while read -r number path; do
      case $numbers in *" $number "*) ;; *) continue ;; esac
      seen="$seen$number " pid=\${path#/proc/}
      pid=\${pid%%/*} value=
      { while read -r key value; do [ "$key" != flags: ] || break; done < "/proc/$pid/fdinfo/\${path##*/}"; } 2> /dev/null
      # The last digit's lower half is how it was opened (open(2)): 0 is for reading only.
      case $value in '' | *[04]) continue ;; esac
      case $writers in *" $pid "*) ;; *) writers="$writers$pid " ;; esac
    done <<END
$found
END
    while read -r name major minor opens; do
      case $names in *" $name "*) ;; *) continue ;; esac
      number=$(printf '%x:%x' "$major" "$minor")
      for one in $seen; do [ "$one" != "$number" ] || opens=$((opens - 1)); done
      set +f
      for one in "/sys/dev/block/$major:$minor/holders/"*; do [ ! -e "$one" ] || opens=1; done
      set -f
      if [ "$opens" -gt 0 ] || grep -q "^[0-9]* [0-9]* $major:$minor " /proc/self/mountinfo; then used=$name; fi
    done <<END
$table
END
    [ -n "$used" ] || return 0
  done
  why="used $used"
  return 1
}
hold() {
  held= deadline= watchdog=
  look || return 1
  ours=' 1 ' pid=$$
  while [ "$pid" -gt 1 ] && fields "$pid"; do ours="$ours$pid " pid=$parent; done
  for pid in $writers; do
    fields "$pid" || continue
    case $ours in *" $pid "*) state=t ;; esac
    case $state in
      t) why="stays $(called "$pid")"; held=; return 1 ;;
      T | X | Z) ;;
      *) held="$held$pid $start " ;;
    esac
  done
  uptime
  holding=$at
  [ -n "$held" ] || return 0
  fields $$
  deadline=$((at + hold))
  watchdog=$(setsid env -i "PATH=$PATH" sh -c '${standBy}' holdfast-lets-go-on $deadline $$ "$start" $held < /dev/null 2> /dev/null &)
  [ -n "$watchdog" ] && fields "$watchdog" || { why=unwatched; held=; return 1; }
  watched=$start
  set -- $held
  while [ $# -gt 1 ]; do
    if fields "$1" && [ "$start" = "$2" ] && ! kill -STOP "$1" 2> /dev/null && fields "$1"; then why="stays $(called "$1")"; fi
    shift 2
  done
  for pid in $writers; do
    until [ -n "$why" ] || is_stopped "$pid"; do
      uptime
      if [ "$at" -lt $((deadline - hold / 2)) ]; then sleep 0.02; else why="stays $(called "$pid")"; fi
    done
  done
  [ -z "$why" ] || { all_go_on; return 1; }
}
all_go_on() {
  set -- $held
  while [ $# -gt 1 ]; do
    if fields "$1" && [ "$start" = "$2" ]; then kill -CONT "$1" 2> /dev/null; fi
    shift 2
  done
  if [ -n "$watchdog" ] && fields "$watchdog" && [ "$start" = "$watched" ]; then kill -KILL "-$watchdog" 2> /dev/null; fi
}
let_go() {
  uptime
  [ -z "$deadline" ] || [ "$at" -lt "$deadline" ] || why=late
  for pid in $writers; do
    [ -n "$why" ] || is_stopped "$pid" || why="went $(called "$pid")"
  done
  all_go_on
  uptime
  held_for=$((at - holding)) before=$writers
  [ -z "$why" ] && look || return 0
  for pid in $writers; do
    case $before in *" $pid "*) ;; *) why="joined $(called "$pid")" ;; esac
  done
}
`;
