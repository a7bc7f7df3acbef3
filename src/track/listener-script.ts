// What asks the kernel. Perl, of which Debian's perl-base (always there) is enough: Node has neither fanotify nor an inotify that
// says when it lost something. It writes words that end with NUL (listened.ts reads them), and holds no file of the share open, so
// that the share can be unmounted. Paths are opened without following any link, folders of the share by their handles.

// One program because the two ways to listen share how they write, wait, and see that the folder is gone.
export const listenerScript = String.raw`
use strict;
use warnings;
use Fcntl qw(O_RDONLY O_DIRECTORY O_NOFOLLOW O_NONBLOCK F_GETFL F_SETFL);
use Errno qw(EAGAIN EINTR ENOSYS ENOSPC EMFILE EACCES EPERM ENOENT);
use POSIX ();

my ($folder, $kind, $expected, @excluded) = @ARGV;
my %calls = (
  x86_64 => { fan_init => 300, fan_mark => 301, by_handle => 304, in_init => 294, in_add => 254, in_rm => 255, openat2 => 437, openat => 257, dents => 217, statfs => 137 },
  aarch64 => { fan_init => 262, fan_mark => 263, by_handle => 265, in_init => 26, in_add => 27, in_rm => 28, openat2 => 437, openat => 56, dents => 61, statfs => 43 },
);
my $call = $calls{(POSIX::uname())[4]} or end_with('unknown-processor', 'it knows no system calls of ' . (POSIX::uname())[4]);
use constant { O_PATH => 0x200000, O_CLOEXEC => 0x80000, AT_FDCWD => -100, NO_LINKS_BELOW_ONE_DISK => 0x01 | 0x02 | 0x04 | 0x08 };
use constant { MODIFY => 0x2, ATTRIB => 0x4, CLOSE_WRITE => 0x8, FROM => 0x40, TO => 0x80, CREATE => 0x100, DELETE => 0x200 };
use constant { LOST => 0x4000, RENAME => 0x10000000, ON_FOLDER => 0x40000000, IGNORED => 0x8000 };
use constant MOST_WAITING => 32 * 1024 * 1024;

# What is written waits here while the other side is busy, up to a limit: then the kernel's queue fills, and says so.
my $out = '';
fcntl(STDOUT, F_SETFL, fcntl(STDOUT, F_GETFL, 0) | O_NONBLOCK);
sub put { $out .= join("\0", @_) . "\0" }
sub flush_some {
  while (length $out) {
    my $written = syswrite(STDOUT, $out, 262144);
    if (!defined $written) { return if $! == EAGAIN; next if $! == EINTR; exit 0 }
    substr($out, 0, $written, '');
  }
}
sub flush_all { while (length $out) { flush_some(); wait_for(undef, 1) if length $out } }
sub end_with { my ($code, $says) = @_; put('E', $code, $says); flush_all(); exit 1 }

# Waits until there is something to read, or room to write.
sub wait_for {
  my ($handle, $seconds) = @_;
  my ($read, $write) = ('', '');
  vec($read, fileno($handle), 1) = 1 if defined $handle && length $out < MOST_WAITING;
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

sub put_masked {
  my ($mask, $path, $on_folder) = @_;
  $held = 1;
  if ($mask & (CREATE | CLOSE_WRITE | ATTRIB | TO)) { put('C', $path, $on_folder) }
  elsif ($mask & MODIFY) { put('M', $path, $on_folder) }
  put('D', $path, $on_folder) if $mask & (DELETE | FROM);
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

# ---- fanotify: one mark for the whole file system -----------------------------------------------------------------------

sub fan_open {
  my $fd = syscall($call->{fan_init}, 0x1 | 0x2 | 0xc00, O_RDONLY);
  return if $fd < 0;
  my $events = take_handle($fd) or return;
  my $base = MODIFY | ATTRIB | CLOSE_WRITE | CREATE | DELETE | ON_FOLDER;
  # Both names of a move in one event came with Linux 5.17.
  for my $moves (RENAME, FROM | TO) {
    return $events if syscall($call->{fan_mark}, $fd, 0x1 | 0x100, $base | $moves, AT_FDCWD, "$folder") == 0;
  }
  return;
}
# The kernel forgets the mark when the file system is unmounted, and says nothing.
sub fan_marked {
  open(my $info, '<', '/proc/self/fdinfo/' . fileno($_[0])) or return 0;
  while (my $line = readline $info) { return 1 if $line =~ /^fanotify sdev:/ }
  return 0;
}

my (%places, $root, $real);
sub place_of {
  my ($handle) = @_;
  return $places{$handle} if exists $places{$handle};
  return $places{$handle} = do {
    my $fd = syscall($call->{by_handle}, fileno($root), $handle, O_PATH | O_CLOEXEC);
    my $path;
    if ($fd >= 0) {
      $path = readlink("/proc/self/fd/$fd");
      # A folder may be called so, too.
      undef $path if defined $path && $path =~ / \(deleted\)\z/ && !((stat("/proc/self/fd/$fd"))[3]);
      POSIX::close($fd);
    }
    !defined $path ? undef : $path eq $real ? '' : index($path, $real eq '/' ? '/' : "$real/") == 0 ? substr($path, $real eq '/' ? 1 : 1 + length $real) : undef;
  };
}
sub named {
  my ($record) = @_;
  my ($handle, $name) = @$record;
  my $place = place_of($handle);
  return $place if !defined $place || $name eq '.';
  return join_path($place, $name);
}

sub fan_put {
  my ($buffer) = @_;
  sysopen($root, $folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) or return 0;
  $real = readlink('/proc/self/fd/' . fileno($root));
  %places = ();
  my $lost = 0;
  for (my $at = 0; $at < length $buffer;) {
    my ($length, undef, undef, $own, $mask) = unpack('LCCSQ', substr($buffer, $at, 24));
    $lost = 1 if $mask & LOST;
    my ($old, $new, $here);
    for (my $info = $at + $own; $info < $at + $length;) {
      my ($type, undef, $size) = unpack('CCS', substr($buffer, $info, 4));
      my ($bytes) = unpack('L', substr($buffer, $info + 12, 4));
      my $name = unpack('Z*', substr($buffer, $info + 20 + $bytes, $size - 20 - $bytes));
      my $record = [substr($buffer, $info + 12, 8 + $bytes), length $name ? $name : '.'];
      if ($type == 10) { $old = $record } elsif ($type == 12) { $new = $record } else { $here = $record }
      $info += $size;
    }
    my $on_folder = $mask & ON_FOLDER ? 1 : 0;
    if ($mask & RENAME) { put_moved($old && named($old), $new && named($new), $on_folder) }
    if (defined $here && defined(my $path = named($here))) {
      if (excluded($path)) {}
      elsif ($on_folder && $mask & TO) { $held = 1; put('S', $path, 'moved-in') }
      else { put_masked($mask, $path, $on_folder) }
    }
    $at += $length;
  }
  undef $root;
  put('O') if $lost;
  return 1;
}

sub follow_fanotify {
  my ($events, $at) = @_;
  my $checked = 0;
  while (1) {
    my $second = time;
    my $drained = 1;
    if (length $out < MOST_WAITING) {
      my $read = sysread($events, my $buffer, 262144);
      if ($read) { fan_put($buffer) or return; $drained = $read < 131072 }
    } else { $drained = 0 }
    tick($second, 0) if $drained;
    flush_some();
    if ($checked != $second) {
      $checked = $second;
      return if !still_there($at) || !fan_marked($events);
    }
    wait_for($events, 1) if $drained || length $out >= MOST_WAITING;
  }
}

# ---- inotify: a watch for each folder ----------------------------------------------------------------------------------

# By watch: the watch of the folder above, and the name.
my (%watched, $top, %moving);
# Folders moved so fast that their names are in doubt: all of them are watched anew when it is calm.
my $confused = 0;
sub path_of {
  my ($watch) = @_;
  my @parts;
  while ($watch != $top) {
    return unless exists $watched{$watch};
    my ($above, $name) = unpack('l a*', $watched{$watch});
    unshift @parts, $name;
    $watch = $above;
  }
  return join('/', @parts);
}

sub subfolders {
  my ($handle) = @_;
  my ($any, @names) = (0);
  my $buffer = "\0" x 65536;
  while ((my $read = syscall($call->{dents}, fileno($handle), $buffer, 65536)) > 0) {
    for (my $at = 0; $at < $read;) {
      my ($length, $type) = unpack('SC', substr($buffer, $at + 16, 3));
      my $name = unpack('Z*', substr($buffer, $at + 19, $length - 19));
      $at += $length;
      next if $name eq '.' || $name eq '..';
      $any = 1;
      $type = 4 if $type == 0 && -d ('/proc/self/fd/' . fileno($handle) . "/$name") && !-l _;
      push @names, $name if $type == 4;
    }
  }
  return ($any, @names);
}

# Watches a folder and all below it: first the watch, then the look, so that nothing falls between. True where something lay in it.
sub watch_below {
  my ($events, $base, $above, $name, $old) = @_;
  my ($filled, $first) = (0, 0);
  my @todo = ([$above, $name]);
  while (my $one = pop @todo) {
    my $path = defined $one->[0] ? path_of($one->[0]) : '';
    next unless defined $path;
    $path = join_path($path, $one->[1]) if defined $one->[0];
    next if excluded($path);
    my $handle = open_below($base, $path);
    if (!defined $handle) { put('U', $path, "$!") if $! == EACCES || $! == EPERM || $! == EMFILE; next }
    # IN_ONLYDIR, IN_EXCL_UNLINK
    my $watch = syscall($call->{in_add}, fileno($events), '/proc/self/fd/' . fileno($handle), MODIFY | ATTRIB | CLOSE_WRITE | FROM | TO | CREATE | DELETE | 0x05000000);
    if ($watch < 0) {
      end_with('no-watches-left', scalar(keys %watched) . ' folders are watched, and the kernel allows no more') if $! == ENOSPC;
      put('U', $path, "$!") if $! != ENOENT;
      next;
    }
    if (exists $watched{$watch}) {
      # Below, what is known already has a name, and its own event brings another one.
      next if $first++;
      my $here = pack('l a*', $above, $name);
      if (defined $old && $watched{$watch} eq $old) { $watched{$watch} = $here; return 0 }
      $confused = 1 if $watched{$watch} ne $here;
      next;
    }
    $first++;
    if (defined $one->[0]) { $watched{$watch} = pack('l a*', $one->[0], $one->[1]) } else { $top = $watch; $watched{$watch} = '' }
    my ($any, @below) = subfolders($handle);
    $filled = 1 if $any;
    push @todo, [$watch, $_] for @below;
  }
  # It is elsewhere already. Until the event of that comes, this is its name.
  if (defined $old && !$first) { for (values %watched) { $_ = pack('l a*', $above, $name) if $_ eq $old } }
  return $filled;
}

# A folder that left takes its watches along: they would go on telling of where it is now.
sub unwatch {
  my ($events, $above, $name) = @_;
  my %below;
  my $gone;
  while (my ($watch, $packed) = each %watched) {
    next if $watch == $top;
    my ($parent, $own) = unpack('l a*', $packed);
    push @{$below{$parent}}, $watch;
    $gone = $watch if $parent == $above && $own eq $name;
  }
  my @todo = defined $gone ? ($gone) : ();
  while (defined(my $watch = pop @todo)) {
    push @todo, @{$below{$watch} // []};
    syscall($call->{in_rm}, fileno($events), $watch + 0);
    delete $watched{$watch};
  }
}

sub settle_moves {
  my ($events, $older) = @_;
  for my $cookie (keys %moving) {
    my $move = $moving{$cookie};
    next if $move->{round} >= $older;
    delete $moving{$cookie};
    unwatch($events, $move->{above}, $move->{name}) if $move->{folder};
    put_moved($move->{path}, undef, $move->{folder});
  }
}

sub in_one {
  my ($events, $base, $round, $watch, $mask, $cookie, $name) = @_;
  if ($mask & IGNORED) { delete $watched{$watch} if $watch != ($top // -1); return }
  my $here = path_of($watch);
  return unless defined $here;
  my $on_folder = $mask & ON_FOLDER ? 1 : 0;
  if ($name eq '') { put_masked($mask, $here, 1) unless excluded($here); return }
  my $path = join_path($here, $name);
  if ($mask & FROM) {
    $moving{$cookie} = { path => $path, folder => $on_folder, above => $watch, name => $name, round => $round };
  } elsif ($mask & TO) {
    my $move = delete $moving{$cookie};
    # One that left and comes back is watched anew.
    settle_moves($events, $round + 1) unless $move;
    my $old = $move ? pack('l a*', $move->{above}, $move->{name}) : undef;
    my $filled = 0;
    if ($on_folder && !excluded($path)) { $filled = watch_below($events, $base, $watch, $name, $old) }
    elsif ($on_folder && $move) { unwatch($events, $move->{above}, $move->{name}) }
    put_moved($move ? $move->{path} : undef, $path, $on_folder);
    put('S', $path, 'unwatched') if $filled;
  } elsif (!excluded($path)) {
    if ($on_folder && $mask & CREATE && watch_below($events, $base, $watch, $name)) { $held = 1; put('S', $path, 'unwatched') }
    put_masked($mask, $path, $on_folder);
  }
}

sub in_open {
  (%watched, %moving) = ();
  $confused = 0;
  undef $top;
  my $fd = syscall($call->{in_init}, O_CLOEXEC | O_NONBLOCK);
  end_with('no-watches-left', "inotify cannot be asked: $!") if $fd < 0;
  my $events = take_handle($fd);
  sysopen(my $base, $folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) or return;
  watch_below($events, $base, undef, '');
  return defined $top ? $events : undef;
}

sub follow_inotify {
  my ($events, $at) = @_;
  my ($checked, $round) = (0, 0);
  while (1) {
    my $second = time;
    my $drained = 1;
    $round += 1;
    if (length $out < MOST_WAITING) {
      my $read = sysread($events, my $buffer, 262144);
      if ($read) {
        $drained = 0;
        return if !still_there($at);
        sysopen(my $base, $folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) or return;
        for (my $from = 0; $from < $read;) {
          my ($watch, $mask, $cookie, $length) = unpack('lLLL', substr($buffer, $from, 16));
          my $name = unpack('Z*', substr($buffer, $from + 16, $length));
          $from += 16 + $length;
          # Folders may have been made that nobody told of: all of them are watched anew.
          if ($mask & LOST) { undef $base; $events = in_open() or return; put('O'); $held = 1; last }
          in_one($events, $base, $round, $watch, $mask, $cookie, $name);
        }
      }
    } else { $drained = 0 }
    if ($drained && $confused) { $events = in_open() or return; put('O'); $held = 1 }
    elsif ($drained) { settle_moves($events, $round - 1); tick($second, scalar keys %watched) unless %moving }
    flush_some();
    if ($checked != $second) { $checked = $second; return unless still_there($at) }
    wait_for($events, %moving ? 0.05 : 1) if $drained || length $out >= MOST_WAITING;
  }
}

# ---- the folder, as it comes and goes ----------------------------------------------------------------------------------

my $away = '';
while (1) {
  my $now = identity();
  my $why = !defined $now ? "it is not there: $!" : length $expected && $now->{place} ne $expected ? 'another file system or folder lies there' : '';
  if ($why eq '') {
    my $fan = $kind eq 'inotify' ? undef : fan_open();
    end_with('no-fanotify', "fanotify cannot be asked: $!") if $kind eq 'fanotify' && !defined $fan;
    my $events = $fan // in_open();
    if (defined $events && still_there($now->{at})) {
      $expected = $now->{place};
      $away = '';
      put('H', defined $fan ? 'fanotify' : 'inotify', $now->{place}, $now->{disk}, scalar keys %watched);
      ($ticked, $held) = (0, 1);
      flush_some();
      defined $fan ? follow_fanotify($events, $now->{at}) : follow_inotify($events, $now->{at});
    }
    $why = 'its file system was unmounted, or something else lies there now';
  }
  if ($away ne $why) { $away = $why; put('A', $why) }
  tick(time, 0);
  flush_all();
  wait_for(undef, 1);
}
`;
