// A request on its way through PVE, in PVE's own order (facts: pve-api section 1 "Order"): who it is, what is called, the
// method's own right, the node, the parameters, and only then the call itself.
import { find, pveContract } from '../contract/contract.ts';
import { type Answer, type Call, type Handled, type Product, paramsOf, type RefusalKind } from '../front/call.ts';
import { needDeclared } from './declared-rights.ts';
import type { Outcome, PveHandlers, PveHost } from './host.ts';
import { type Login, loginOf } from './login.ts';
import { givenParameters, refuseBody } from './parameters.ts';
import { badParameters, died, lacksRight, PveRefusal } from './refusal.ts';
import { checkParameters, notInSchema } from './schema.ts';
import { has, unknownTo } from './versions.ts';

const methods = ['GET', 'POST', 'PUT', 'DELETE'];
const prefix = '/api2/json';
const plainText = 'text/plain';

export function pveProduct(host: PveHost, handlers: PveHandlers): Product {
  const userOf = (call: Call): string | undefined => {
    const login = loginOf(host, call);
    return 'user' in login ? login.user : undefined;
  };
  return {
    userOf,
    refusal: (kind, call) => refusalAnswer(host, kind, call),
    handle: async (call): Promise<Handled> => {
      const login = loginOf(host, call);
      const user = 'user' in login ? login.user : undefined;
      try {
        const outcome = await carriedOut(host, handlers, call, login);
        return { answer: success(outcome), user, waitMilliseconds: 0 };
      } catch (thrown) {
        if (!(thrown instanceof PveRefusal)) throw thrown;
        const waitMilliseconds = thrown.status === 401 ? host.delays.unauthorized : 0;
        return { answer: refused(host, thrown), user, waitMilliseconds };
      }
    },
  };
}

async function carriedOut(host: PveHost, handlers: PveHandlers, call: Call, login: Login): Promise<Outcome> {
  if (!methods.includes(call.method))
    throw new PveRefusal(501, `method '${call.method}' not available`, { plain: true });
  const path = call.path.startsWith(`${prefix}/`) ? call.path.slice(prefix.length) : '';
  const found = find(pveContract, call.method, path);
  const open = found?.method.permissions?.user === 'world';
  if ('refused' in login && !open) throw new PveRefusal(401, login.refused, { plain: true });
  refuseBody(call);
  const handler = found === undefined ? undefined : handlers[found.name];
  if (found === undefined || handler === undefined)
    throw new PveRefusal(501, `Method '${call.method} ${path || call.path}' not implemented\n`);
  const user = 'user' in login ? login.user : '';
  needDeclared(host, { user }, found.method.permissions, { ...stringsIn(call), ...found.inPath });
  const { node } = found.inPath;
  if (node !== undefined && node !== host.state.node && node !== 'localhost')
    throw died(`hostname lookup '${node}' failed`);
  const { values, errors } = checkParameters(
    givenParameters(call, found.inPath),
    found.method.parameters,
    pveContract.formats,
  );
  const unknown = unknownTo(host.state.version, Object.keys(values)).map((name) => [name, notInSchema] as const);
  const problems = { ...errors, ...Object.fromEntries(unknown) };
  if (Object.keys(problems).length > 0) throw badParameters(problems);
  return handler(host, { method: call.method, path: call.path, params: values, user });
}

const stringsIn = (call: Call): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(paramsOf(call)).map(([name, value]) => [name, String(value)]));

const success = (outcome: Outcome): Answer => ({ status: 200, phrase: 'OK', body: JSON.stringify(outcome) });

function refused(host: PveHost, { status, message, errors, plain }: PveRefusal): Answer {
  const phrase = message.split('\n')[0] ?? '';
  if (status === 401) return { status, phrase, body: '' };
  if (plain) return { status, phrase, type: plainText, body: message };
  const words = has(host.state.version, 'error-text-in-body') ? { message } : {};
  const body = JSON.stringify({ data: null, ...(errors === undefined ? {} : { errors }), ...words });
  return { status, phrase, body };
}

const kinds: Readonly<Record<Exclude<RefusalKind, 'forbidden'>, PveRefusal>> = {
  unauthorized: new PveRefusal(401, 'Authentication failed!', { plain: true }),
  'error-500': died('internal error'),
  unreachable: new PveRefusal(595, 'Connection refused', { plain: true }),
  forwarder: new PveRefusal(596, 'tls_process_server_certificate: certificate verify failed', { plain: true }),
};

function refusalAnswer(host: PveHost, kind: RefusalKind, call: Call): Answer {
  if (kind !== 'forbidden') return refused(host, kinds[kind]);
  const path = call.path.startsWith(`${prefix}/storage`) ? '/storage' : '/';
  return refused(host, lacksRight(path, [path === '/' ? 'Sys.Audit' : 'Datastore.Allocate']));
}
