// A PVE that knows nothing but storage entries, with state and the real words for no. Both transports lead to it.
import type { Verb } from './api.ts';
import { type Behaviour, json } from './hostile-server.test-support.ts';
import type { Ran, Runner } from './pvesh.ts';

export type SmallAnswer =
  | Readonly<{ data: unknown }>
  | Readonly<{ status: number; message: string; errors?: Readonly<Record<string, string>> }>;

export interface SmallPve {
  readonly storages: Map<string, Record<string, string>>;
  call(verb: Verb, path: string, params: URLSearchParams): SmallAnswer;
}

export function smallPve(): SmallPve {
  const storages = new Map<string, Record<string, string>>();
  const gone = (verb: Verb, storage: string): SmallAnswer => {
    const prefix = { get: '', post: '', put: 'update storage failed: ', delete: 'delete storage failed: ' }[verb];
    return { status: 500, message: `${prefix}storage '${storage}' does not exist\n` };
  };
  const create = (params: URLSearchParams): SmallAnswer => {
    const given = Object.fromEntries(params);
    const { storage = '' } = given;
    if (storage.length < 2)
      return refusedParameters({
        storage: `invalid format - storage ID '${storage}' cannot be shorter than 2 characters\n`,
      });
    if (storages.has(storage))
      return { status: 500, message: `create storage failed: storage ID '${storage}' already defined\n` };
    if (storage === 'forbidden')
      return { status: 403, message: 'Permission check failed (/storage, Datastore.Allocate)\n' };
    storages.set(storage, given);
    return { data: { storage, type: given.type, config: {} } };
  };
  const change = (storage: string, params: URLSearchParams): SmallAnswer => {
    const given = Object.fromEntries(params);
    const disable = given.disable ?? '0';
    if (!['0', '1'].includes(disable))
      return refusedParameters({ disable: `type check ('boolean') failed - got '${disable}'` });
    const { delete: gone = '', ...set } = given;
    const kept = Object.entries(storages.get(storage) ?? {}).filter(([name]) => !gone.split(',').includes(name));
    storages.set(storage, { ...Object.fromEntries(kept), ...set });
    return { data: null };
  };
  const call = (verb: Verb, path: string, params: URLSearchParams): SmallAnswer => {
    const storage = /^\/storage\/(.+)$/.exec(path)?.[1];
    if (storage === undefined) return verb === 'post' ? create(params) : { data: [...storages.values()] };
    const found = storages.get(storage);
    if (found === undefined) return gone(verb, storage);
    if (verb === 'get') return { data: found };
    if (verb === 'put') return change(storage, params);
    storages.delete(storage);
    return { data: null };
  };
  return { storages, call };
}

const refusedParameters = (errors: Readonly<Record<string, string>>): SmallAnswer => ({
  status: 400,
  message: 'Parameter verification failed.\n',
  errors,
});

const verbs: Readonly<Record<string, Verb>> = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' };

export const overHttps =
  (pve: SmallPve): Behaviour =>
  (asked, response) => {
    const params = new URLSearchParams(asked.method === 'POST' || asked.method === 'PUT' ? asked.body : asked.query);
    const path = decodeURIComponent(asked.path.replace('/api2/json', ''));
    const answer = pve.call(verbs[asked.method] ?? 'get', path, params);
    if ('data' in answer) return json(response, answer);
    const { status, message, errors } = answer;
    const phrase = message.split('\n')[0];
    json(response, { data: null, message, ...(errors === undefined ? {} : { errors }) }, status, phrase);
  };

const commands: Readonly<Record<string, Verb>> = { get: 'get', create: 'post', set: 'put', delete: 'delete' };

/** Speaks as pvesh does: options as separate words, errors on stderr with the status before them, then the usage. */
export const overPvesh =
  (pve: SmallPve): Runner =>
  async ([program, command = '', path = '', ...options]) => {
    if (program !== 'pvesh') return failed(127, `${program}: command not found\n`);
    const params = new URLSearchParams();
    for (let at = 0; at < options.length; at += 2)
      params.append(String(options[at]).replace(/^--/, ''), String(options[at + 1]));
    if (params.get('output-format') !== 'json') return failed(2, 'this fake prints JSON only\n');
    params.delete('output-format');
    const answer = pve.call(commands[command] ?? 'get', path, params);
    if ('data' in answer)
      return { exitCode: 0, stdout: answer.data === null ? '' : `${JSON.stringify(answer.data)}\n`, stderr: '' };
    const { status, message, errors } = answer;
    if (errors === undefined) return failed(status === 403 ? 13 : 255, status === 403 ? `403 ${message}` : message);
    const lines = Object.entries(errors).map(([name, reason]) => `${name}: ${reason.trim()}\n`);
    return failed(2, `400 ${message}${lines.join('')}pvesh ${command} <api_path> [OPTIONS] [FORMAT_OPTIONS]\n`);
  };

const failed = (exitCode: number, stderr: string): Ran => ({ exitCode, stdout: '', stderr });
