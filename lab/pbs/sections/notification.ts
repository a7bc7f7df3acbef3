// Where messages go, and which: sections of notifications.cfg (facts: pbs-api section 8). Two are there from the start; they can
// be changed, and removing them makes them again what they were.
import { isDeepStrictEqual } from 'node:util';
import { secretName } from '../config-file.ts';
import { list, type PbsCall, type PbsHost } from '../host.ts';
import { propertiesIn } from '../property-string.ts';
import { badParameters, badRequest } from '../refusal.ts';
import type { Options, Section } from '../state.ts';
import type { Kind } from './section.ts';

const endpointTypes = ['sendmail', 'smtp', 'gotify', 'webhook'] as const;
type EndpointType = (typeof endpointTypes)[number];

const builtIns: readonly Section[] = [
  {
    id: 'mail-to-root',
    type: 'sendmail',
    options: { 'mailto-user': ['root@pam'], comment: "Send mails to root@pam's email address" },
  },
  {
    id: 'default-matcher',
    type: 'matcher',
    options: {
      mode: 'all',
      'invert-match': true,
      'match-field': ['exact:type=prune'],
      'match-severity': ['info'],
      target: ['mail-to-root'],
      comment: 'Route all notifications to mail-to-root',
    },
  },
];

export function originOf({ id, type, options }: Section): string {
  const own = builtIns.find((one) => one.id === id && one.type === type);
  if (own === undefined) return 'user-created';
  return isDeepStrictEqual(own.options, options) ? 'builtin' : 'modified-builtin';
}

const base = (type: string, path: string, noun: string): Kind => ({
  file: 'notifications',
  path: `/config/notifications/${path}`,
  id: 'name',
  noun,
  type,
  entries: ({ notifications }) => notifications,
  notFoundOn: ['GET', 'PUT', 'DELETE'],
  reserved: builtIns.map((one) => one.id),
  builtIn: builtIns.filter((one) => one.type === type),
  shown: (options, entry) => ({ ...options, origin: originOf(entry) }),
  kept: ({ origin: _origin, ...given }) => withoutEmptyLists(given),
});

/** A list without entries leaves no line in the file. */
const withoutEmptyLists = (options: Options): Options =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => !(Array.isArray(value) && value.length === 0)));

const endpointNames = ({ state }: PbsHost): readonly string[] =>
  [...state.notifications, ...builtIns].filter(({ type }) => type !== 'matcher').map(({ id }) => id);

/** An endpoint that a matcher sends to stays. */
function refuseInUse({ state }: PbsHost, { id }: Section): void {
  if (builtIns.some((one) => one.id === id)) return;
  const matchers = state.notifications.filter(
    ({ type, options }) => type === 'matcher' && namesIn(options).includes(id),
  );
  if (matchers.length > 0)
    throw badRequest(`cannot delete '${id}', referenced by: ${matchers.map((matcher) => matcher.id).join(', ')}`);
}

const namesIn = (options: Options): readonly string[] => {
  const { target } = options;
  return Array.isArray(target) ? target.map(String) : [];
};

function needRecipient(_host: PbsHost, _call: unknown, options: Options): void {
  const given = [options['mailto'], options['mailto-user']].flat().filter((one) => one !== undefined);
  if (given.length === 0) throw badRequest('must at least provide one recipient, either in mailto or in mailto-user');
}

const forMails: Partial<Kind> = { mayCreate: needRecipient, mayChange: needRecipient };

// `name=K,value=<base64>`: only the name is told again. A change without a value keeps the one that is there.
const secretsIn = ({ params }: PbsCall): readonly (readonly [name: string, value: string | undefined])[] =>
  list(params, 'secret').map((one) => {
    const { name = '', value } = propertiesIn(one);
    return [name, value];
  });
const shelfName = (id: string, name: string): string => secretName('notifications', id, `secret ${name}`);

function needValues(host: PbsHost, call: PbsCall): void {
  const id = String(call.params['name']);
  const empty = secretsIn(call).find(
    ([name, value]) => value === undefined && host.secrets.reveal(shelfName(id, name)) === undefined,
  );
  if (empty !== undefined) throw badRequest(`secret '${empty[0]}' does not have a value, and none is stored`);
}

const forWebhooks: Partial<Kind> = {
  mayCreate: needValues,
  mayChange: needValues,
  kept: ({ origin: _origin, ...given }) => {
    const names = list(given, 'secret').map((one) => `name=${propertiesIn(one)['name']}`);
    return withoutEmptyLists(given['secret'] === undefined ? given : { ...given, secret: names });
  },
  shelve: ({ secrets }, call, id) => {
    if (call.params['secret'] === undefined) return;
    const given = secretsIn(call);
    const stay = given.map(([name]) => shelfName(id, name));
    for (const held of secrets.names())
      if (held.startsWith(shelfName(id, '')) && !stay.includes(held)) secrets.drop(held);
    for (const [name, value] of given) if (value !== undefined) secrets.put(shelfName(id, name), value);
  },
};

const specials: Readonly<Record<EndpointType, Partial<Kind>>> = {
  sendmail: forMails,
  smtp: { ...forMails, writeOnly: ['password'] },
  gotify: { writeOnly: ['token'] },
  webhook: forWebhooks,
};

export const endpointKinds: readonly Kind[] = endpointTypes.map((type) => ({
  ...base(type, `endpoints/${type}`, 'endpoint'),
  mayRemove: (host, _call, entry) => refuseInUse(host, entry),
  ...specials[type],
}));

function checkMatcher(host: PbsHost, _call: unknown, options: Options): void {
  const unknown = namesIn(options).find((name) => !endpointNames(host).includes(name));
  if (unknown !== undefined) throw badRequest(`target '${unknown}' does not exist`);
  const fields = options['match-field'];
  for (const field of Array.isArray(fields) ? fields : [])
    if (!/^(?:exact|regex):[^=]+=.+$/s.test(field))
      throw badParameters([['match-field', `unable to parse match-field statement: ${field}`]]);
  const severities = options['match-severity'];
  const words = (Array.isArray(severities) ? severities : []).flatMap((one) => one.split(','));
  const wrong = words.find((word) => !['info', 'notice', 'warning', 'error', 'unknown'].includes(word.trim()));
  if (wrong !== undefined) throw badParameters([['match-severity', `invalid severity ${wrong}`]]);
}

export const matcher: Kind = {
  ...base('matcher', 'matchers', 'matcher'),
  mayCreate: checkMatcher,
  mayChange: (host, call, after) => checkMatcher(host, call, after),
};
