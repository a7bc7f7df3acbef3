// Every other name of files that have several: whoever changes a file through one of its names changes it under all of them, and the
// journal knows only the one that was used. Of a folder that comes as a whole, nobody told the names.
import type { Path } from '../../model/change-journal.ts';
import { commandFailed } from '../common/commands.ts';
import { split } from '../common/records.ts';
import { confined } from './confined.ts';
import { below, type Decision } from './decide.ts';
import { foldersAbove, type MirrorPlace } from './places.ts';
import { filesBelow, isFolder, isThere, type Linked, type State, type States, type There } from './states.ts';

const script = `my ($list) = do { local $/; <STDIN> };
my %wanted = map { $_ => 1 } split / /, $list;
open(my $found, '-|', qw(find . -xdev -type f -links +1 -printf), '%i/%P\\0') or die "find: $!\\n";
binmode $found; binmode STDOUT;
local $/ = "\\0";
while (<$found>) { my ($file, $path) = split m{/}, $_, 2; print $path if $wanted{$file} }
close($found) or $? >> 8 == 1 or die "find ended with $?\\n";`;

/** Names of files that have several. */
export type Named = ReadonlyMap<Path, Linked>;

export const linkedAmong = (share: States): Named =>
  new Map([...share].flatMap(([path, state]) => (isLinked(state) ? [[path, state] as const] : [])));

const isLinked = (state: State): state is There => isThere(state) && state.type === 'file' && state.links > 1;

/** In folders that come as a whole. What is moved into them does not come with them. */
export async function linkedComing(
  { source, entry }: MirrorPlace,
  { bring, moved }: Pick<Decision, 'bring' | 'moved'>,
  signal: AbortSignal,
): Promise<Named> {
  const coming = new Set(bring.filter(({ state }) => isFolder(state)).map(({ path }) => path));
  const staying = new Set(moved.map(({ to }) => to));
  const found = new Map<Path, Linked>();
  for await (const { path, links, file } of filesBelow(source, entry.from.folder, [...coming], signal)) {
    if (links < 2) continue;
    const nearest = [...foldersAbove(path)].findLast((above) => coming.has(above) || staying.has(above));
    if (nearest === undefined || coming.has(nearest)) found.set(path, { links, file });
  }
  return found;
}

/** What comes below a folder that is moved into one that comes, and is one file with something that comes with that, or by itself. */
export function tiedIn({ bring, moved }: Pick<Decision, 'bring' | 'moved'>, named: Named): Decision['tied'] {
  const isInto = below(moved.filter(({ into }) => into).map(({ to }) => to));
  const itself = new Set(bring.map(({ path }) => path));
  const isComing = below(bring.filter(({ state }) => isFolder(state)).map(({ path }) => path));
  const comes = [...named].filter(([path]) => itself.has(path) || isComing(path));
  const other = new Map(comes.filter(([path]) => !isInto(path)).map(([path, { file }]) => [file, path]));
  return comes.flatMap(([path, { file }]) => {
    const to = other.get(file);
    return to === undefined || !isInto(path) ? [] : [{ path, to }];
  });
}

/** Files of which not every name is among these. */
export function withOthers(named: Named): readonly string[] {
  const names = new Map<string, number>();
  const links = new Map<string, number>();
  for (const { file, links: several } of named.values()) {
    names.set(file, (names.get(file) ?? 0) + 1);
    links.set(file, several);
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
