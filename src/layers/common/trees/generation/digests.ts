// The content of files as digests, taken on the machine where they lie: nothing of it comes here.
import { holeyInPerl } from '../../holes/rule.ts';

/** Paths on standard input, of files in $ARGV[0], into lists named after $ARGV[1]; with `dense` none has holes. */
const bySizeProgram = `use strict; $/ = "\\0"; my ($folder, $list, $dense) = @ARGV;
open(my $plain, '>', $list) or die; open(my $big, '>', "$list-big") or die; open(my $sparse, '>', "$list-sparse") or die;
while (my $path = <STDIN>) { chomp $path; my @stat = lstat("$folder/$path");
  if (@stat && !$dense && ${holeyInPerl('$stat[7]', '$stat[12] * 512')}) { print $sparse "$path\\0" }
  elsif (@stat && $stat[7] >= 524288 && $path !~ /[\\n\\\\]/) { print $big "./$path\\0" }
  else { print $plain "./$path\\0" } }
for ($plain, $big, $sparse) { close($_) or die "$!\\n" }`;

/**
 * Of each file named on standard input, below $ARGV[0]: the digest of its length and of all its pieces of 64 KiB that are not zero, each
 * behind its number. The same however the zeros are stored, and a hole of a terabyte costs nothing (SEEK_DATA and SEEK_HOLE, lseek(2)).
 */
export const sparseProgram = `use strict; use Fcntl qw(O_RDONLY O_NOFOLLOW O_NONBLOCK); use IPC::Open2; $/ = "\\0"; my ($folder) = @ARGV; my $unit = 65536; my $zero = "\\0" x $unit;
while (my $path = <STDIN>) {
  chomp $path; sysopen(my $in, "$folder/$path", O_RDONLY | O_NOFOLLOW | O_NONBLOCK) or do { warn "$path: $!\\n"; next };
  my $size = -s $in; my $pid = open2(my $read, my $sum, 'sha256sum'); print $sum "$size ";
  my $at = 0;
  while ($at < $size) {
    my $data = sysseek($in, $at, 3); last unless defined $data;
    $at = int($data / $unit) * $unit;
    my $hole = sysseek($in, $data, 4); $hole = $size unless defined $hole;
    sysseek($in, $at, 0);
    while ($at < $hole) {
      my $piece = '';
      while (length($piece) < $unit) {
        my $read = sysread($in, $piece, $unit - length($piece), length($piece)); die "$path: $!\\n" unless defined $read; last unless $read;
      }
      last if $piece eq '';
      print $sum pack('Q>', $at / $unit), $piece unless $piece eq substr($zero, 0, length($piece));
      $at += $unit;
    }
  }
  close($sum); local $/ = "\\n"; my $line = <$read>; waitpid($pid, 0); die "sha256sum failed\\n" if $?;
  print "$path//sparse:", substr($line, 0, 64), "\\0";
}`;

/**
 * A function of the shell: `digests_of FOLDER LIST TO`. LIST has `./PATH`, LIST-big the same of large files without a line end in their names,
 * LIST-sparse `PATH` of those with many holes, each ended by a NUL; one that is not there is empty. It works in `work`, where what
 * could not be read is told in `unread`. openssl is three times as fast as coreutils where the processor has instructions for it.
 */
export const digestsFunction = `command -v openssl >/dev/null && big='openssl dgst -sha256 -r' || big='sha256sum --binary'
digests_of() {
  {
    [ ! -s "$2" ] || (cd "$1" && xargs --null --no-run-if-empty sha256sum --zero --) <"$2" | sed --null-data 's,^\\([0-9a-f]*\\)  \\./\\(.*\\)$,\\2//\\1,'
    [ ! -s "$2-big" ] || (cd "$1" && xargs --null --no-run-if-empty $big) <"$2-big" | sed 's,^\\([0-9a-f]*\\) \\*\\./\\(.*\\)$,\\2//\\1,' | tr '\\n' '\\0'
    [ ! -s "$2-sparse" ] || perl -e '${sparseProgram.replaceAll("'", "'\\''")}' "$1" <"$2-sparse"
  } 2>>work/unread | sort --zero-terminated --buffer-size=32M --temporary-directory=work --output="$3"
}
# Names on standard input as such lists, by what lies in the folder.
lists_by_size() {
  perl -e '${bySizeProgram.replaceAll("'", "'\\''")}' "$@"
}
`;

/** `$1` the folder to work in, `$2` the part with the digests, `$3` the tree, `$4` the only path in it that is meant. Writes the paths whose content is another to `unlike`. */
export const proveScript = `set -u -f
umask 077
export LC_ALL=C
cd "$1" && mkdir -p work && : >work/unread || exit 4
${digestsFunction}gzip --decompress --stdout "$2" >work/all || exit 4
if [ $# -gt 3 ]; then
  perl -0ne 'BEGIN { $only = pop @ARGV } print if index($_, "$only/") == 0' work/all "$4" >work/wanted || exit 4
else mv work/all work/wanted; fi
sed --null-data -n '/\\/\\/sparse:[0-9a-f]*$/!s,//[0-9a-f]*$,,p' work/wanted | lists_by_size "$3" work/found dense || exit 4
sed --null-data -n 's,^\\(.*\\)//sparse:[0-9a-f]*$,\\1,p' work/wanted >work/found-sparse
digests_of "$3" work/found work/found-digests
comm --zero-terminated -3 work/wanted work/found-digests | tr -d '\\n' >work/unlike
head -c 2000 work/unlike | tr '\\0' '\\n'
[ ! -s work/unlike ]
`;
