// At most so many requests at once to one server: a homelab's PBS on a NAS is brought to its knees by more.
import PQueue from 'p-queue';
import { apiThrough, type ProxmoxApi } from './api.ts';

export function limited(api: ProxmoxApi, atOnce = 4): ProxmoxApi {
  const queue = new PQueue({ concurrency: atOnce });
  return apiThrough(api, (verb, path, params, options) =>
    // The queue is not told of the signal: it would answer for a write that is under way, and hide that its outcome is unknown.
    queue.add(() => api[verb](path, params, options)),
  );
}
