// fanotify: one mark for the whole file system, folders by their handles. No file of the share is held open, so that it can be unmounted.
export const fanotifyListener = String.raw`
use constant UNLIMITED_QUEUE => 0x10;

sub fan_open {
  my $fd = syscall($call->{fan_init}, 0x1 | 0x2 | UNLIMITED_QUEUE | 0xc00, O_RDONLY);
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

# Names of folders by their handles, as good as the last move of a folder.
my (%places, $root, $real);
# Undefined for what is gone, and for what lies elsewhere on the file system.
sub place_of {
  my ($handle) = @_;
  return $places{$handle} if exists $places{$handle};
  %places = () if keys %places >= MOST_REMEMBERED;
  my $fd = syscall($call->{by_handle}, fileno($root), $handle, O_PATH | O_CLOEXEC);
  my $path = $fd < 0 ? undef : readlink("/proc/self/fd/$fd");
  # A path that is too long to be named, no room for one more open file: whatever happened there must not be passed over.
  lose() if !defined $path && $! != ESTALE;
  # A folder may be called so, too.
  undef $path if defined $path && $path =~ / \(deleted\)\z/ && !((stat("/proc/self/fd/$fd"))[3]);
  POSIX::close($fd) if $fd >= 0;
  my $above = $real eq '/' ? '/' : "$real/";
  return $places{$handle} = !defined $path ? undef : $path eq $real ? '' : index($path, $above) == 0 ? substr($path, length $above) : undef;
}
sub named {
  my ($record) = @_;
  my ($handle, $name) = @$record;
  my $place = place_of($handle);
  return $place if !defined $place || $name eq '.';
  return join_path($place, $name);
}

# Looks at some of what was heard.
sub fan_look {
  sysopen($root, $folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) or return 0;
  my $now = readlink('/proc/self/fd/' . fileno($root));
  %places = () if !defined $real || $real ne $now;
  $real = $now;
  my ($lost, $at) = (0, 0);
  my $end = length $heard < SLICE ? length $heard : SLICE;
  while ($at < $end) {
    my ($length, undef, undef, $own, $mask) = unpack('LCCSQ', substr($heard, $at, 16));
    $lost = 1 if $mask & LOST;
    my $on_folder = $mask & ON_FOLDER ? 1 : 0;
    my ($old, $new, $here);
    for (my $info = $at + $own; $info < $at + $length;) {
      my ($type, undef, $size, undef, undef, $bytes) = unpack('CCSLLL', substr($heard, $info, 16));
      my $name = unpack('Z*', substr($heard, $info + 20 + $bytes, $size - 20 - $bytes));
      my $record = [substr($heard, $info + 12, 8 + $bytes), length $name ? $name : '.'];
      if ($type == 10) { $old = $record } elsif ($type == 12) { $new = $record } else { $here = $record }
      $info += $size;
    }
    if ($mask & RENAME) { put_moved($old && named($old), $new && named($new), $on_folder) }
    if (defined $here && defined(my $path = named($here))) {
      if (excluded($path)) {}
      elsif ($on_folder && $mask & TO) { $held = 1; put('S', $path, 'moved-in') }
      else { put_masked($mask, $path, $on_folder) }
    }
    %places = () if $on_folder && $mask & (RENAME | FROM | TO);
    $at += $length;
  }
  substr($heard, 0, $at, '');
  undef $root;
  if ($lost) { %places = (); lose() }
  return 1;
}

sub follow_fanotify {
  my ($events, $at) = @_;
  my $checked = 0;
  %places = ();
  while (1) {
    my $second = time;
    # The kernel keeps what is not read, without limit: so it is read, if only to say that it was too much.
    my $all = hear($events);
    if (!$all) { $heard = ''; %places = (); lose() }
    if (length $heard && has_room()) { fan_look() or return }
    my $done = $all && !length $heard;
    tick($second, 0) if $done;
    flush_some() if $done || length $out >= PORTION || !has_room();
    if ($checked != $second) {
      $checked = $second;
      return if !still_there($at) || !fan_marked($events);
    }
    next if !$done && has_room();
    give_back();
    wait_for($events, 1);
    # What happens within a moment comes as one: the kernel adds to what waits for the same name.
    select(undef, undef, undef, 0.02);
  }
}
`;
