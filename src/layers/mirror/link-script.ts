// Links files of one folder into another, so that rsync has something to compare with that no link leads out of.
/** `$1` the one, such as the mirror, `$2` the other. Reads pairs of names: that in the one, that in the other. */
export const linkScript = `use strict;
use Fcntl;
use Errno;
my ($from, $to) = @ARGV;
my $open = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;
$/ = "\\0";
binmode STDIN;
sub place {
  my ($root, $path, $make) = @_;
  my ($up, $name) = $path =~ m{\\A(?:(.*)/)?([^/]+)\\z}s or die "$path is no name\\n";
  chdir $root or die "$root: $!\\n";
  for my $part (split m{/}, defined $up ? $up : '') {
    if ($make && !mkdir $part, 0700) { die "$path: $!\\n" unless $!{EEXIST} }
    sysopen(my $next, $part, $open) or return;
    chdir $next or die "$path: $!\\n";
  }
  sysopen(my $here, '.', O_RDONLY | O_DIRECTORY) or die "$path: $!\\n";
  return [$here, '/proc/self/fd/' . fileno($here) . "/$name"];
}
while (defined(my $path = <STDIN>)) {
  my $name = <STDIN>;
  chomp($path, $name);
  my $source = place($from, $path, 0) or next;
  my $target = place($to, $name, 1) or die "$name: $!\\n";
  link($source->[1], $target->[1]) or $!{ENOENT} or $!{EMLINK} or die "$path: $!\\n";
}
`;
