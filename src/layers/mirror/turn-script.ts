// Carries out renames within the layer's folder, or takes them back from the last to the first. Each name is reached folder by folder
// without following a link, both ends are held open while it is renamed, nothing is renamed over anything, and only what the list
// names by its inode. What is done already is left, so that it may be begun again at any place.
/**
 * `$1` the layer's folder, `$2` `forward` or `back`, `$3` the list, `$4` its working folder (made anew where it is gone), `$5` `any` where
 * the list has no inodes: in a copy that nobody else knows.
 */
export const turnScript = `use strict;
use Fcntl;
use Errno;
my ($folder, $way, $list, $work, $any) = @ARGV;
my $open = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;
sysopen(my $root, $folder, O_RDONLY | O_DIRECTORY) or die "$folder: $!\\n";
open(my $in, '<', $list) or die "$list: $!\\n";
binmode $in;
local $/ = "\\0";
my @renames;
while (defined(my $file = <$in>)) {
  my ($from, $to) = (scalar <$in>, scalar <$in>);
  die "$list: it ends within a record\\n" unless defined $to && $to =~ s/\\0\\z//;
  chomp($file, $from);
  push @renames, [$file, $from, $to];
}
if ($way eq 'back') { @renames = map { [$_->[0], $_->[2], $_->[1]] } reverse @renames }
sub place {
  my ($path) = @_;
  my ($up, $name) = $path =~ m{\\A(?:(.*)/)?([^/]+)\\z}s or die "$path is no name\\n";
  my $make = index($path, '.kept/') == 0 || $way eq 'back' && index($path, "$work/") == 0;
  chdir $root or die "$folder: $!\\n";
  for my $part (split m{/}, defined $up ? $up : '') {
    if ($make && !mkdir $part, 0700) { die "$path: $!\\n" unless $!{EEXIST} }
    my $next;
    if (!sysopen($next, $part, $open)) { return if $!{ENOENT} || $!{ENOTDIR} || $!{ELOOP}; die "$path: $!\\n" }
    chdir $next or die "$path: $!\\n";
  }
  sysopen(my $here, '.', O_RDONLY | O_DIRECTORY) or die "$path: $!\\n";
  return [$here, '/proc/self/fd/' . fileno($here) . "/$name"];
}
sub file {
  my ($place) = @_;
  return '' unless defined $place;
  my @found = lstat $place->[1];
  return $found[1] if @found;
  die "$place->[1]: $!\\n" unless $!{ENOENT};
  return '';
}
my $done = 0;
for (@renames) {
  my ($file, $from, $to) = @$_;
  my ($source, $target) = (scalar place($from), scalar place($to));
  my ($now, $there) = (file($source), file($target));
  $file = $now if defined $any;
  die "$from: it is not there\\n" if $file eq '';
  next if $there eq $file;
  if ($now ne $file) {
    next if $way eq 'back' && $now eq '';
    die "$from: it is not what was to be renamed\\n";
  }
  die "$to: something is there\\n" if $there ne '';
  die "$to: its folder is not there\\n" unless defined $target;
  rename($source->[1], $target->[1]) or die "$from: $!\\n";
  $done++;
}
print "$done\\n";
`;
