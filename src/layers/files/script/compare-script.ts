// What changed between two generations, file by file, whatever the newer one was linked to: from their listings, sorted by path, so that
// only what differs is ever in memory.
import { quoted } from '../../../values/shell.ts';
import { recordFields } from './perl.ts';

/**
 * Names of one file count its bytes once, and none of it is gone while another name of it is there. What has the same inode and the same
 * content under another name was moved. $ARGV: records that were, those that are new, both digests, then what is left out now: that is
 * neither gone nor was it there.
 *
 * Writes `FATE OLD-SIZE NEW-SIZE PATH`, of what was moved with its former path as the next record. Says how many files and bytes of the
 * earlier generation that is.
 */
const compareProgram = `${recordFields}
my ($before, $now, $were, $are, @excluded) = @ARGV;
my %old = map { $_->{path} => $_ } grep { $_->{type} eq 'f' } records($before);
my %new = map { $_->{path} => $_ } grep { $_->{type} eq 'f' } records($now);
sub digests { my ($file, $of) = @_; my %found; open(my $in, '<', $file) or die "$file: $!\\n";
  while (my $record = <$in>) { chomp $record; my $at = index($record, '//'); my $path = substr($record, 0, $at);
    $found{$path} = substr($record, $at + 2) if $of->{$path} } return \\%found }
my ($was, $is) = (digests($were, \\%old), digests($are, \\%new));
sub excluded { my ($path) = @_; for (@excluded) { return 1 if $path eq $_ || index($path, "$_/") == 0 } return 0 }
my (%there, %had, %former, %moved);
$there{$_->{inode}} = 1 for values %new;
$had{$_->{inode}} = 1 for values %old;
for (values %old) { $former{$_->{inode}} = $_->{path} if !$new{$_->{path}} && $_->{size} > 0 }
for my $path (keys %new) {
  next if $old{$path}; my $from = delete $former{$new{$path}{inode}} // next;
  $moved{$path} = $from if defined $was->{$from} && defined $is->{$path} && $was->{$from} eq $is->{$path};
}
my %left = map { $_ => 1 } values %moved;
my ($files, $bytes, %counted) = (0, 0);
sub was_there { my ($one) = @_; $files++; $bytes += $one->{size} unless $one->{links} > 1 && $counted{$one->{inode}}++ }
sub once { my ($one, $others) = @_; return $one->{links} > 1 && $others->{$one->{inode}}++ ? 0 : $one->{size} }
for my $path (sort keys %{{%old, %new}}) {
  my ($one, $other) = ($old{$path}, $new{$path});
  if ($one && $other) {
    next if ($was->{$path} // '') eq ($is->{$path} // '');
    was_there($one); print "changed $one->{size} $other->{size} $path\\0";
  } elsif ($one) {
    next if $left{$path};
    if (excluded($path)) { was_there($one); next }
    my $size = once($one, \\%there); $files++; $bytes += $size; print "gone $size - $path\\0";
  } elsif (defined(my $from = $moved{$path})) {
    was_there($old{$from}); print "moved $old{$from}{size} $other->{size} $path\\0$from\\0";
  } else { my $size = once($other, \\%had); print "new - $size $path\\0" }
}
print STDERR "$files $bytes\\n";`;

/**
 * `$1` the partial point, `$2` the name of the earlier one, `$3` and `$4` the digests of its listings, `$5` `linked` where the partial point
 * was made from it, else `apart`; what comes behind them is left out now. Ends with 3 where the earlier listings are not what was sealed.
 */
export const compareScript = `set -u -f
umask 077
export LC_ALL=C
cd -- "$1" || exit 4
base=../$2 scan=$3 digests=$4 how=$5
shift 5
listed() { gzip --decompress --stdout "$1" >"work/$2" || exit 4; }
if [ "$how" = linked ] && [ -e work/new.digests ]; then
  ln -f work/old work/gone-records && ln -f work/new work/new-records && ln -f work/base.digests work/were && ln -f work/new.digests work/are || exit 4
else
  printf '%s  %s\\n' "$scan" "$base/scan.gz" "$digests" "$base/digests.gz" | sha256sum --check --status 2>/dev/null || exit 3
  listed "$base/scan.gz" was
  listed scan.gz is
  listed "$base/digests.gz" were
  listed digests.gz are
  comm --zero-terminated -23 work/was work/is >work/gone-records || exit 4
  comm --zero-terminated -13 work/was work/is >work/new-records || exit 4
fi
perl -e ${quoted(compareProgram)} work/gone-records work/new-records work/were work/are "$@" >work/compared-files 2>work/compared-figures || { cat work/compared-figures >&2; exit 4; }
cat work/compared-figures
`;
