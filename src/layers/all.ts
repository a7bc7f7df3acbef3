// The only file that knows every layer.
import type { LayerKind } from '../contracts/layer.ts';

export const layers: readonly LayerKind[] = [];
