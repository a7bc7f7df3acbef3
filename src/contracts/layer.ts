// A way of protecting: a folder of its own in `layers/`, and one line in `layers/all.ts`. A layer makes steps; the one
// engine carries them out. Everything it promises is in its manifest.
import type { ZodType } from 'zod';
import type { LayerEntry } from '../model/estate.ts';
import type { Note, Refusal } from '../model/plan.ts';
import type { RestorePoint } from '../model/restore-point.ts';
import type { Route } from '../model/route.ts';
import type { Step } from '../model/step.ts';
import type { Json } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';
import type { StepKind } from './step-kind.ts';
import type { World } from './world.ts';

/** A place a layer writes to and deletes in. Every prefix has exactly one owner (DESIGN 5, rule 3). */
export type Destination = Readonly<{ machine: string; folder: string }>;

export type Planned = Readonly<{
  steps: readonly Step[];
  notes: readonly Note[];
  refusals: readonly Refusal[];
}>;

export type LayerContext = Readonly<{
  timeZone: string;
  now: Instant;
  /** every layer of the estate: one may work from what another has made (files from snapshots) */
  layers: readonly LayerEntry[];
}>;

/** `target`: a folder, a volume, whatever the layer restores into; undefined: in place of what is there now. */
export type RestoreWish = Readonly<{
  point: RestorePoint;
  target: string | undefined;
  /** what is replaced stays beside what replaces it, where the layer could remove it */
  keepOld?: boolean;
  /** of a layer that `holdsPaths`: this file or folder alone, from the root of what was copied; else one of its `parts` */
  only?: string | undefined;
}>;
/** What `--to` may be, and what that means: shown where none was given. */
export type RestoreTarget = Readonly<{ to: string; says: string }>;

/** A layer as its folder writes it: everything is typed by its own entry. */
export type LayerOf<Entry extends LayerEntry> = Readonly<{
  kind: Entry['kind'];
  schema: ZodType<Entry>;
  destinations(entry: Entry): readonly Destination[];
  /** which bytes it carries where, and what it leaves out; pure. Nothing where it copies nothing */
  routes(entry: Entry, context: Pick<LayerContext, 'layers'>): readonly Route[];
  /** what one run of the layer does; pure */
  protect(entry: Entry, context: LayerContext): Planned;
  /**
   * sealed points in the layer's destinations, oldest first; `remark` is told of everything else that lies there (a point
   * that is damaged or was never finished, something foreign), which is never silently left out
   */
  points(entry: Entry, world: World, remark?: (note: Note) => void): Promise<readonly RestorePoint[]>;
  /** points of one series take each other's place: by retention each loses only its own. Without it, all are of one */
  series?(point: RestorePoint): string;
  /** for a layer that restores into something else than a folder: `--to` is then taken as it was typed */
  targets?(entry: Entry, point: RestorePoint): readonly RestoreTarget[];
  /** its points hold trees, of which one file or folder may be brought back */
  holdsPaths?: true;
  /** what the point has that may be brought back alone, by name: databases */
  parts?(point: RestorePoint): readonly string[];
  /** what must be known of the world before a restore can be planned: who uses what is replaced. It changes nothing */
  scout?(entry: Entry, wish: RestoreWish, world: World, signal: AbortSignal): Promise<Json>;
  /** what bringing this point back there does; pure. `scouted` is what `scout` brought, where the layer has one */
  restore(entry: Entry, wish: RestoreWish, context: LayerContext, scouted?: Json): Planned;
  /** where canaries may be planted for it: the tree that it copies, where that lies in a folder of a machine */
  canaries?(entry: Entry): Readonly<{ machine: string; folder: string }> | undefined;
  stepKinds: readonly StepKind[];
}>;

/** A layer as everybody else sees it. The entry was parsed by the layer's own schema when the estate was read. */
export type LayerKind = LayerOf<LayerEntry>;

export function defineLayer<Entry extends LayerEntry>(layer: LayerOf<Entry>): LayerKind {
  // The one place where a layer's own type is forgotten: the entry's `kind` has chosen this layer.
  return layer as unknown as LayerKind;
}
