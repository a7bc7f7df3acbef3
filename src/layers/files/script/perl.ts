// What the script has perl do with records: only with those that differ, but for the counting of a first run. perl-base is on every Debian.
import { holeyInPerl } from '../../common/holes/rule.ts';

/** A record as `scan` writes it: `PATH//TYPE MODE UID GID SIZE MODIFIED TARGET//CHANGED LINKS INODE`, and ` !` where it may yet change unseen. */
export const recordFields = `
use strict; use warnings; $/ = "\\0";
sub fields {
  my ($record) = @_; chomp $record;
  my $at = index($record, '//'); my $end = rindex($record, '//');
  my @shape = split / /, substr($record, $at + 2, $end - $at - 2), 7;
  my @identity = split / /, substr($record, $end + 2);
  my $plain = $record; $plain =~ s/ !$//;
  return { plain => $plain, path => substr($record, 0, $at), type => $shape[0], owned => "@shape[1 .. 3]", size => $shape[4], modified => $shape[5], target => $shape[6],
    links => $identity[1], inode => $identity[2] };
}
sub records { my ($file) = @_; open(my $in, '<', $file) or die "$file: $!\\n"; map { fields($_) } <$in> }
sub names { my ($file, @names) = @_; open(my $out, '>', $file) or die "$file: $!\\n"; print $out map { "$_\\0" } @names; close($out) or die "$file: $!\\n" }
`;

/**
 * $ARGV[0] are records that were and are no more, $ARGV[1] those that are new. Writes the lists that \`apply\` works from. A file whose
 * size and time are as before is compared by its content; so are all names of a hard-linked one, which must go through one rsync.
 * $ARGV[2]: whether the target can clone; of what is smaller than a mebibyte a clone would spare nothing.
 */
export const listsProgram = `${recordFields}
my %old = map { $_->{path} => $_ } records($ARGV[0]);
my @new = records($ARGV[1]);
my %new = map { $_->{path} => $_ } @new;
my (@remove, @rmdirs, @plain, @compared, @sparse, @cloned, @entries, @files, %folders);
for my $path (sort keys %old) {
  if ($old{$path}{type} ne 'd') { push @remove, $path }
  elsif (!$new{$path} || $new{$path}{type} ne 'd') { push @rmdirs, $path }
}
for my $one (@new) {
  my ($path, $was) = ($one->{path}, $old{$one->{path}});
  if ($one->{type} eq 'd') { $folders{$path} = 1; next }
  push @entries, $path; push @files, "./$path" if $one->{type} eq 'f';
  my $same = $was && $was->{type} eq $one->{type} && $was->{size} eq $one->{size} && $was->{modified} eq $one->{modified};
  if ($one->{type} eq 'f' && ${holeyInPerl('$one->{size}', '0')}) {
    my @stat = lstat("work/source/$path");
    if (@stat && ${holeyInPerl('$one->{size}', '$stat[12] * 512')}) { push @sparse, $path; next }
  }
  my $alone = $one->{links} == 1 && $was && $was->{type} eq 'f' && $was->{links} == 1;
  if ($alone && $ARGV[2] eq 'yes' && $was->{size} >= 1048576 && !($same && $was->{owned} eq $one->{owned})) { push @cloned, $path; next }
  if ($one->{links} > 1 || $same) { push @compared, $path } else { push @plain, $path }
}
# What is put into a folder, or taken out of it, changes its time: it is set again afterwards.
for my $path (keys %old, map { $_->{path} } @new) {
  next if $path eq '';
  my $parent = $path =~ m{^(.*)/}s ? $1 : '';
  next if $old{$parent} && $old{$parent}{type} eq 'd' && !($new{$parent} && $new{$parent}{type} eq 'd');
  $folders{$parent} = 1;
}
my $root = delete $folders{''};
names('work/remove', map { "./$_" } @remove);
names('work/rmdirs', map { "./$_" } reverse @rmdirs);
names('work/plain', @plain);
names('work/sparse', @sparse);
names('work/in-part', @cloned);
names('work/cloned', map { "./$_" } @cloned);
names('work/compared', @compared, sort keys %folders);
names('work/entries', @entries);
names('work/files', @files);
names('work/root', $root ? ('') : ());
`;

