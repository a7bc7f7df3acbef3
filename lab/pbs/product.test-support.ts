// The PBS of the lab, asked without a wire, with a clock that the test turns.
import assert from 'node:assert/strict';
import { selfSigned } from '../certificate.ts';
import { chanceFrom } from '../chance.ts';
import { faultBoard } from '../faults/board.ts';
import { type Call, type Product, pairsOf } from '../front/call.ts';
import { frontOf } from '../front/front.ts';
import { listenOn } from '../front/listener.ts';
import { knownSecrets, shelf } from '../shelf.ts';
import { pbsUpid } from '../tasks/task.ts';
import { runTasks } from '../tasks/tasks.ts';
import { ticketOffice } from '../tickets.ts';
import { type FirstPbs, firstPbsState } from './first.ts';
import type { PbsHost } from './host.ts';
import { pbsProduct } from './product.ts';

/** When the clock of each of these labs begins, epoch milliseconds. */
export const start = Date.parse('2026-01-06T12:00:00Z');
export const ops = 'holdfast@pbs!ops';
export const secret = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
type Body = { data?: unknown; digest?: string; total?: number };
export type Row = Record<string, unknown>;
export type More = { login?: string | null; form?: string; json?: unknown; headers?: Record<string, string> };

/** `everyGrant` lets the token do all that the API can. */
export function pbsLab(first: Partial<FirstPbs> = {}) {
  const clock = { now: start };
  const closing = new AbortController();
  const now = () => clock.now;
  const state = firstPbsState({ now: start, node: 'pihanga', ...first });
  const known = knownSecrets();
  const secrets = shelf(known);
  secrets.put(`token ${ops}`, secret);
  secrets.put('token holdfast@pbs!storage', secret);
  secrets.put('password workshop@pbs', 'a workshop');
  const board = faultBoard();
  const prefix = () => `${new Date(clock.now).toISOString().slice(0, 19)}+00:00: `;
  const tasks = runTasks({
    ...{ node: state.node, list: state.tasks, board, seconds: 0, now, closing: closing.signal },
    ...{ upidOf: pbsUpid, prefix, stopped: 'task aborted' },
  });
  const peers = new Map<number, PbsHost>();
  const host: PbsHost = {
    peer: (_host, port) => peers.get(port),
    ...{ state, tasks, board, chance: chanceFrom(7), secrets, now },
    tickets: ticketOffice('PBS', now, known),
    delays: { unauthorized: 3000, forbidden: 500, lock: 0 },
  };
  const product = pbsProduct(host);
  const ask = async (method: string, target: string, { login = ops, form, json, headers = {} }: More = {}) => {
    const [path = '', query = ''] = target.split('?');
    const call: Call = {
      method,
      path: `/api2/json${path}`,
      query: pairsOf(query),
      body: Buffer.from(json === undefined ? (form ?? '') : JSON.stringify(json)),
      oversized: false,
      headers: {
        ...(login === null ? {} : { authorization: `PBSAPIToken=${login}:${secret}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    };
    const { answer, user, waitMilliseconds } = await product.handle(call);
    const isJson = answer.status === 200 && answer.type === undefined;
    return { ...answer, user, waitMilliseconds, json: (isJson ? JSON.parse(answer.body) : {}) as Body };
  };
  const rows = async (target: string, more: More = {}) => (await ask('GET', target, more)).json.data as Row[];
  const grant = (role: string, path: string, ...logins: string[]) => {
    state.acl = state.acl.filter(({ authId }) => !logins.includes(authId));
    for (const authId of logins) state.acl.push({ authId, path, role, propagate: true });
  };
  /** Ends what would never end by itself. */
  const close = () => closing.abort();
  return { host, state, clock, board, ask, rows, grant, close, peers, product };
}
export type PbsLab = ReturnType<typeof pbsLab>;

/** Starts a prune job and waits for the end of its task. */
export const runToEnd = async ({ ask, rows, host }: PbsLab, id: string) => {
  const started = await ask('POST', `/admin/prune/${id}/run`);
  assert.equal(started.status, 200, started.body);
  await host.tasks.ended();
  const at = `/nodes/localhost/tasks/${encodeURIComponent(String(started.json.data))}`;
  const status = (await ask('GET', `${at}/status`)).json.data as Row;
  return { upid: String(started.json.data), at, status, log: (await rows(`${at}/log`)).map(({ t }) => String(t)) };
};

/** That lab on a port of its own, for another to reach it over HTTPS. */
export async function onPort({ host, product, board }: PbsLab) {
  const certificate = selfSigned('localhost', Date.now());
  const closing = new AbortController();
  const quick: Product = {
    ...product,
    handle: async (call) => ({ ...(await product.handle(call)), waitMilliseconds: 0 }),
  };
  const serve = frontOf({ server: 'there', product: quick, board, log: () => undefined, closing: closing.signal });
  const listener = await listenOn(certificate, serve);
  return {
    host,
    port: listener.port,
    fingerprint: certificate.fingerprint.toLowerCase(),
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await listener.shut();
    },
  };
}

/** What a call answers that has to be refused. */
export const refusal = async ({ ask }: PbsLab, method: string, target: string, more: More = {}) => {
  const { status, body } = await ask(method, target, more);
  return [status, body] as const;
};

/** A call that has to succeed, and its `data`. */
export const done = async ({ ask }: PbsLab, method: string, target: string, more: More = {}): Promise<unknown> => {
  const { status, body, json } = await ask(method, target, more);
  assert.equal(status, 200, `${method} ${target}: ${body}`);
  return json.data;
};

/** Starts a task and gives how it ended. */
export const ended = async (lab: PbsLab, method: string, target: string, more: More = {}) => {
  const upid = String(await done(lab, method, target, more));
  await lab.host.tasks.ended();
  const task = lab.state.tasks.find((one) => one.upid === upid);
  assert.ok(task !== undefined, upid);
  return { upid, type: task.type, id: task.id, status: task.exitStatus, log: task.log.map((line) => line.slice(27)) };
};
