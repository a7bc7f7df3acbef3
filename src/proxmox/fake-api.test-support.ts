import { type Answer, apiThrough, type Params, type Product, type ProxmoxApi, plainPath, type Verb } from './api.ts';
import { saidInText } from './error-text.ts';
import { ProxmoxRefusal } from './refusal.ts';

export type Handler = (verb: Verb, path: string, params: Params) => Answer | Promise<Answer>;

/** The port with a function behind it. */
export const fakeApi = (product: Product, handle: Handler): ProxmoxApi =>
  apiThrough(
    { product, name: 'lab', identity: `holdfast@${product}!ops`, audience: 'lab:1' },
    async (verb, path, params, options) => {
      options.signal?.throwIfAborted();
      return handle(verb, plainPath(path), params);
    },
  );

export const refused = (product: Product, status: number, text: string): ProxmoxRefusal =>
  new ProxmoxRefusal(
    { product, name: 'lab', identity: 'x', audience: 'lab:1' },
    'lab (lab:1)',
    saidInText(product, status, text),
  );
