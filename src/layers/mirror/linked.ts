// Every other name of files that have several: whoever changes a file through one of its names changes it under all of them, and the
// journal knows only the one that was used.
import type { Path } from '../../model/change-journal.ts';
import { commandFailed } from '../common/commands.ts';
import { split } from '../common/records.ts';
import { confined } from './confined.ts';
import type { MirrorPlace } from './places.ts';
import { isThere, type States } from './states.ts';

const script = `my ($list) = do { local $/; <STDIN> };
my %wanted = map { $_ => 1 } split / /, $list;
open(my $found, '-|', qw(find . -xdev -type f -links +1 -printf), '%i/%P\\0') or die "find: $!\\n";
binmode $found; binmode STDOUT;
local $/ = "\\0";
while (<$found>) { my ($file, $path) = split m{/}, $_, 2; print $path if $wanted{$file} }
close($found) or $? >> 8 == 1 or die "find ended with $?\\n";`;

/** Files of which not every name is among these. */
export function withOthers(share: States): readonly string[] {
  const names = new Map<string, number>();
  const links = new Map<string, number>();
  for (const state of share.values()) {
    if (!isThere(state) || state.type !== 'file' || state.links < 2) continue;
    names.set(state.file, (names.get(state.file) ?? 0) + 1);
    links.set(state.file, state.links);
  }
  return [...links].flatMap(([file, count]) => ((names.get(file) ?? 0) < count ? [file] : []));
}

/** The share is walked once, however many they are. */
export async function namesOf({ source, entry }: MirrorPlace, files: readonly string[], signal: AbortSignal) {
  const argv = confined(entry.from.folder, ['perl', '-e', script]);
  const { stdout, ended } = source.stream(argv, { signal, input: files.join(' ') });
  const names: Path[] = [];
  for await (const record of split(stdout, 0)) names.push(record.toString('latin1'));
  const end = await ended;
  if (end.exitCode !== 0) throw commandFailed(source, ['find', entry.from.folder], end);
  return names;
}
