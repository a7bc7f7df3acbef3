// A copy where there is nothing yet to share with: by tar, in chunks that the page cache holds, so that what is read back comes
// from there: a source is read from its disk once, however large it is. One is digested while the next is copied.
import { quoted } from '../../../values/shell.ts';
import { holeyInPerl } from '../../common/holes/rule.ts';
import { keepMetadata } from '../../common/trees/archive.ts';

/**
 * From work/scan: work/folders, and for each chunk `work/chunk.N-names` of what is to be copied, and `work/chunk.N` with its sisters of what
 * is to be digested. All names of hard-linked files go into one archive, or they would be several files. Says how many chunks, and whether
 * one of them is full.
 */
const chunksProgram = `use strict; $/ = "\\0"; my ($most, $many) = (1 << 28, 20000); my (%holey, $in);
open($in, '<', 'work/scan.large') or die; while (<$in>) { chomp; my ($blocks, $size, $path) = split / /, $_, 3; $holey{$path} = 1 if ${holeyInPerl('$size', '$blocks * 512')} }
open(my $folders, '>', 'work/folders') or die; my ($chunk, $bytes, $files, $much, %of) = (0, 0, 0, 0);
sub put { my ($list, $name) = @_; open($of{$list}, '>', "work/chunk.$chunk$list") or die unless $of{$list}; print {$of{$list}} "$name\\0" }
sub finish { for (values %of) { close($_) or die "$!\\n" } %of = (); $much = 1 if $bytes >= $most; $bytes = $files = 0; $chunk++ }
sub take { my ($path, $type, $size) = @_; put('-names', "./$path"); return unless $type eq 'f';
  if ($holey{$path}) { put('-sparse', $path) } elsif ($size >= 524288 && $path !~ /[\\n\\\\]/) { put('-big', "./$path") } else { put('', "./$path") } }
my @linked; open($in, '<', 'work/scan') or die; while (my $record = <$in>) { chomp $record;
  my $at = index($record, '//'); my $path = substr($record, 0, $at); my $end = rindex($record, '//');
  my ($type, $size) = (split / /, substr($record, $at + 2, $end - $at - 2), 6)[0, 4];
  # mkdir(1) walks where no path leads any more, and nobody could read it there.
  if ($type eq 'd') { print $folders "./$path\\0" if length($path) < 4094; next }
  if ((split / /, substr($record, $end + 2), 3)[1] > 1) { push @linked, [$path, $type, $size]; next }
  take($path, $type, $size);
  finish() if ($bytes += $holey{$path} ? 0 : $size) >= $most || ++$files >= $many;
}
take(@$_) for @linked;
finish() if %of;
close($folders) or die "$!\\n"; print "$chunk $much\\n";`;

/** `copy_all`, a function of the shell: fills `tree`, and writes what was read of the source to work/digests, and of large files in the copy to work/read-back. */
export const firstCopy = `
# Attributes cost time where there are none, in the source or by what the folder of the copy hands down.
plain_tree() { [ $listed = yes ] && [ ! -s work/source.attributes ] && [ -z "$(getfattr --dump --match=- tree 2>/dev/null)" ]; }
unpack() {
  [ -s "$1" ] || return 0
  { { tar --create --file=- --blocking-factor=128 --format=posix $kept --sparse --no-recursion --null --verbatim-files-from --directory=work/source --files-from="$1" || say "tar-read $?" >&3; } |
    { tar --extract --file=- --blocking-factor=128 --delay-directory-restore --same-owner --same-permissions $kept --directory=tree || say "tar-write $?"; }; } 3>&1
}
# What stands in the point is what the source had, so that whoever reads the copy later proves it against that. Large files, and with
# them nearly all bytes, are read back at once; of many small ones that would cost more than their copy.
digest_chunk() {
  for kind in big sparse; do [ ! -e "$1-$kind" ] || ln "$1-$kind" "$1-large-$kind"; done
  digests_of tree "$1-large" "$1-tree" & other=$!
  digests_of work/source "$1" "$1-source"
  wait $other
  cat "$1-source" >>work/source.unsorted
  cat "$1-tree" >>work/tree.unsorted
  rm -f "$1" "$1-names" "$1-big" "$1-sparse" "$1-large-big" "$1-large-sparse" "$1-source" "$1-tree"
}
by_path() { sort --zero-terminated --buffer-size=32M --temporary-directory=work --output="$2" "$1" && rm -f "$1" || fail sort; }
copy_all() {
  mkdir tree
  attributes_of work/source work/scan work/source.attributes & listing=$!
  chunks=$(perl -e ${quoted(chunksProgram)}) || fail perl
  wait $listing
  plain_tree && kept=--numeric-owner || kept="${keepMetadata}"
  much=\${chunks#* } chunks=\${chunks% *}
  (cd tree && xargs --null --no-run-if-empty mkdir --parents -- <../work/folders)
  : >work/source.unsorted
  : >work/tree.unsorted
  chunk=0 digesting= writing=
  while [ $chunk -lt "$chunks" ]; do
    # Two at a time: one program alone makes files as fast as one processor can.
    second=$((chunk + 1))
    unpack work/chunk.$second-names & unpacking=$!
    unpack work/chunk.$chunk-names
    wait $unpacking
    # Of much, what is written goes to the disk meanwhile, and not only at the end.
    if [ "$much" = 1 ] && { [ -z "$writing" ] || ! kill -0 "$writing" 2>/dev/null; }; then sync --file-system -- . & writing=$!; fi
    [ -z "$digesting" ] || wait $digesting
    { digest_chunk work/chunk.$chunk; [ $second -eq "$chunks" ] || digest_chunk work/chunk.$second; } & digesting=$!
    chunk=$((chunk + 2))
  done
  unpack work/folders
  [ -z "$digesting" ] || wait $digesting
  by_path work/source.unsorted work/digests
  by_path work/tree.unsorted work/read-back
}
`;
