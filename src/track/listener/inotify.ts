// inotify: a watch for each folder. Which folder a watch is, is known by the order of what is heard, as names on the disk are ahead of it.
export const inotifyListener = String.raw`
# By watch: the watch of the folder above, and the name.
my (%watched, $top, %moving);
# The same as paths, until a folder comes, moves or goes.
my %paths;
# Folders moved so fast that their names are in doubt: all of them are watched anew when it is calm.
my $confused = 0;
# By watch and name: folders that were not there any more when they were to be watched. A folder above may have moved, which is heard later.
my %missed;
sub path_of {
  my ($watch) = @_;
  return $paths{$watch} if exists $paths{$watch};
  %paths = () if keys %paths >= MOST_REMEMBERED;
  my @parts;
  for (my $one = $watch; $one != $top;) {
    return unless exists $watched{$one};
    my ($above, $name) = unpack('l a*', $watched{$one});
    unshift @parts, $name;
    $one = $above;
  }
  return $paths{$watch} = join('/', @parts);
}

# A watch that is new has no path remembered, and none below it has.
sub name_watch {
  my ($watch, $packed) = @_;
  %paths = () if exists $watched{$watch};
  $watched{$watch} = $packed;
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
    if (!defined $handle) {
      if ($! == ENOENT) { $missed{pack('l a*', $one->[0], $one->[1])} = 1 if defined $one->[0] }
      elsif ($! == EACCES || $! == EPERM || $! == EMFILE) { put('U', $path, "$!") }
      next;
    }
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
      if (defined $old && $watched{$watch} eq $old) { name_watch($watch, $here); return 0 }
      $confused = 1 if $watched{$watch} ne $here;
      next;
    }
    $first++;
    $top = $watch unless defined $one->[0];
    name_watch($watch, defined $one->[0] ? pack('l a*', $one->[0], $one->[1]) : '');
    my ($any, @below) = subfolders($handle);
    $filled = 1 if $any;
    push @todo, [$watch, $_] for @below;
  }
  # It is elsewhere already. Until the event of that comes, this is its name.
  if (defined $old && !$first) { %paths = (); for (values %watched) { $_ = pack('l a*', $above, $name) if $_ eq $old } }
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
  %paths = ();
}

# When all that was heard has its name: what is there now was made and filled before a watch stood in it.
sub look_again {
  my ($events) = @_;
  sysopen(my $base, $folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) or return;
  for my $packed (keys %missed) {
    delete $missed{$packed};
    my ($above, $name) = unpack('l a*', $packed);
    my $path = exists $watched{$above} ? path_of($above) : undef;
    next unless defined $path;
    watch_below($events, $base, $above, $name);
    put('S', join_path($path, $name), 'unwatched') unless delete $missed{$packed};
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
  if ($mask & IGNORED) { if ($watch != $top) { delete $watched{$watch}; %paths = () } return }
  my $here = path_of($watch);
  return unless defined $here;
  my $on_folder = $mask & ON_FOLDER ? 1 : 0;
  if ($name eq '') { put_masked($mask, $here, 1) unless excluded($here); return }
  my $path = join_path($here, $name);
  if ($mask & FROM) {
    $moving{$cookie} = { path => $path, folder => $on_folder, above => $watch, name => $name, round => $round };
  } elsif ($mask & TO) {
    my $move = delete $moving{$cookie};
    # What left is told before names mean something else, and one that comes back is watched anew.
    settle_moves($events, $round + 1) if $on_folder || !$move;
    my $old = $move ? pack('l a*', $move->{above}, $move->{name}) : undef;
    my $filled = 0;
    if ($on_folder && !excluded($path)) { $filled = watch_below($events, $base, $watch, $name, $old) }
    elsif ($on_folder && $move) { unwatch($events, $move->{above}, $move->{name}) }
    put_moved($move ? $move->{path} : undef, $path, $on_folder);
    put('S', $path, 'unwatched') if $filled;
  } elsif (!excluded($path)) {
    if ($on_folder && $mask & CREATE) {
      # The watch of one that left is not to be taken for this one's.
      settle_moves($events, $round + 1);
      if (watch_below($events, $base, $watch, $name)) { $held = 1; put('S', $path, 'unwatched') }
    }
    put_masked($mask, $path, $on_folder);
  }
}

sub in_open {
  (%watched, %moving, %paths, %missed) = ();
  $heard = '';
  $confused = 0;
  undef $top;
  my $fd = syscall($call->{in_init}, O_CLOEXEC | O_NONBLOCK);
  end_with('no-watches-left', "inotify cannot be asked: $!") if $fd < 0;
  my $events = take_handle($fd);
  sysopen(my $base, $folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) or return;
  watch_below($events, $base, undef, '');
  return defined $top ? $events : undef;
}

# Looks at some of what was heard. Gives where to listen from then on: another one where the kernel lost something.
sub in_look {
  my ($events, $at, $round) = @_;
  return if !still_there($at);
  sysopen(my $base, $folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) or return;
  my $from = 0;
  my $end = length $heard < SLICE ? length $heard : SLICE;
  while ($from < $end) {
    my ($watch, $mask, $cookie, $length) = unpack('lLLL', substr($heard, $from, 16));
    my $name = unpack('Z*', substr($heard, $from + 16, $length));
    $from += 16 + $length;
    # Folders may have been made that nobody told of: all of them are watched anew.
    if ($mask & LOST) { undef $base; return in_again() }
    in_one($events, $base, $round, $watch, $mask, $cookie, $name);
  }
  substr($heard, 0, $from, '');
  return $events;
}
sub in_again {
  my $events = in_open();
  lose();
  return $events;
}

sub follow_inotify {
  my ($events, $at) = @_;
  my ($checked, $round) = (0, 0);
  while (1) {
    my $second = time;
    $round += 1;
    my $all = hear($events);
    my $looked = length $heard && has_room();
    if ($looked) { $events = in_look($events, $at, $round) or return }
    my $done = $all && !$looked && !length $heard;
    if ($done && $confused) { $events = in_again() or return; $done = 0 }
    look_again($events) if $done && %missed;
    if ($done) { settle_moves($events, $round - 1); tick($second, scalar keys %watched) unless %moving }
    flush_some() if $done || length $out >= PORTION || !has_room();
    if ($checked != $second) { $checked = $second; return unless still_there($at) }
    next if !$done && has_room();
    give_back();
    wait_for($events, %moving ? 0.05 : 1);
  }
}
`;
