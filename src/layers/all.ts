// Every layer there is: the only file that knows them all.
import type { LayerKind } from '../contracts/layer.ts';
import { diskImage } from './disk-image/layer.ts';

export const layers = [diskImage] as const satisfies readonly LayerKind[];
