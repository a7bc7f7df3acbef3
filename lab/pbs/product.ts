// A request on its way through PBS, in PBS's own order (facts: pbs-api section 1): its length, who it is, what is called, the
// method's own right, the parameters, and only then the call itself.
import { find, pbsContract } from '../contract/contract.ts';
import type { Answer, Call, Handled, Product, RefusalKind } from '../front/call.ts';
import { handlers } from './handlers.ts';
import type { Outcome, PbsHost } from './host.ts';
import { userOf } from './login.ts';
import { checkedParameters } from './parameters.ts';
import { forbidden, noLogin, PbsRefusal } from './refusal.ts';
import { needDeclared } from './rights.ts';
import { knownParameters, knowsPath } from './versions.ts';

const prefix = '/api2/json';
const longestPath = 3072;

export function pbsProduct(host: PbsHost): Product {
  return {
    userOf: (call) => userOf(host, call),
    refusal: refusalAnswer,
    handle: async (call): Promise<Handled> => {
      const user = userOf(host, call);
      try {
        return { answer: success(await carriedOut(host, call, user)), user, waitMilliseconds: 0 };
      } catch (thrown) {
        if (!(thrown instanceof PbsRefusal)) throw thrown;
        return { answer: refused(thrown), user, waitMilliseconds: delayOf(host, thrown) };
      }
    },
  };
}

async function carriedOut(host: PbsHost, call: Call, user: string | undefined): Promise<Outcome> {
  if (lengthOf(call) > longestPath) throw new PbsRefusal(414, '');
  const path = call.path.startsWith(`${prefix}/`) ? call.path.slice(prefix.length) : '';
  const found = find(pbsContract, call.method, path);
  const open = found?.method.permissions?.user === 'world';
  if (user === undefined && !open) throw noLogin();
  const handler = found === undefined ? undefined : handlers[found.name];
  if (found === undefined || handler === undefined || !knowsPath(host.state.version, found.name))
    throw new PbsRefusal(404, `Path '${call.path}' not found.`);
  needDeclared(host, { user: user ?? '' }, found.method.permissions, found.inPath);
  const known = knownParameters(host.state.version, found.name, found.method.parameters);
  const params = checkedParameters(call, found.inPath, known);
  return handler(host, { method: call.method, path: call.path, params, user: user ?? '' });
}

const lengthOf = ({ path, query }: Call): number =>
  path.length + new URLSearchParams(query.map(([...pair]) => pair)).toString().length;

function success(outcome: Outcome): Answer {
  if ('plain' in outcome) return { status: 200, type: 'text/plain', body: outcome.plain };
  const { data, beside, cookie } = outcome;
  const body = JSON.stringify({ data, ...beside });
  return { status: 200, body, ...(cookie === undefined ? {} : { headers: { 'set-cookie': cookie } }) };
}

const refused = ({ status, message }: PbsRefusal): Answer => ({ status, body: message });

const delayOf = ({ delays }: PbsHost, { status }: PbsRefusal): number =>
  status === 401 ? delays.unauthorized : status === 403 ? delays.forbidden : 0;

// PBS forwards nothing: what PVE answers with 595 and 596 is no answer at all here.
const nothing: Answer = { status: 0, body: '' };
const kinds: Readonly<Record<RefusalKind, Answer>> = {
  unauthorized: refused(noLogin()),
  forbidden: refused(forbidden()),
  'error-500': refused(new PbsRefusal(500, 'internal error')),
  unreachable: nothing,
  forwarder: nothing,
};
const refusalAnswer = (kind: RefusalKind): Answer => kinds[kind];
