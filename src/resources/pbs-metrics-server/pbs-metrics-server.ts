// Metric servers of a PBS: two lists of one file (facts: pbs-api section 8). An enabled one is contacted before it is written.
import { entriesAt } from '../../proxmox/config-entries.ts';
import { defineResource } from '../common/define.ts';
import { flag, number, text } from '../common/field.ts';
import { type KindsOf, resourceOfKinds } from '../common/kinds-resource.ts';
import { withLogin } from '../common/write-only.ts';
import { type MetricsServerEntry, metricsServers } from './pbs-metrics-server-schema.ts';

const listOf = (kind: string) =>
  entriesAt({ ...{ file: 'metricserver.cfg', what: 'metric servers', folder: `config/metrics/${kind}`, id: 'name' } });

const common = { enabled: flag('enable', true), comment: text('comment') };

const kinds: KindsOf<MetricsServerEntry> = {
  'influxdb-http': {
    entries: listOf('influxdb-http'),
    fields: {
      url: text('url', { undeletable: true }),
      organization: text('organization', {}, 'proxmox'),
      bucket: text('bucket', {}, 'proxmox'),
      max_body_size: number('max-body-size', 25_000_000),
      verify_tls: flag('verify-tls', true),
      ...common,
    },
    adapt: (resource) => withLogin(resource, 'url'),
    more: ({ token }) => (token === undefined ? {} : { secrets: { token } }),
  },
  'influxdb-udp': {
    entries: listOf('influxdb-udp'),
    fields: { host: text('host', { undeletable: true }), mtu: number('mtu', 1500), ...common },
  },
};

export const pbsMetricsServer = defineResource(
  resourceOfKinds<MetricsServerEntry>({
    name: 'pbs-metrics-server',
    title: 'metric server',
    path: 'pbs[].metrics_servers[]',
    key: 'metrics_servers',
    schema: metricsServers,
    kinds,
  }),
);
