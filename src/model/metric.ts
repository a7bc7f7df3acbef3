// A figure about the estate for Prometheus. Its labels are names that the operator gave or ids; never what a guest named.
import type { Instant } from '../values/instant.ts';

export type Sample = Readonly<{ labels: Readonly<Record<string, string>>; value: number }>;

export type MetricFamily = Readonly<{
  name: string;
  help: string;
  type: 'gauge' | 'counter';
  /** none: the family is left out, since nothing is known; nothing known is never said to be 0 */
  samples: readonly Sample[];
}>;

/** What goes to a Pushgateway in one piece: everything there is about one job. */
export type PushGroup = Readonly<{
  labels: Readonly<{ job: string }> & Readonly<Record<string, string>>;
  families: readonly MetricFamily[];
  /** the same in Prometheus' text format */
  text: string;
}>;

/** How a channel for metrics was last used, for as long as its state is kept. */
export type PushRecord = Readonly<{
  failures: number;
  failedAt: Instant | undefined;
  says: string | undefined;
  arrivedAt: Instant | undefined;
}>;
