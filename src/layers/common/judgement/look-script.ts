// What looks into files: one perl(1) for all of them, of what every Debian has (perl-base). Three blocks of each file are read,
// wherever it ends. Neither a link nor a FIFO that stands in the place of a file, or of a folder on its way, is followed or opened.

/** Bytes of a block. */
const blockSize = 2048;

/**
 * Arguments: the folder of before, that of after. Fed pairs of names, each ended by a NUL, the first one empty where there is none.
 * Says a line for each pair, two files: `-` where there is none that can be read, or
 * `SIZE:BYTES:ENTROPY:ZERO:BYTES:ENTROPY:ZERO:BEGIN` of its head and of the rest, the begin in hex.
 */
export const lookScript = `
use strict; use warnings; use Fcntl qw(O_RDONLY O_NOFOLLOW O_NONBLOCK);
my @roots = (shift @ARGV, shift @ARGV); my @folders = ({}, {}); my $block = ${blockSize};
$/ = "\\0"; $| = 1; binmode STDIN; binmode STDOUT;
sub is_within {
  my ($side, $path) = @_; my $known = $folders[$side]; my $at = 0;
  while (($at = index($path, '/', $at)) >= 0) {
    my $folder = substr($path, 0, $at++);
    next if $known->{$folder};
    my @of = lstat("$roots[$side]/$folder");
    return 0 unless @of && ($of[2] & 0170000) == 0040000;
    %$known = () if keys %$known > 10000;
    $known->{$folder} = 1;
  }
  return 1;
}
sub said {
  my ($bytes) = @_; my $many = length $bytes;
  return '0:0:0' unless $many;
  my @times = (0) x 256; my $sum = 0;
  $times[$_]++ for unpack('C*', $bytes);
  for (@times) { $sum += $_ * log($_) if $_ > 1 }
  return sprintf('%d:%.4f:%d', $many, (log($many) - $sum / $many) / log(2), $times[0] == $many ? 1 : 0);
}
sub look {
  my ($side, $path) = @_;
  return '-' unless length $path && is_within($side, $path);
  sysopen(my $file, "$roots[$side]/$path", O_RDONLY | O_NOFOLLOW | O_NONBLOCK) or return '-';
  return '-' unless -f $file;
  my $size = -s _; my ($head, $rest) = ('', '');
  defined sysread($file, $head, $block) or return '-';
  if ($size > $block) {
    my @from = $size > 3 * $block ? (int($size / 2), $size - $block) : ($block);
    for my $from (@from) {
      sysseek($file, $from, 0) or return '-';
      defined sysread($file, $rest, @from > 1 ? $block : 2 * $block, length $rest) or return '-';
    }
  }
  return join(':', $size, said($head), said($rest), unpack('H*', substr($head, 0, 32)));
}
while (defined(my $before = <STDIN>)) {
  my $after = <STDIN>; last unless defined $after;
  chomp $before; chomp $after;
  print look(0, $before), ' ', look(1, $after), "\\n";
}
`;
