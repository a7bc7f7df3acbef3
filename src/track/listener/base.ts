// What both ways to listen share: the kernel's calls, what is said and how it waits, and how a folder below is opened: by no link, and
// never out of the file system.
export const listenerBase = String.raw`
use strict;
use warnings;
use Fcntl qw(O_RDONLY O_DIRECTORY O_NOFOLLOW O_NONBLOCK F_GETFL F_SETFL);
use Errno qw(EAGAIN EINTR ENOSYS ENOSPC EMFILE EACCES EPERM ENOENT ESTALE);
use POSIX ();

my ($folder, $kind, $expected, $room, @excluded) = @ARGV;
my %calls = (
  x86_64 => { fan_init => 300, fan_mark => 301, by_handle => 304, in_init => 294, in_add => 254, in_rm => 255, openat2 => 437, openat => 257, dents => 217, statfs => 137 },
  aarch64 => { fan_init => 262, fan_mark => 263, by_handle => 265, in_init => 26, in_add => 27, in_rm => 28, openat2 => 437, openat => 56, dents => 61, statfs => 43 },
);
my $call = $calls{(POSIX::uname())[4]} or end_with('unknown-processor', 'it knows no system calls of ' . (POSIX::uname())[4]);
use constant { O_PATH => 0x200000, O_CLOEXEC => 0x80000, AT_FDCWD => -100, NO_LINKS_BELOW_ONE_DISK => 0x01 | 0x02 | 0x04 | 0x08 };
use constant { MODIFY => 0x2, ATTRIB => 0x4, CLOSE_WRITE => 0x8, FROM => 0x40, TO => 0x80, CREATE => 0x100, DELETE => 0x200 };
use constant { LOST => 0x4000, RENAME => 0x10000000, ON_FOLDER => 0x40000000, IGNORED => 0x8000 };
use constant { SLICE => 65536, PORTION => 262144, MOST_REMEMBERED => 20000 };

# What is said waits here while the other side is busy, up to its room.
my $out = '';
# What was said and is not written yet, if only in part: nobody can have acted upon it, so that once is enough.
my %said;
fcntl(STDOUT, F_SETFL, fcntl(STDOUT, F_GETFL, 0) | O_NONBLOCK);
sub put { %said = (); $out .= join("\0", @_) . "\0" }
sub put_once {
  my $words = join("\0", @_) . "\0";
  return if $said{$words};
  %said = () if keys %said >= MOST_REMEMBERED;
  $said{$words} = 1;
  $out .= $words;
}
sub has_room { length $out < $room }
sub flush_some {
  %said = () if length $out;
  while (length $out) {
    my $written = syswrite(STDOUT, $out, PORTION);
    if (!defined $written) { return if $! == EAGAIN; next if $! == EINTR; exit 0 }
    substr($out, 0, $written, '');
  }
}
sub flush_all { while (length $out) { flush_some(); wait_for(undef, 1) if length $out } }
sub end_with { my ($code, $says) = @_; put('E', $code, $says); flush_all(); exit 1 }

# Read as soon as it is there, whether or not there is time to look at it: what waits here does not fill the kernel's queue.
my $heard = '';
# Whether all that had happened is here.
sub hear {
  my ($events) = @_;
  while (length $heard < $room) { return 1 unless sysread($events, $heard, PORTION, length $heard) }
  return 0;
}

# Room that a burst took is not kept.
sub give_back {
  for ($heard, $out) { if (!length) { undef $_; $_ = '' } }
}

# Waits until there is something to read, or room to write.
sub wait_for {
  my ($handle, $seconds) = @_;
  my ($read, $write) = ('', '');
  vec($read, fileno($handle), 1) = 1 if defined $handle && length $heard < $room;
  vec($write, 1, 1) = 1 if length $out;
  select($read, $write, undef, $seconds);
}

sub excluded {
  my ($path) = @_;
  for (@excluded) { return 1 if $path eq $_ || index($path, "$_/") == 0 }
  return 0;
}
sub join_path { length $_[0] ? "$_[0]/$_[1]" : $_[1] }

# Of the file system and the folder, what stays over a restart and a mount: its type and the folder's number; and its own id.
sub identity {
  my @stat = stat($folder) or return;
  return unless -d _;
  my $buffer = "\0" x 120;
  return if syscall($call->{statfs}, "$folder", $buffer) != 0;
  my ($type) = unpack('q', $buffer);
  return { place => sprintf('%x:%d', $type, $stat[1]), disk => unpack('H16', substr($buffer, 56, 8)), at => "$stat[0]:$stat[1]" };
}
sub still_there { my ($at) = @_; my @stat = stat($folder); return @stat && "$stat[0]:$stat[1]" eq $at }

sub take_handle { my ($fd) = @_; open(my $handle, '<&=', $fd) or return; return $handle }

# A folder below, opened without following a link on any part of the way and without leaving the file system.
sub open_below {
  my ($root, $path) = @_;
  return $root if $path eq '';
  my @parts = split m{/}, $path;
  my $from = $root;
  my $flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  our $no_openat2;
  while (@parts) {
    my $piece = shift @parts;
    if (!$no_openat2) { $piece .= '/' . shift @parts while @parts && length($piece) + length($parts[0]) < 4000 }
    my $fd = $no_openat2 ? -1 : syscall($call->{openat2}, fileno($from), "$piece", pack('QQQ', $flags, 0, NO_LINKS_BELOW_ONE_DISK), 24);
    if ($fd < 0 && !$no_openat2 && $! == ENOSYS) { $no_openat2 = 1; return open_below($root, $path) }
    $fd = syscall($call->{openat}, fileno($from), "$piece", $flags, 0) if $no_openat2;
    return if $fd < 0;
    my $next = take_handle($fd) or return;
    $from = $next;
  }
  return $from;
}

my $ticked = 0;
my $held = 0;
# Everything that happened before this second has been told. @_: that second, and how many folders are watched.
sub tick {
  my ($second, $watches) = @_;
  return if $second - $ticked < ($held ? 1 : 10);
  put('T', $second, $watches);
  ($ticked, $held) = ($second, 0);
}

sub lose { put('O'); $held = 1 }
sub put_masked {
  my ($mask, $path, $on_folder) = @_;
  $held = 1;
  if ($mask & (CREATE | CLOSE_WRITE | ATTRIB | TO)) { put_once('C', $path, $on_folder) }
  elsif ($mask & MODIFY && !$said{"C\0$path\0$on_folder\0"}) { put_once('M', $path, $on_folder) }
  put_once('D', $path, $on_folder) if $mask & (DELETE | FROM);
}
sub put_moved {
  my ($from, $to, $on_folder) = @_;
  $held = 1;
  undef $from if defined $from && excluded($from);
  undef $to if defined $to && excluded($to);
  if (defined $from && defined $to) { put('R', $from, $to, $on_folder) }
  elsif (defined $from) { put('D', $from, $on_folder) }
  elsif (defined $to) { $on_folder ? put('S', $to, 'moved-in') : put('C', $to, 0) }
}
`;
