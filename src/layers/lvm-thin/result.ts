// What a run of this layer knows of its volumes: the result of its step `discover` as it was found, that of its step `retain` as
// the run left it. Plain JSON, in the journal. What is expected, excluded and done, item by item, is in `itemResults`
// (model/item-results.ts); here stands what has no place there.
import type { ItemResults } from '../../model/item-results.ts';
import type { Instant } from '../../values/instant.ts';

export type VolumeState = Readonly<{
  lv: string;
  uuid: string;
  /** the item's name, as in `itemResults` */
  name: string;
  /** the cluster's handle, or VG/LV */
  volume: string;
  bytes: number;
  /** of its newest sealed point; null: it has none */
  newest: Instant | null;
  points: number;
}>;

export type LvmThinResult = Readonly<{
  format: 1;
  at: Instant;
  machine: string;
  volume_group: string;
  pool: string;
  volumes: readonly VolumeState[];
  /** sealed points of this layer, those of volumes that are gone among them */
  points: number;
  /** protected, and nobody's */
  orphans: readonly Readonly<{ lv: string; name: string; because: string }>[];
  /** volumes of the cluster that no volume here backs */
  gaps: readonly Readonly<{ volume: string; claim: string | null; storage_class: string | null }>[];
  /** not touched since the cluster is silent and they might be excluded */
  held_back: readonly string[];
  skipped: readonly Readonly<{ lv: string; because: string }>[];
  /** null where the layer asks no cluster; `silent`: why it could not be asked, and `at` is then of its last answer */
  cluster: Readonly<{ name: string; at: Instant | null; silent: string | null }> | null;
  days_to_full: number | null;
  itemResults: ItemResults;
}>;
