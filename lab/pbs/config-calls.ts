// Remotes, traffic control, S3 and metric servers: their sections, and the questions that lead elsewhere (facts: pbs-api
// sections 6, 8).
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required, text } from './host.ts';
import { badRequest, PbsRefusal } from './refusal.ts';
import { bucketsAt } from './s3-service.ts';
import { addressOf, influxHttp, influxUdp } from './sections/metric-server.ts';
import { remote } from './sections/remote.ts';
import { s3Client } from './sections/s3-client.ts';
import { entryNamed, sectionHandlers } from './sections/section.ts';
import { trafficRule } from './sections/traffic-rule.ts';
import { remoteNamed, rowsAt } from './sync-remote.ts';

/** What the remote shows its login, as it is there now. */
async function scan(host: PbsHost, call: PbsCall, path: string): Promise<Outcome> {
  const there = remoteNamed(host, required(call.params, 'name'));
  try {
    return answerWith(await rowsAt(there, path));
  } catch (thrown) {
    throw new PbsRefusal(500, `failed to scan remote '${there.name}' - ${(thrown as Error).message}`);
  }
}

const storeAt = ({ params }: PbsCall): string => `/admin/datastore/${encodeURIComponent(required(params, 'store'))}`;

async function bucketNames(host: PbsHost, client: string): Promise<readonly string[]> {
  const { id } = entryNamed(s3Client, host.state, client, 'GET');
  return bucketsAt(host, id).catch((thrown: unknown) => {
    throw badRequest((thrown as Error).message);
  });
}

async function listBuckets(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const names = await bucketNames(host, required(call.params, 'id'));
  return answerWith(host.chance.shuffled(names).map((name) => ({ name })));
}

async function checkBucket(host: PbsHost, call: PbsCall): Promise<Outcome> {
  const bucket = required(call.params, 'bucket');
  if (!(await bucketNames(host, required(call.params, 's3-endpoint-id'))).includes(bucket))
    throw badRequest(`head object failed: bucket '${bucket}' does not exist or is not accessible`);
  return answerWith(null);
}

export const configCalls: PbsHandlers = {
  ...sectionHandlers(remote),
  'GET /config/remote/{name}/scan': (host, call) => scan(host, call, '/admin/datastore'),
  'GET /config/remote/{name}/scan/{store}/namespaces': (host, call) => scan(host, call, `${storeAt(call)}/namespace`),
  'GET /config/remote/{name}/scan/{store}/groups': (host, call) => {
    const namespace = text(call.params, 'namespace') ?? '';
    const query = namespace === '' ? '' : `?ns=${encodeURIComponent(namespace)}`;
    return scan(host, call, `${storeAt(call)}/groups${query}`);
  },
  ...sectionHandlers(trafficRule),
  'GET /admin/traffic-control': ({ state, chance }) => {
    const rows = state.trafficRules.map(({ id, options }) => ({ name: id, ...options }));
    return answerWith(chance.shuffled(rows).map((row) => ({ ...row, 'cur-rate-in': 0, 'cur-rate-out': 0 })));
  },
  ...sectionHandlers(s3Client),
  'GET /config/s3/{id}/list-buckets': listBuckets,
  'PUT /admin/s3/{s3-endpoint-id}/check': checkBucket,
  // Nothing is counted in the lab, so nothing has to be set back.
  'PUT /admin/s3/{s3-endpoint-id}/reset-counters': checkBucket,
  ...sectionHandlers(influxHttp),
  ...sectionHandlers(influxUdp),
  'GET /admin/metrics': ({ state, chance }) =>
    answerWith(
      chance.shuffled(state.metricServers).map(({ id, type, options }) => ({
        name: id,
        type,
        ...(options['enable'] === undefined ? {} : { enable: options['enable'] }),
        server: type === 'influxdb-http' ? String(options['url']) : addressOf(options),
        ...(options['comment'] === undefined ? {} : { comment: options['comment'] }),
      })),
    ),
};
