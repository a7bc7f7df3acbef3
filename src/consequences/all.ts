// The only file that knows every consequence.
import type { Consequence } from '../contracts/consequence.ts';

export const consequences: readonly Consequence[] = [];
