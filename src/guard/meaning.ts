import type { ChangeClass } from '../model/step.ts';

/** What a change means for what is protected, and why, as the end of a sentence that begins with the field. */
export type Meaning = Readonly<{ class: ChangeClass; because: string }>;
export const meaning = (name: ChangeClass, because: string): Meaning => ({ class: name, because });
