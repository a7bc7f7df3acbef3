// All figures of an estate, within bounds: whatever an estate or a cluster grows to, the number of series does not.
import type { MetricFamily, Sample } from '../model/metric.ts';
import { cut, shown } from '../values/text.ts';
import { family, type Known } from './known.ts';
import { ownMetrics } from './own-metrics.ts';
import { seedMetrics } from './seed-metrics.ts';

export const mostSamples = 2000;
const longestLabel = 200;

/** Families of which nothing is known are left out. */
export function metricsOf(known: Known): readonly MetricFamily[] {
  const families = [...seedMetrics(known), ...ownMetrics(known)].filter(({ samples }) => samples.length > 0);
  const dropped = families.map(({ name, samples }) => ({
    labels: { family: name },
    value: Math.max(0, samples.length - mostSamples) || undefined,
  }));
  const help = `Series left out, since one family has at most ${mostSamples}.`;
  return [...families.map(bounded), family('gauge', 'holdfast_series_left_out', help, dropped)].filter(
    ({ samples }) => samples.length > 0,
  );
}

const bounded = (one: MetricFamily): MetricFamily => ({
  ...one,
  samples: one.samples.slice(0, mostSamples).map(({ labels, value }) => ({ labels: plain(labels), value })),
});

const plain = (labels: Sample['labels']): Sample['labels'] =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, cut(shown(value), longestLabel)]));
