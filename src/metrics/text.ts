// Figures as text: Prometheus' own format, and OpenMetrics for who asks for it. prom-client knows how both are written.
import type { RegistryContentType } from 'prom-client';
import type { MetricFamily } from '../model/metric.ts';

export type Format = 'prometheus' | 'openmetrics';

export type MetricsText = Readonly<{ text: string; contentType: string }>;

export async function metricsText(families: readonly MetricFamily[], format: Format): Promise<MetricsText> {
  // It brings a tree of its own; a command that prints no figures need not wait for it.
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(
    format === 'openmetrics' ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE,
  );
  for (const { name, help, type, samples } of families) {
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
    const about = { name, help, labelNames, registers: [registry] };
    if (type === 'counter') {
      const counter = new Counter(about);
      for (const { labels, value } of samples) counter.inc(labels, value);
    } else {
      const gauge = new Gauge(about);
      for (const { labels, value } of samples) gauge.set(labels, value);
    }
  }
  return { text: await registry.metrics(), contentType: registry.contentType };
}
