// What asks the kernel. Perl, of which Debian's perl-base (always there) is enough: Node has neither fanotify nor an inotify that
// says when it lost something. It writes words that end with NUL, which are read in listen.ts.
import { listenerBase } from './base.ts';
import { fanotifyListener } from './fanotify.ts';
import { inotifyListener } from './inotify.ts';

// The folder, as it comes and goes.
const following = `
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

export const listenerScript = [listenerBase, fanotifyListener, inotifyListener, following].join('\n');
