// For rehearsals and for commands that promise to change nothing: reads pass, a write is a fault.
import { Fault } from '../fault.ts';
import { apiThrough, callName, type ProxmoxApi } from './api.ts';

export const readOnly = (api: ProxmoxApi): ProxmoxApi =>
  apiThrough(api, async (verb, path, params, options) => {
    if (verb === 'get') return api.get(path, params, options);
    throw new Fault('write-while-read-only', {
      where: callName(api, verb, path),
      says: 'a change was asked for where only reading is allowed; it was not sent',
      remedy: 'this is a defect in Holdfast: please report it with the log of the run',
    });
  });
