// A declared bandwidth in bytes a second.
import { parseByteSize, sizeOf } from '../../values/byte-size.ts';

export function rateOf(declared: string): number | undefined {
  const parsed = parseByteSize(declared);
  return parsed === undefined ? undefined : sizeOf(parsed);
}
