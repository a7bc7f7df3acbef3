// What the proof knows of each kind of thing that can be declared.
import type { World } from './world.ts';

/** Options by name; undefined: it must not be there. */
export type Held = Readonly<Record<string, unknown>>;
type Stage = Readonly<{ entry: string; holds: Held }>;

export type Kind = Readonly<{
  what: string;
  /** of the mission */
  row: string;
  /** the estate with that entry, or without one */
  text(entry: string | undefined): string;
  held(world: World): Promise<Held | undefined>;
  created: Stage;
  changed?: Stage;
  unset?: Stage;
  /** of a foreign hand: `same` says in other words what `created` declares, `other` does not */
  otherwise?: Readonly<{ same: object; other: object }>;
}>;
