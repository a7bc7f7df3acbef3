// So many out of however many are offered, each as likely as any other, and the same ones each time. Pure.

export type Drawn<Item> = Readonly<{ items: readonly Item[]; of: number }>;

export function drawing<Item>(most: number): Readonly<{ offer(item: Item): void; drawn(): Drawn<Item> }> {
  const items: Item[] = [];
  const next = numbers(most);
  let of = 0;
  return {
    offer: (item) => {
      of += 1;
      if (items.length < most) items.push(item);
      else {
        const at = Math.floor(next() * of);
        if (at < most) items[at] = item;
      }
    },
    drawn: () => ({ items, of }),
  };
}

/** Between 0 and 1, evenly (mulberry32): a draw must be repeatable, not secret. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
