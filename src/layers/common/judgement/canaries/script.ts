// Reads, writes and removes canaries in a tree that others write to: one perl(1), of what every Debian has. It goes from folder to
// folder by what it holds open (fchdir), never by a path that somebody could bend meanwhile, and follows no link.

/**
 * Arguments: what to do, and the root. Fed a path, the bytes of a content in decimal, and the content; the first two end in a NUL.
 * Says for each of them, on a line: `ok`, `none`, `other` (something else lies there) or `! WORDS`.
 */
export const canaryScript = `
use strict; use warnings; use Fcntl qw(O_RDONLY O_WRONLY O_CREAT O_EXCL O_NOFOLLOW O_NONBLOCK O_DIRECTORY);
use Errno qw(ENOENT ENOTDIR ELOOP EEXIST);
my ($what, $root) = @ARGV; $| = 1; binmode STDIN; binmode STDOUT; umask 077;
sub enter {
  my ($path) = @_;
  chdir($root) or return 0;
  for my $name (split m{/}, $path) {
    next if $name eq '';
    sysopen(my $folder, $name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK) or return 0;
    chdir($folder) or return 0;
  }
  return 1;
}
sub compare {
  my ($name, $content) = @_;
  if (!sysopen(my $file, $name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)) {
    return $!{ENOENT} ? 'none' : $!{ELOOP} ? 'other' : "! $!";
  } else {
    return 'other' unless -f $file && -s _ == length $content;
    my $found = '';
    while (length $found < length $content) { last unless sysread($file, $found, length($content) - length $found, length $found) }
    return $found eq $content ? 'ok' : 'other';
  }
}
sub plant {
  my ($name, $content, $time) = @_;
  my @around = stat('.');
  if (!sysopen(my $file, $name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600)) {
    return $!{EEXIST} ? compare($name, $content) : "! $!";
  } else {
    my $at = 0;
    while ($at < length $content) { my $put = syswrite($file, $content, length($content) - $at, $at) or return "! $!"; $at += $put }
    chown($around[4], $around[5], $file) or return "! $!";
    chmod(($around[2] & 0666) | 0600, $file) or return "! $!";
    utime($time, $time, $file);
    close($file) or return "! $!";
    return 'ok';
  }
}
sub part { local $/ = "\\0"; my $part = <STDIN>; chomp $part if defined $part; return $part }
my $turn = 0;
while (defined(my $path = part())) {
  my $many = part();
  my $content = '';
  last if $many > 0 && (read(STDIN, $content, $many) // 0) != $many;
  my $cut = rindex($path, '/'); my ($folder, $name) = $cut < 0 ? ('', $path) : (substr($path, 0, $cut), substr($path, $cut + 1));
  if (!enter($folder)) { print $!{ENOENT} || $!{ENOTDIR} || $!{ELOOP} ? "none\\n" : "! $!\\n"; next }
  if ($what eq 'plant') { print plant($name, $content, time() - 86400 * (100 + 317 * ($turn++ % 9))), "\\n" }
  else {
    my $is = compare($name, $content);
    if ($what eq 'remove' && $is eq 'ok') { unlink($name) or $is = "! $!" }
    print "$is\\n";
  }
}
`;
