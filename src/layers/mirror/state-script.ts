// What is at each of many names below a folder, without ever following a link: each name is reached folder by folder, through
// handles (O_NOFOLLOW, fchdir), so that nothing that is swapped meanwhile leads out. Names come and go with NUL behind them. An
// error that is not plainly "there is none" ends it: what cannot be read is not gone.
import { holeyInPerl } from '../common/holes/rule.ts';

/**
 * `$1` the folder, `$2` `count` where folders are to be counted through. Answers: the name, then what is there. With `list` as `$2` it
 * answers with every file in those that are folders, at any depth: its name, then its size, how much of it is
 * no hole, how many names it has, and its inode; with `names` with everything that is in them.
 */
export const stateScript = `use strict;
use Fcntl qw(:DEFAULT :mode);
use Errno;
use Time::HiRes ();
my ($folder, $count) = @ARGV;
my $open = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;
sysopen(my $root, $folder, O_RDONLY | O_DIRECTORY) or die "$folder: $!\\n";
binmode STDIN; binmode STDOUT;
my ($here, $missing);
sub gone { $!{ENOENT} || $!{ENOTDIR} || $!{ELOOP} }
sub enter {
  my ($path) = @_;
  return 1 if defined $here && $here eq $path;
  undef $here;
  chdir $root or die "$folder: $!\\n";
  my $seen = '';
  for my $name (split m{/}, $path) {
    $seen = length $seen ? "$seen/$name" : $name;
    my $next;
    next if sysopen($next, $name, $open) && chdir $next;
    die "$seen: $!\\n" unless gone();
    $missing = $seen;
    return 0;
  }
  $here = $path;
  return 1;
}
my ($files, $bytes, $room, %counted);
# Of a large file that is mostly holes, what lies between them; a file with several names takes its room once.
sub room_of {
  my ($found) = @_;
  return 0 if $found->[3] > 1 && $counted{"$found->[0] $found->[1]"}++;
  my $taken = $found->[12] * 512;
  return ${holeyInPerl('$found->[7]', '$taken')} ? $taken : $found->[7];
}
my $all = defined $count && $count eq 'names';
my $list = $all || defined $count && $count eq 'list';
sub walk {
  my ($within) = @_;
  opendir(my $names, '.') or die "a folder: $!\\n";
  my @folders;
  while (defined(my $name = readdir $names)) {
    next if $name eq '.' || $name eq '..';
    my @found = lstat $name or next;
    print "$within$name\\0- -\\0" if $all && !S_ISREG($found[2]);
    if (S_ISDIR($found[2])) { push @folders, $name; next }
    $files++;
    next unless S_ISREG($found[2]);
    $bytes += $found[7];
    $room += room_of(\\@found);
    print "$within$name\\0$found[7] ", $found[12] * 512, " $found[3] $found[1]\\0" if $list;
  }
  closedir $names;
  for my $name (@folders) {
    sysopen(my $back, '.', O_RDONLY | O_DIRECTORY) or die "$name: $!\\n";
    if (sysopen(my $next, $name, $open)) { chdir $next or die "$name: $!\\n"; walk("$within$name/") }
    elsif (!gone()) { die "$name: $!\\n" }
    chdir $back or die "$name: $!\\n";
  }
}
my @letters = ('?', 'p', 'c', '?', 'd', '?', 'b', '?', 'f', '?', 'l', '?', 's');
$/ = "\\0";
while (defined(my $path = <STDIN>)) {
  chomp $path;
  my ($up, $name) = $path =~ m{\\A(?:(.*)/)?([^/]*)\\z}s;
  if (!enter(defined $up ? $up : '')) { print "$path\\0- ", length $missing, "\\0" unless $list; next }
  my @found = Time::HiRes::lstat(length $name ? $name : '.');
  if (!@found) {
    die "$path: $!\\n" unless gone();
    print "$path\\0- ", length $path, "\\0" unless $list;
    next;
  }
  my $letter = $letters[($found[2] & 0170000) >> 12];
  ($files, $bytes) = (0, 0);
  $room = $letter eq 'f' ? room_of(\\@found) : 0;
  if (defined $count && $letter eq 'd') {
    if (length $name) {
      sysopen(my $next, $name, $open) or die "$path: $!\\n";
      chdir $next or die "$path: $!\\n";
    }
    walk(length $path ? "$path/" : '');
    undef $here;
  }
  next if $list;
  printf "%s\\0%s %o %d %d %d %.6f %d %d %d %d %d\\0", $path, $letter, $found[2] & 07777, @found[4, 5, 7, 9, 3, 1], $files, $bytes, $room;
}
`;
