// What a copy shares with the one before was read back with that one. A disk can lose it since, so that from time to time all of it is read.
import type { World } from '../../contracts/world.ts';
import type { Machine } from '../../machines/machine.ts';
import { between, type Instant, parseInstant } from '../../values/instant.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import { commandFailed } from '../common/commands.ts';
import { split } from '../common/records.ts';
import { remembered } from './remembered.ts';
import type { OffsiteEntry } from './schema.ts';

const memory = remembered('offsite read back');

/** Who does not know when it last was, reads all of it. */
export function isWholeDue(entry: Pick<OffsiteEntry, 'name' | 'read_back'>, world: World, series: string): boolean {
  const last = parseInstant(memory.all(entry, world)[series] ?? '');
  const every = parseTimeSpan(entry.read_back);
  return last === undefined || typeof every !== 'number' || between(last, world.clock.now()) >= every;
}

export function rememberWhole(
  entry: Pick<OffsiteEntry, 'name'>,
  world: World,
  series: string,
  now: Instant = world.clock.now(),
): void {
  memory.add(entry, world, { [series]: now });
}

// Inodes of the bases first, then those of the copy with their names: sorted, each name stands behind what else is that file. sh(1) tells
// only how the last of a pipe ended: how the first did comes beside it, or names that find(1) could not reach would pass for read.
const script = `set -u -f
export LC_ALL=C
new=$1
shift
inodes() { for base; do find "$base" -type f -printf '%i \\0' || return; done; find "$new" -type f -printf '%i %P\\0'; }
exec 4>&1
ended=$({ { inodes "$@"; echo $? >&3; } | sort --zero-terminated --key=1,1n --stable |
  perl -0ne 'my ($file, $path) = /^(\\d+) (.*)\\0\\z/s or die; if ($file ne ($last // "")) { $last = $file; $shared = $path eq "" }
    print "$path\\0" unless $path eq "" || $shared' >&4; } 3>&1) && [ "$ended" = 0 ]`;

/** Files of a copy, by their paths as bytes, that are no file of one of the bases as well. */
export async function* unshared(
  machine: Machine,
  folder: string,
  bases: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { stdout, ended } = machine.stream(['sh', '-c', script, 'sh', folder, ...bases], { signal });
  yield* split(stdout, 0);
  const end = await ended;
  if (end.exitCode !== 0) throw commandFailed(machine, ['find', folder], end);
}
