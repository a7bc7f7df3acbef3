// The word somebody probably meant.

/** How many letters must be added, removed, changed, or swapped with their neighbour. */
export function distance(one: string, other: string): number {
  let twoBack: number[] = [];
  let back = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const here = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const changed = (back[column - 1] ?? 0) + (same ? 0 : 1);
      const added = Math.min(back[column] ?? 0, here[column - 1] ?? 0) + 1;
      const turned = swapped && row > 1 ? (twoBack[column - 2] ?? 0) + 1 : changed;
      here.push(Math.min(changed, added, turned));
    }
    twoBack = back;
    back = here;
  }
  return back[other.length] ?? 0;
}

// prune-backups and pruneBackups are how others spell prune_backups.
const spelled = (word: string): string =>
  word
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();

/** A third of the letters may be wrong, and two at the most; longer words than that nobody compares. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  const allowed = Math.min(2, Math.floor(word.length / 3));
  let best: string | undefined;
  let least = allowed + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) > 8) continue;
    const wrong = distance(spelled(word), spelled(candidate));
    if (wrong < least) [best, least] = [candidate, wrong];
  }
  return best;
}
