// Who may ask for what, and what the server says to who may not.
import { groupedPlural, type Resource } from './resources.ts';
import type { Denied, State } from './store.ts';

export type Request = Readonly<{ folder: string; namespace: string; timeout: number; server: string }>;

const matches = (denied: Denied, verb: string, resource: string, namespace: string | undefined): boolean =>
  [verb, '*'].includes(denied.verb) &&
  [resource, '*'].includes(denied.resource) &&
  // A right that is given for some namespaces does not reach over all of them.
  (denied.namespace === undefined || namespace === undefined || denied.namespace === namespace);

/** What is printed instead of the answer, or undefined. */
export function refusalOf(
  state: State,
  verb: string,
  resource: Resource,
  namespace: string | undefined,
  name?: string,
  part?: string,
): string | undefined {
  const { api, denied } = state.behaviour;
  const asked = part === undefined ? resource.plural : `${resource.plural}/${part}`;
  if (api === 'unauthorised') return 'error: You must be logged in to the server (Unauthorized)';
  if (api === 'unavailable') {
    const what = [verb === 'list' ? 'get' : verb, groupedPlural(resource), ...(name === undefined ? [] : [name])];
    return `Error from server (ServiceUnavailable): the server is currently unable to handle the request (${what.join(' ')})`;
  }
  if (!denied.some((one) => matches(one, verb, asked, namespace))) return undefined;
  const subject = name === undefined ? groupedPlural(resource) : `${groupedPlural(resource)} "${name}"`;
  const scope =
    resource.namespaced && namespace !== undefined ? `in the namespace "${namespace}"` : 'at the cluster scope';
  const right = `cannot ${verb} resource "${asked}" in API group "${resource.group}" ${scope}`;
  return `Error from server (Forbidden): ${subject} is forbidden: User "${state.user}" ${right}`;
}

/** What kubectl prints when nobody listens at the server's port, the tries of its discovery included. */
export function refusedConnection(server: string, timeout: number): string {
  const host = server.replace(/^https?:\/\//, '');
  const url = `${server}/api?timeout=${timeout === 0 ? '32s' : `${timeout / 1000}s`}`;
  const at = new Date();
  const two = (value: number) => String(value).padStart(2, '0');
  const stamp = `E${two(at.getMonth() + 1)}${two(at.getDate())} ${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}000`;
  const line = `${stamp} ${String(process.pid).padStart(7)} memcache.go:265] "Unhandled Error" err="couldn't get current server API group list: Get \\"${url}\\": dial tcp ${host}: connect: connection refused"\n`;
  return `${line.repeat(5)}The connection to the server ${host} was refused - did you specify the right host or port?\n`;
}
