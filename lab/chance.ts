// Chance that repeats: the order of lists is random on a real server, and the same on every run of a test.

export type Chance = Readonly<{
  /** from 0 up to, but without, 1 */
  next(): number;
  /** the same entries in another order */
  shuffled<Entry>(entries: readonly Entry[]): Entry[];
}>;

/** One and the same sequence for one and the same seed (mulberry32). */
export function chanceFrom(seed: number): Chance {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    shuffled: (entries) =>
      entries
        .map((entry) => ({ entry, at: next() }))
        .sort((one, other) => one.at - other.at)
        .map(({ entry }) => entry),
  };
}
