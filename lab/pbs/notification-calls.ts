// Notification targets as one list, a test of each, and what a matcher can look at (facts: pbs-api section 8).
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required } from './host.ts';
import { badRequest, notFound, PbsRefusal } from './refusal.ts';
import { endpointKinds, matcher, originOf } from './sections/notification.ts';
import { entriesOf, sectionHandlers } from './sections/section.ts';
import type { Section } from './state.ts';

const targets = (host: PbsHost): readonly Section[] => endpointKinds.flatMap((kind) => entriesOf(kind, host.state));

const shown = (entry: Section) => ({
  name: entry.id,
  type: entry.type,
  origin: originOf(entry),
  ...(entry.options['comment'] === undefined ? {} : { comment: entry.options['comment'] }),
  ...(entry.options['disable'] === undefined ? {} : { disable: entry.options['disable'] }),
});

/** Where it sends to; mail is handed to the machine itself. */
function placeOf({ type, options }: Section): string | undefined {
  if (type === 'sendmail') return undefined;
  if (type === 'smtp') return `${String(options['server'])}:${String(options['port'] ?? 465)}`;
  const { protocol, hostname, port } = new URL(String(options['url'] ?? options['server']));
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function test(host: PbsHost, call: PbsCall): Outcome {
  const name = required(call.params, 'name');
  const found = targets(host).find(({ id }) => id === name);
  if (found === undefined) throw notFound(`target '${name}' does not exist`);
  if (found.options['disable'] === true) throw badRequest(`target '${name}' is disabled`);
  const place = placeOf(found);
  if (place !== undefined && !host.state.reachable.includes(place))
    throw new PbsRefusal(500, `could not notify via endpoint(s): ${name}: error connecting to ${place}`);
  return answerWith(null);
}

const fields = ['datastore', 'hostname', 'job-id', 'media-pool', 'type'];
const types = [
  'acme',
  'gc',
  'package-updates',
  'prune',
  'sync',
  'system-mail',
  'tape-backup',
  'tape-load',
  'thresholds',
  'verify',
];

function values({ state, chance }: PbsHost): Outcome {
  const rows = [
    ...types.map((value) => ({ field: 'type', value })),
    ...state.datastores.map(({ name, comment }) => ({
      field: 'datastore',
      value: name,
      ...(comment === undefined ? {} : { comment }),
    })),
    ...[...state.pruneJobs, ...state.verifyJobs, ...state.syncJobs].map(({ id }) => ({ field: 'job-id', value: id })),
    { field: 'hostname', value: state.node },
  ];
  return answerWith(chance.shuffled(rows));
}

const base = '/config/notifications';
export const notificationCalls: PbsHandlers = {
  ...Object.assign({}, ...endpointKinds.map(sectionHandlers)),
  ...sectionHandlers(matcher),
  [`GET ${base}/targets`]: (host) => answerWith(host.chance.shuffled(targets(host)).map(shown)),
  [`POST ${base}/targets/{name}/test`]: test,
  [`GET ${base}/matcher-fields`]: (host) => answerWith(host.chance.shuffled(fields).map((name) => ({ name }))),
  [`GET ${base}/matcher-field-values`]: values,
};
