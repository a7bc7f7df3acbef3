// Metric servers, sections of metricserver.cfg (facts: pbs-api section 8): an enabled one is contacted before it is written.
import type { PbsHost } from '../host.ts';
import { badRequest } from '../refusal.ts';
import type { Options } from '../state.ts';
import { type Kind, withTrimmedComment } from './section.ts';

/** `host:port`; a URL without a port has that of its scheme */
export function addressOf(options: Options): string {
  if (options['host'] !== undefined) return String(options['host']);
  const { protocol, hostname, port } = new URL(String(options['url']));
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function contact({ state }: PbsHost, options: Options): void {
  if (options['enable'] === false || state.reachable.includes(addressOf(options))) return;
  const at = addressOf(options);
  throw badRequest(
    `could not connect to ${options['url'] === undefined ? `udp server ${at}` : String(options['url'])}: error trying to connect: tcp connect error: Connection refused (os error 111)`,
  );
}

const metricServer = (type: 'influxdb-http' | 'influxdb-udp'): Kind => ({
  file: 'metricserver',
  path: `/config/metrics/${type}`,
  id: 'name',
  noun: 'metric server',
  type,
  entries: ({ metricServers }) => metricServers,
  notFoundOn: [],
  writeOnly: ['token'],
  mayCreate: (host, _call, options) => contact(host, options),
  mayChange: (host, _call, after) => contact(host, after),
  kept: (given) => withTrimmedComment(given),
});

export const influxHttp = metricServer('influxdb-http');
export const influxUdp = metricServer('influxdb-udp');
