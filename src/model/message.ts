// What a channel carries: findings that appeared, stayed or went, or a run that ended.
import type { Instant } from '../values/instant.ts';
import type { Finding } from './finding.ts';

export type Message = Readonly<{
  /** the same for the same message, so that a receiver can drop a second delivery */
  id: string;
  at: Instant;
  estate: string;
  title: string;
  findings: readonly Readonly<{ state: 'appeared' | 'still' | 'gone'; finding: Finding }>[];
}>;
