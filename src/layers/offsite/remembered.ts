// What one layer remembers from run to run: texts by key.
import * as z from 'zod';
import type { World } from '../../contracts/world.ts';
import type { OffsiteEntry } from './schema.ts';

type Named = Pick<OffsiteEntry, 'name'>;
export type Texts = Readonly<Record<string, string>>;

const texts = z.record(z.string(), z.string());

/** @param what names the memory, before the name of the layer */
export function remembered(what: string) {
  const key = ({ name }: Named): string => `${what} ${name}`;
  const all = (entry: Named, world: World): Texts => {
    const parsed = texts.safeParse(world.recall(key(entry))?.value);
    return parsed.success ? parsed.data : {};
  };
  return {
    all,
    add: (entry: Named, world: World, added: Texts): void =>
      world.remember(key(entry), { ...all(entry, world), ...added }),
  };
}
