// The layers of an estate, each with its kind.
import type { LayerKind } from './contracts/layer.ts';
import { kinds } from './kinds.ts';
import type { Estate, LayerEntry } from './model/estate.ts';

export type LayerOfEstate = Readonly<{ layer: LayerKind; entry: LayerEntry }>;

export function layersOf(estate: Estate): readonly LayerOfEstate[] {
  return estate.layers.flatMap((entry) => {
    const layer: LayerKind | undefined = kinds.layers.find(({ kind }) => kind === entry.kind);
    return layer === undefined ? [] : [{ layer, entry }];
  });
}
