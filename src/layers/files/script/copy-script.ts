// One command for the whole of a generation, in a mount namespace of its own: what it mounts is gone with it, however it ends. find(1),
// sort(1) and comm(1) say what is new; a source that is as it was costs a scan and the links, and nothing of what lies in it is read.
//
// An entry whose inode and time of last change (ctime) are those of the base has the content, mode, owner, ACL and attributes of the base:
// no program can set that time. What changed in the last second before the scan may change again within the same tick of the kernel's
// clock, so its record carries a mark, and the next run looks again.
//
// Everything works with relative names from the partial point, so that names are cut as late as possible. The text never changes: what
// differs is an argument.

import { quoted } from '../../../values/shell.ts';
import { largeForFind } from '../../common/holes/rule.ts';
import { digestsFunction } from '../../common/trees/generation/digests.ts';
import { firstCopy } from './first-copy.ts';
import {
  aliveProgram,
  attributesProgram,
  changesProgram,
  countsProgram,
  heldProgram,
  listsProgram,
  mountProgram,
  mountsProgram,
  staleProgram,
  thereProgram,
  withoutProgram,
} from './perl.ts';

const perl = (program: string): string => `perl -e ${quoted(program)}`;

/**
 * `$1` the partial point, `$2` the source, `$3` since when a change may go unseen (seconds since 1970, or `now`), `$4` `live` where others
 * may write meanwhile, else `frozen`, `$5` how many arguments of bases follow: for each, the newest first, its name, the digests of its
 * scan as it is and of its parts, and how many folders it has. What comes behind them is for find(1): what is left out.
 *
 * Says what it found in lines; ends with 0, with 2 where the source cannot be opened, 3 where there is no room, 4 where a tool failed.
 */