/** getfattr's dump as records \`PATH//NAME=HEX\\nNAME=HEX\`. tar keeps a SELinux label as text, so a NUL behind it means nothing. */
export const attributesProgram = `use strict; $/ = ""; while (my $block = <STDIN>) {
  my @lines = split /\\n/, $block; my $path = shift @lines; next unless $path =~ s/^# file: //;
  $path =~ s/\\\\([0-7]{3})/chr(oct($1))/ge; $path =~ s{^\\./}{}; $path = '' if $path eq '.';
  # How xfs shows an ACL a second time.
  @lines = grep { $_ ne '' && !/^trusted\\.SGI_ACL_/ } @lines or next;
  s/^(security\\.selinux=0x(?:[0-9a-f]{2})*?)(?:00)+$/$1/ for @lines;
  print "$path//", join("\\n", sort @lines), "\\0" }`;

/** The scan without what the tree does not hold ($ARGV[0], paths), and with what it holds otherwise (work/found-so, shapes). */
export const heldProgram = `use strict; $/ = "\\0"; open(my $in, '<', $ARGV[0]) or die; my %out = map { chomp; ($_ => 1) } <$in>;
open(my $scan, '<', 'work/scan') or die; while (<$scan>) { print unless $out{substr($_, 0, index($_, '//'))} }
open(my $found, '<', 'work/found-so') or die; while (<$found>) { chomp; print "$_//0 1 0\\0" }`;

/**
 * What the digests of a first copy lack: of the paths in work/copied-again those that are files are said, to be digested once more. What is in
 * the scan and needs no other is left in work/digests.
 */
export const staleProgram = `use strict; $/ = "\\0"; open(my $in, '<', 'work/copied-again') or die; my %again = map { chomp; ($_ => 1) } <$in>;
my %files; open($in, '<', 'work/scan') or die; while (<$in>) { my $at = index($_, '//'); $files{substr($_, 0, $at)} = 1 if substr($_, $at + 2, 1) eq 'f' }
open($in, '<', 'work/digests') or die; open(my $left, '>', 'work/digests.left') or die;
while (<$in>) { my $path = substr($_, 0, index($_, '//')); if ($again{$path} || !$files{$path}) { next } delete $files{$path}; print $left $_ }
close($left) or die "$!\\n"; print "$_\\0" for sort keys %files`;

/** Of paths, those that are still in the source, or cannot be asked for. */
export const thereProgram = `use strict; use Errno qw(ENOENT ENOTDIR); $/ = "\\0";
while (my $path = <STDIN>) { chomp $path; print "$path\\0" unless !lstat("work/source/$path") && ($! == ENOENT || $! == ENOTDIR) }`;

/** Mounts below the folder, which a bind mount does not show. */
export const mountsProgram = `use strict; my ($of) = @ARGV; $of = '' if $of eq '/'; open(my $in, '<', '/proc/self/mountinfo') or die;
while (<$in>) { my $at = (split / /)[4]; $at =~ s/\\\\([0-7]{3})/chr(oct($1))/ge; print substr($at, length($of) + 1), "\\0" if $at ne '/' && substr($at, 0, length($of) + 1) eq "$of/" }`;

/** Opens the folder itself, and no link that took its place, and mounts it at $ARGV[1]. */
export const mountProgram = `use Fcntl qw(O_RDONLY O_DIRECTORY O_NOFOLLOW); $^F = 255;
sysopen(my $folder, $ARGV[0], O_RDONLY | O_DIRECTORY | O_NOFOLLOW) or die "$ARGV[0]: $!\\n";
exec 'mount', '--no-canonicalize', '--bind', '--', '/proc/self/fd/' . fileno($folder), $ARGV[1]; die "mount: $!\\n"`;

