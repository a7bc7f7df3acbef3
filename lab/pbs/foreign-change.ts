// What somebody else can do to any entry of any config file, as with an editor on the server itself.
import { pbsContract } from '../contract/contract.ts';
import { influxHttp, influxUdp } from './sections/metric-server.ts';
import { endpointKinds, matcher } from './sections/notification.ts';
import { pruneJob } from './sections/prune-job.ts';
import { remote } from './sections/remote.ts';
import { s3Client } from './sections/s3-client.ts';
import type { Kind } from './sections/section.ts';
import { syncJob } from './sections/sync-job.ts';
import { trafficRule } from './sections/traffic-rule.ts';
import { verifyJob } from './sections/verify-job.ts';
import type { Options, PbsState, Section } from './state.ts';

type ForeignChange = Readonly<{
  name: string;
  set: Options;
  /** names of options to unset; true removes the whole entry */
  unset: true | readonly string[];
}>;

const sectionKinds: Readonly<Record<string, readonly Kind[]>> = {
  prune: [pruneJob],
  verify: [verifyJob],
  sync: [syncJob],
  remote: [remote],
  'traffic-control': [trafficRule],
  s3: [s3Client],
  notifications: [...endpointKinds, matcher],
  metrics: [influxHttp, influxUdp],
};
export const foreignKinds = [...Object.keys(sectionKinds), 'datastore', 'user', 'token', 'acl'];

/** Gives what is there afterwards, or null where it is gone. Throws, in words, what makes no sense. */
export function foreignChange(state: PbsState, kind: string, change: ForeignChange): unknown {
  const kinds = sectionKinds[kind];
  if (kinds !== undefined) return changeSection(state, kind, kinds, change);
  if (kind === 'datastore') return changeDatastore(state, change);
  if (kind === 'user') return changeLogin(state.users, kind, change);
  if (kind === 'token') return changeLogin(state.tokens, kind, change);
  if (kind === 'acl') return changeGrants(state, change);
  throw new Error(`there is no kind '${kind}': they are ${foreignKinds.join(', ')}`);
}

const missing = (kind: string, name: string): Error => new Error(`there is no ${kind} '${name}'`);

function changeSection(
  state: PbsState,
  word: string,
  kinds: readonly Kind[],
  { name, set, unset }: ForeignChange,
): unknown {
  const all = kinds[0]?.entries(state) ?? [];
  const found = all.find(({ id }) => id === name);
  const kind = kinds.find(({ type }) => type === undefined || type === found?.type);
  if (found === undefined || kind === undefined) throw missing(word, name);
  if (unset === true) {
    all.splice(all.indexOf(found), 1);
    return null;
  }
  refuseUnknown([...Object.keys(set), ...unset], optionsOf(`${kind.path}/{${kind.id}}`, kind.writeOnly), word);
  found.options = { ...without(found.options, unset), ...set };
  return found;
}

const optionsOf = (path: string, secrets: readonly string[] = []): readonly string[] =>
  Object.keys(pbsContract.paths[path]?.['PUT']?.parameters ?? {}).filter(
    (name) => !['id', 'name', 'delete', 'digest', ...secrets].includes(name),
  );

function changeDatastore(state: PbsState, { name, set, unset }: ForeignChange): unknown {
  const store = state.datastores.find((one) => one.name === name);
  if (store === undefined) throw missing('datastore', name);
  if (unset === true) {
    state.datastores = state.datastores.filter((one) => one !== store);
    return null;
  }
  refuseUnknown([...Object.keys(set), ...unset], optionsOf('/config/datastore/{name}'), 'datastore');
  const { comment, ...options } = set;
  store.options = { ...without(store.options, unset), ...options };
  if (unset.includes('comment')) delete store.comment;
  if (comment !== undefined) store.comment = String(comment);
  return store;
}

type Login = Readonly<{ id: string }> & Partial<Record<string, unknown>>;
const ofLogins = ['enable', 'expire', 'comment', 'firstname', 'lastname', 'email'];

function changeLogin(logins: Login[], kind: string, { name, set, unset }: ForeignChange): unknown {
  const at = logins.findIndex(({ id }) => id === name);
  const found = logins[at];
  if (found === undefined) throw missing(kind, name);
  if (unset === true) {
    logins.splice(at, 1);
    return null;
  }
  refuseUnknown([...Object.keys(set), ...unset], ofLogins, kind);
  const changed = { ...found, ...set };
  logins[at] = Object.fromEntries(Object.entries(changed).filter(([option]) => !unset.includes(option))) as Login;
  return logins[at];
}

/** The name is who it is about: `set` gives a role somewhere, and removal takes all that this login has. */
function changeGrants(state: PbsState, { name, set, unset }: ForeignChange): unknown {
  if (unset === true) {
    state.acl = state.acl.filter(({ authId }) => authId !== name);
    return null;
  }
  refuseUnknown([...Object.keys(set), ...unset], ['path', 'role', 'propagate'], 'acl');
  const { path, role, propagate = true } = set;
  if (typeof path !== 'string' || typeof role !== 'string' || !Object.hasOwn(state.roles, role))
    throw new Error('an acl is set with a `path` and a `role` that there is');
  const entry = { path, authId: name, role, propagate: propagate === true };
  state.acl.push(entry);
  return entry;
}

function refuseUnknown(names: readonly string[], known: readonly string[], of: string): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`a ${of} has no option '${unknown}': there are ${known.join(', ')}`);
}

const without = (options: Section['options'], names: readonly string[]): Options =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));
