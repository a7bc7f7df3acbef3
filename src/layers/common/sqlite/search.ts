// Every database below a folder, at any depth and under any name: find(1) names the files, and one perl(1) looks into all of
// them, so that a volume of a million photos costs a million opened files, and not a million processes. Both are on every Debian.

import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { cut, shown } from '../../../values/text.ts';
import { lastWords } from '../commands.ts';
import { split } from '../records.ts';
import { type Found, foundIn, nameOf } from './found.ts';

/**
 * $ARGV[0] is the folder, what follows are patterns of absolute names; without any, everything below the folder is searched. O_NONBLOCK, because a FIFO may have taken the file's place; O_NOFOLLOW, because a link may have. What is
 * gone again is no error. A record that begins with `!` is a file that nobody could look into.
 */
const look = `
use strict; use warnings; use File::Glob qw(bsd_glob GLOB_BRACE GLOB_NOMAGIC GLOB_QUOTE); use Fcntl qw(O_RDONLY O_NOFOLLOW O_NONBLOCK); use Errno qw(ENOENT ENOTDIR ELOOP);
chdir shift(@ARGV) or die "$!\\n"; $/ = "\\0"; $| = 1;
my (@from, @depth);
if (@ARGV) {
  @depth = ('-maxdepth', '0'); my %seen;
  for my $pattern (@ARGV) {
    my @these = grep { lstat($_) } bsd_glob($pattern, GLOB_BRACE | GLOB_NOMAGIC | GLOB_QUOTE);
    print "!No such file$pattern\\0" unless @these;
    push @from, map { ".$_" } grep { !$seen{$_}++ } @these;
  }
  exit 0 unless @from;
} else { @from = ('.') }
open(my $names, '-|', 'find', @from, @depth, '-xdev', '-ignore_readdir_race', '-type', 'f', '-size', '+99c',
  '-printf', '%m %U %G %s %T@/%p\\\\0') or die "find: $!\\n";
my $looked = 0;
while (my $record = <$names>) {
  chomp $record; my $at = index($record, '/'); my $path = substr($record, $at + 3);
  print "+$looked\\0" if ++$looked % 5000 == 0;
  if (!sysopen(my $file, "./$path", O_RDONLY | O_NOFOLLOW | O_NONBLOCK)) {
    print "!$!/$path\\0" unless $!{ENOENT} || $!{ENOTDIR} || $!{ELOOP};
  } else {
    my $read = sysread($file, my $header, 100);
    if (!defined $read) { print "!$!/$path\\0" }
    elsif ($read == 100 && substr($header, 0, 16) eq "SQLite format 3\\0") {
      my @beside = map { my @of = lstat("./$path$_"); @of ? $of[7] : '-' } ('-wal', '-shm', '-journal');
      print join(' ', substr($record, 0, $at), @beside, unpack('H*', $header)), "/$path\\0";
    }
  }
}
close($names) or exit($? >> 8 || 1);
`;

export type Search = Readonly<{
  /** in the order of their names' bytes, on every machine the same */
  databases: readonly Found[];
  /** files that nobody could look into, and folders that nobody could read: what may be missing, in words */
  unread: readonly string[];
}>;

export type Searching = Readonly<{
  machine: Machine;
  folder: string;
  /** absolute names, or patterns of them; all that lies below the folder where there are none. The folder is `/` then */
  only?: readonly string[];
  signal: AbortSignal;
  looked(files: number): void;
}>;

/** @throws Fault `folder-missing` where there is nothing to search */
export async function searchBelow({ machine, folder, only = [], signal, looked }: Searching): Promise<Search> {
  if ((await machine.files.info(folder))?.type !== 'folder') throw missing(folder);
  const { stdout, ended } = machine.stream(['perl', '-e', look, '--', folder, ...only], { signal });
  const databases: Found[] = [];
  const unread: string[] = [];
  for await (const record of split(stdout, 0)) {
    if (record[0] === 0x2b) looked(Number(record.subarray(1)));
    else if (record[0] === 0x21) unread.push(unreadIn(record));
    else databases.push(foundIn(record));
  }
  const end = await ended;
  if (end.exitCode !== 0 || end.stderr !== '') unread.push(`find: ${lastWords(end)}`);
  return { databases: databases.sort((one, other) => Buffer.compare(one.path, other.path)), unread };
}

function unreadIn(record: Buffer): string {
  const at = record.indexOf('/');
  return `${nameOf({ path: record.subarray(at + 1) })}: ${cut(shown(record.subarray(1, at).toString()), 100)}`;
}

const missing = (folder: string): Fault =>
  new Fault('folder-missing', {
    where: shown(folder),
    says: 'there is no such folder; nothing was copied, and nothing was removed',
    remedy: 'mount the disk it lies on, or correct `from` in the estate',
  });