/** How much $ARGV[0] and all that descends from it has read and written: a sign of life. */
export const aliveProgram = `my (%of, $sum); for my $dir (glob '/proc/[0-9]*') { open(my $in, '<', "$dir/stat") or next; my $line = <$in> // next;
my ($pid, $parent) = $line =~ /^(\\d+) \\(.*\\) \\S (\\d+)/s or next; push @{$of{$parent}}, $pid }
my @next = ($ARGV[0]); while (defined(my $pid = shift @next)) { push @next, @{$of{$pid} // []}; open(my $in, '<', "/proc/$pid/io") or next;
while (<$in>) { $sum += $1 if /^[rw]char: (\\d+)/ } } print "alive $sum\\n"`;

/** What is left of the records in $ARGV[2] without the paths that the records of the first two have. */
export const withoutProgram = `${recordFields}
my %out = map { $_->{path} => 1 } records($ARGV[0]), records($ARGV[1]);
open(my $in, '<', $ARGV[2]) or die "$!\\n"; while (my $record = <$in>) { print $record unless $out{substr($record, 0, index($record, '//'))} }`;

/**
 * The fate of everything that is not as it was: \`FATE OLD-SIZE NEW-SIZE PATH\`, sorted by path; folders are left out. \`touched\`: the same
 * content with other metadata. $ARGV: records that were, those that are new, the base's digests, the new digests.
 */
export const changesProgram = `${recordFields}
my %old = map { $_->{path} => $_ } grep { $_->{type} ne 'd' } records($ARGV[0]);
my %new = map { $_->{path} => $_ } grep { $_->{type} ne 'd' } records($ARGV[1]);
sub digests { my ($file, $of) = @_; my %found; open(my $in, '<', $file) or die "$!\\n";
  while (my $record = <$in>) { chomp $record; my $at = index($record, '//'); my $path = substr($record, 0, $at);
    $found{$path} = substr($record, $at + 2) if $of->{$path} } return \\%found }
my ($was, $is) = (digests($ARGV[2], \\%old), digests($ARGV[3], \\%new));
my %all = (%old, %new); my %sum;
for my $path (sort keys %all) {
  my ($one, $other) = ($old{$path}, $new{$path});
  my $fate = !$one ? 'new' : !$other ? 'gone' : $one->{type} ne $other->{type} || $one->{target} ne $other->{target} ||
    ($was->{$path} // '') ne ($is->{$path} // '') ? 'changed' : 'touched';
  # Only looked at again, because it might have changed within one tick.
  next if $fate eq 'touched' && $one->{plain} eq $other->{plain};
  my ($from, $to) = ($one ? $one->{size} : '-', $other ? $other->{size} : '-');
  $sum{$fate}++; $sum{"\${fate}_bytes"} += $other ? $to : $from; $sum{changed_bytes_before} += $from if $fate eq 'changed';
  print "$fate $from $to $path\\0";
}
print STDERR "change $_ $sum{$_}\\n" for sort keys %sum;`;

/** What a scan holds, in figures; and of hard-linked files that have names elsewhere, how many they have here. */
export const countsProgram = `use strict; $/ = "\\0"; my %of = (f => 'files', d => 'folders', l => 'links', p => 'fifos', b => 'devices', c => 'devices');
my %count = (bytes => 0); my (%here, %all);
while (my $record = <STDIN>) {
  chomp $record; my $at = index($record, '//') + 2; my $type = substr($record, $at, 1); $count{$of{$type}}++;
  my $end = rindex($record, '//');
  my (undef, $links, $inode) = split / /, substr($record, $end + 2);
  my $size = $type eq 'f' ? (split / /, substr($record, $at, $end - $at), 6)[4] : 0;
  if ($links > 1) { $count{bytes} += $size unless $here{$inode}++; $all{$inode} = $links } else { $count{bytes} += $size }
}
print "count $_ $count{$_}\\n" for sort keys %count;
open(my $out, '>', 'work/links') or die; for (sort keys %all) { print $out "$_//$here{$_}\\0" if $here{$_} != $all{$_} } close($out) or die "$!\\n";`;
