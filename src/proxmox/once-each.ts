// For the length of one look at a server: what several ask for alike is asked once, and all get the same answer, also where
// it is a refusal. Nothing is remembered beyond that look, and nothing that could change the server goes through here twice.
import { canonical } from '../values/canonical.ts';
import { type Answer, type ApiPath, apiThrough, type CallOptions, type Params, type ProxmoxApi } from './api.ts';
import { secretsIn } from './encoding.ts';

/** @returns the same port, whose GETs are remembered for as long as it is kept */
export function onceEach(api: ProxmoxApi): ProxmoxApi {
  const asked = new Map<string, Promise<Answer>>();
  const get = (path: ApiPath, params: Params, options: CallOptions): Promise<Answer> => {
    if (secretsIn(params).length > 0) return api.get(path, params, options);
    const key = canonical([path, params]);
    const answer = asked.get(key) ?? api.get(path, params, options);
    asked.set(key, answer);
    return answer;
  };
  return apiThrough(api, (verb, path, params, options) =>
    verb === 'get' ? get(path, params, options) : api[verb](path, params, options),
  );
}
