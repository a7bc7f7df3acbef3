// `on`: the servers that an entry at the top of the estate is for. What several servers have alike is written once.
import type { FoundOn } from '../../contracts/resource.ts';
import type { Estate } from '../../model/estate.ts';
import { canonical, type Json } from '../../values/canonical.ts';

export const serversFor = (on: readonly string[] | undefined, { pve }: Pick<Estate, 'pve'>): readonly string[] =>
  on ?? pve.map(({ name }) => name);

type Entry = Readonly<Record<string, Json>>;

export function onServers(found: readonly FoundOn[], entryOf: (one: FoundOn) => Entry): readonly Entry[] {
  const alike = Map.groupBy(found, (one) => canonical(entryOf(one)));
  return [...alike.values()].flatMap((ones) => {
    const [first] = ones;
    if (first === undefined) return [];
    return [{ ...entryOf(first), on: ones.map(({ server }) => server).sort() }];
  });
}