export const copyScript = `set -u -f
umask 077
export LC_ALL=C
# Where a link took the place of a folder while it was copied, what comes below it would be written, or removed, where the link leads: here
# no link is followed. One mount for all generations, for no file is linked from one mount to another.
layer=$(dirname -- "$1")
mount --bind -- "$layer" "$layer" && mount --options remount,bind,nosymfollow,nosuid,nodev,noexec -- "$layer" || exit 2
cd -- "$1" || exit 4
source=$2 since=$3 live=$4 bases=$5
shift 5
[ "$since" != now ] || since=$(($(date +%s) - 1))
: >work/bases
while [ "$bases" -gt 0 ]; do
  printf '%s %s %s %s %s %s\\n' "$1" "$2" "$3" "$4" "$5" "$6" >>work/bases
  shift 6
  bases=$((bases - 6))
done
say() { printf '%s\\n' "$*"; }
fail() { say "failed $*"; exit 4; }

# The folder itself, and no link that took its place; no link in it leads anywhere either.
mkdir work/source
${perl(mountProgram)} "$source" "$PWD/work/source" || exit 2
mount --options remount,bind,ro,nosymfollow,nosuid,nodev,noexec "$PWD/work/source" || exit 2

# Signs of life: how much all that works here has read and written.
main=$$
alive() {
  while kill -0 $main 2>/dev/null; do
    sleep 5 >/dev/null 2>&1
    ${perl(aliveProgram)} $main || return
  done
}
alive </dev/null & alive=$!
trap 'kill $alive 2>/dev/null' EXIT

scan() {
  out=$1
  shift
  find work/source -xdev -ignore_readdir_race "$@" -type s -fprintf $out.sockets '%P\\0' \\
    -o -type d -fprintf $out.folders '%D %P\\0' -printf '%P//%y %m %U %G 0 %T@ %l//%C@ 1 %i' \\( -newerct "@$since" -printf ' !\\0' -o -printf '\\0' \\) \\
    -o \\( ! -type f -o -size ${largeForFind} -fprintf $out.large '%b %s %P\\0' -fprintf $out.blocks '%b\\n' \\
      -o -fprintf $out.plain './%P\\0' -fprintf $out.blocks '%b\\n' \\) \\
      -printf '%P//%y %m %U %G %s %T@ %l//%C@ %n %i' \\( -newerct "@$since" -printf ' !\\0' -o -printf '\\0' \\) \\
    >$out.unsorted 2>$out.errors
  sort --zero-terminated --buffer-size=32M --temporary-directory=work --output=$out $out.unsorted || fail sort
  rm -f $out.unsorted
}
shape_of_tree() {
  find "$1" \\( -type d -printf '%P//%y %m %U %G 0 %T@ %l\\0' -o -printf '%P//%y %m %U %G %s %T@ %l\\0' \\) |
    sort --zero-terminated --buffer-size=32M --temporary-directory=work --output="$2"
}
shape() { sed --null-data 's,//[^/]*$,,' "$1" >"$2"; }
# Of records sorted by PATH//, the paths: those have another order.
paths() { sed --null-data 's,//.*$,,' | sort --zero-terminated; }
only_in_first() { comm --zero-terminated -23 "$1" "$2"; }

# The newest base whose parts are what was sealed.
base=
choose_base() {
  while read -r id whole scan digests attributes folders; do
    case " $refused " in *" $id "*) continue ;; esac
    if printf '%s  ../%s/%s\\n' "$scan" "$id" scan.gz "$digests" "$id" digests.gz "$attributes" "$id" attributes.gz | sha256sum --check --status 2>/dev/null; then
      base=$id base_whole=$whole base_folders=$folders
      return 0
    fi
    say "unproved $id its listing is not what was sealed"
  done <work/bases
  base=
  return 1
}
link_base() { cp --archive --link --no-target-directory -- "../$base/tree" tree; }
unlink_tree() { rm -rf --one-file-system tree; }

# Content of what is in the lists, sorted by path.
${digestsFunction}${firstCopy}with_attributes() { command -v getfattr >/dev/null; }
dump="getfattr --physical --no-dereference --absolute-names --dump --encoding=hex --match=^(user|trusted|security)[.]|^system[.]posix_acl_"
# Of what a scan names.
attributes_of() {
  : >"$3"
  [ $listed = no ] || sed --null-data 's,//.*$,,; s,^,./,' "$2" | (cd "$1" && xargs --null --no-run-if-empty $dump -- 2>/dev/null) | as_records >"$3"
}
listed=yes
with_attributes || listed=no
as_records() { ${perl(attributesProgram)} | sort --zero-terminated; }

# Copies what the lists say, which lists_of made: the tree is as work/have says, and becomes as work/scan says.
# On xfs an ACL shows a second time as an attribute, and rsync would remove it there as one too many, and the ACL with it.
# rsync 3.5 walks along links by itself, which no mount option hinders: what reads the source is shut up in it.
printf '%s\\n' 'use chroot = yes' 'uid = 0' 'gid = 0' 'munge symlinks = no' 'log file = /dev/null' '[source]' 'path = %HOLDFAST_SOURCE%' >work/rsyncd
export HOLDFAST_SOURCE="$PWD/work/source" RSYNC_CONNECT_PROG='rsync --daemon --config=work/rsyncd'
rsync_from() {
  rsync '--filter=-x system.*' '--filter=-x trusted.SGI_ACL_*' --links --perms --times --group --owner --devices --specials --hard-links --acls --xattrs --sparse --numeric-ids \\
    --modify-window=-1 --whole-file --from0 "$@" shut-up::source/ ./tree/ </dev/null 1>&2
  case $? in 0 | 23 | 24) ;; *) say "rsync $?" ;; esac
}
lists_of() {
  only_in_first "$1" "$2" >work/old
  only_in_first "$2" "$1" >work/new
  ${perl(listsProgram)} work/old work/new $clones || fail perl
}
room() {
  avail=$(df --output=avail --block-size=1 . | sed -n '2{s, ,,g;p;}')
  inodes=$(df --output=iavail . | sed -n '2{s, ,,g;p;}')
  total=$(df --output=itotal . | sed -n '2{s, ,,g;p;}')
  if [ "$1" -gt "$avail" ]; then say "no-room $1 $avail"; exit 3; fi
  case $total in 0 | *-*) ;; *) if [ "$2" -gt "$inodes" ]; then say "no-inodes $2 $inodes"; exit 3; fi ;; esac
}
apply() {
  cat work/plain work/sparse >work/sized
  need=$(cd work/source && du --files0-from=../sized --no-dereference --block-size=1 --total 2>/dev/null </dev/null | tail -n 1 | cut -f 1)
  room "\${need:-0}" "$(tr -dc '\\0' <work/new | wc -c)"
  (cd tree && xargs --null --no-run-if-empty rm -f -- <../work/remove && xargs --null --no-run-if-empty rmdir -- <../work/rmdirs)
  # Large files that are mostly holes: cp(1) does not read the holes, as rsync would.
  [ ! -s work/sparse ] || (cd work/source && xargs --null cp --archive --parents --reflink=auto --sparse=auto --target-directory=../../tree -- <../sparse)
  [ ! -s work/plain ] || rsync_from --files-from=work/plain
  if [ -s work/in-part ]; then
    (cd "../$base/tree" && xargs --null cp --reflink=always --no-dereference --parents --target-directory="$OLDPWD/tree" -- 2>/dev/null <"$OLDPWD/work/cloned")
    rsync_from --files-from=work/in-part --ignore-times --inplace --no-whole-file
  fi
  [ ! -s work/compared ] || rsync_from --files-from=work/compared --checksum \${base:+"--link-dest=../../$base/tree"}
  [ ! -s work/root ] || rsync_from --dirs '--exclude=/*'
}

# On xfs and btrfs a large file that changes in part is a clone of the base's, and only what differs in it is written.
: >work/none
cp --reflink=always work/bases work/clone 2>/dev/null && clones=yes || clones=no
refused= linked=yes
choose_base
if [ -n "$base" ]; then
  room $((base_folders * 4096)) "$base_folders"
  link_base & linking=$!
  shape_of_tree "../$base/tree" work/base.shape & shaping=$!
  scan work/scan "$@"
  wait $shaping || : >work/base.shape
  wait $linking || linked=no
else scan work/scan "$@"; fi
${perl(mountsProgram)} "$(readlink --canonicalize -- "$source")" >work/beyond
here=$(stat --format=%d work/source)
sed --null-data -n "/^$here /!s/^[0-9]* //p" work/scan.folders >>work/beyond
# A file system that was only just made has a folder for what fsck finds.
[ "$(sed --null-data '/^\\/\\//d; /^lost+found\\/\\//d' work/scan | head -c 1 | wc -c)" -gt 0 ] || { say empty; exit 0; }

outcome=full
while [ -n "$base" ]; do
  if [ "$(sha256sum <work/scan)" = "$base_whole  -" ]; then
    shape work/scan work/shape
    outcome=same
    # A file can have but so many links, and a name but so many bytes: what could not be linked is looked for, and copied.
    [ $linked = yes ] || { outcome=changed; cp work/scan work/base.scan; }
  else
    gzip --decompress --stdout "../$base/scan.gz" >work/base.scan || fail gzip
    shape work/base.scan work/shape
    outcome=changed
  fi
  cmp --quiet work/shape work/base.shape && break
  say "unproved $base its tree is not as it was sealed"
  refused="$refused $base" outcome=full
  unlink_tree
  choose_base || break
  link_base || linked=no
  shape_of_tree "../$base/tree" work/base.shape
done

: >work/unread
: >work/copied-again
case $outcome in
same)
  ln "../$base/scan.gz" "../$base/digests.gz" "../$base/attributes.gz" . || fail ln
  [ ! -e "../$base/links.gz" ] || ln "../$base/links.gz" .
  sync --file-system -- . || fail sync
  ;;
full)
  room "$(awk '{ sum += $1 } END { printf "%.0f", sum * 512 }' work/scan.blocks)" "$(tr -dc '\\0' <work/scan | wc -c)"
  copy_all
  ;;
changed)
  lists_of work/base.scan work/scan
  apply
  ;;
esac

# Most of it goes to the disk while it is looked at; what comes after goes at the end.
[ $outcome = same ] || { sync --file-system -- . & syncing=$!; }

# What others wrote meanwhile is copied again, twice at most.
: >work/unsettled
: >work/moving
if [ $outcome != same ] && [ "$live" = live ]; then
  for round in 1 2 3; do
    scan work/again "$@"
    cmp --quiet work/scan work/again && break
    lists_of work/scan work/again
    cat work/old work/new | paths >>work/copied-again
    if [ $round = 3 ]; then sort --zero-terminated work/entries >work/unsettled; cat work/old work/new | paths >work/moving; break; fi
    apply
    for part in '' .plain .large .sockets .folders .blocks; do mv work/again$part work/scan$part; done
  done
fi

if [ $outcome != same ]; then
  shape work/scan work/shape & shaping=$!
  for turn in first again; do
    shape_of_tree tree work/tree.shape
    wait $shaping
    for list in not-so found-so missing differing; do : >work/$list; done
    cmp --quiet work/shape work/tree.shape && break
    only_in_first work/shape work/tree.shape | paths >work/not-so
    only_in_first work/tree.shape work/shape >work/found-so
    paths <work/found-so >work/differing-all
    only_in_first work/differing-all work/moving >work/differing
    only_in_first work/not-so work/differing-all | comm --zero-terminated -23 - work/moving >work/missing
    [ $turn = first ] || break
    sed --null-data '/^$/d' work/not-so >work/compared
    cat work/not-so >>work/copied-again
    rsync_from --files-from=work/compared --checksum
    rsync_from --dirs '--exclude=/*'
  done
  # What has vanished by now was removed by its owner.
  [ ! -s work/missing ] || { ${perl(thereProgram)} <work/missing >work/there && mv work/there work/missing; } || fail perl
  if [ -s work/not-so ] || [ -s work/found-so ]; then
    # The point says what it holds, and not what it was to hold.
    ${perl(heldProgram)} work/not-so | sort --zero-terminated >work/scan.held || fail perl
    mv work/scan.held work/scan
  fi
  : >work/attributes
  : >work/weaker
  if [ -n "$base" ]; then
    gzip --decompress --stdout "../$base/digests.gz" >work/base.digests || fail gzip
    gzip --decompress --stdout "../$base/attributes.gz" >work/base.attributes || fail gzip
    lists_of work/base.scan work/scan
    sed --null-data 's,^\\./,,' work/files | lists_by_size tree work/hash || fail perl
    digests_of tree work/hash work/new.digests
    ${perl(withoutProgram)} work/old work/new work/base.digests >work/kept.digests || fail perl
    sort --zero-terminated --merge work/kept.digests work/new.digests >work/digests || fail sort
    if [ $listed = yes ]; then
      sed --null-data 's,//.*$,,; s,^,./,' work/new >work/attributed
      (cd tree && xargs --null --no-run-if-empty $dump -- <../work/attributed) | as_records >work/new.attributes
      (cd work/source && xargs --null --no-run-if-empty $dump -- <../attributed 2>/dev/null) | as_records >work/source.attributes
      ${perl(withoutProgram)} work/old work/new work/base.attributes >work/kept.attributes || fail perl
      sort --zero-terminated --merge work/kept.attributes work/new.attributes >work/attributes || fail sort
      cmp --quiet work/new.attributes work/source.attributes || only_in_first work/source.attributes work/new.attributes | paths | comm --zero-terminated -23 - work/moving >work/weaker
    fi
    ${perl(changesProgram)} work/old work/new work/base.digests work/new.digests 2>work/change-figures >work/changes || fail perl
    cat work/change-figures
    gzip -1 --no-name <work/changes >changes.gz || fail gzip
  else
    # What changed in the source meanwhile was copied again, with all it has.
    if [ -s work/source.attributes ] || [ -s work/copied-again ] || [ "$kept" != --numeric-owner ]; then
      attributes_of tree work/scan work/attributes
      attributes_of work/source work/scan work/source.attributes
      cmp --quiet work/attributes work/source.attributes || only_in_first work/source.attributes work/attributes | paths | comm --zero-terminated -23 - work/moving >work/weaker
    fi
    sort --zero-terminated --unique --output=work/copied-again work/copied-again || fail sort
    only_in_first work/read-back work/digests | paths | comm --zero-terminated -23 - work/copied-again >work/doubted
    if [ -s work/doubted ]; then
      # Once more, on both sides: one reading may have been wrong.
      for side in tree work/source; do lists_by_size $side work/hash <work/doubted && digests_of $side work/hash work/doubted.\${side#work/} || fail perl; done
      only_in_first work/doubted.tree work/doubted.source | paths | comm --zero-terminated -23 - work/moving >work/unlike
      [ ! -s work/unlike ] || say "unlike $(tr -dc '\\0' <work/unlike | wc -c)"
      cat work/doubted >>work/copied-again
    fi
    if [ -s work/copied-again ]; then
      : >work/unread
      ${perl(staleProgram)} >work/stale || fail perl
      lists_by_size tree work/hash <work/stale || fail perl
      digests_of tree work/hash work/new.digests
      sort --zero-terminated --merge work/digests.left work/new.digests >work/digests || fail sort
    fi
  fi
  packing=
  for part in scan digests attributes; do gzip -1 --no-name <work/$part >$part.gz & packing="$packing $!"; done
  ${perl(countsProgram)} <work/scan || fail perl
  say "count sockets $(tr -dc '\\0' <work/scan.sockets | wc -c)"
  say "whole $(sha256sum <work/scan | cut -d ' ' -f 1)"
  say "attributes-listed $listed"
  for one in $packing; do wait "$one" || fail gzip; done
  [ ! -s work/links ] || gzip -1 --no-name <work/links >links.gz || fail gzip
  wait $syncing
  sync --file-system -- . || fail sync
fi
say "outcome $outcome $base"
for part in scan.gz digests.gz attributes.gz links.gz changes.gz; do
  [ ! -e $part ] || say "part $part $(stat --format=%s $part) $(sha256sum <$part | cut -d ' ' -f 1)"
done
tr '\\n' '\\0' <work/scan.errors >work/unscanned
tr '\\n' '\\0' <work/unread >work/undigested
for list in missing differing unsettled weaker beyond unscanned undigested; do
  [ ! -s work/$list ] || say "list $list $(tr -dc '\\0' <work/$list | wc -c)"
done
say "excluded $(cat work/excluded work/none 2>/dev/null | tr -dc '\\0' | wc -c)"
say end
`;
