// What stands before a product: it reads the request, lets the faults bite, writes the log, and only then answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultBoard, Met } from '../faults/board.ts';
import type { Answer, Call, Product } from './call.ts';
import { paramsOf } from './call.ts';
import { cutOff, halfOf, huge, neverAnswer, send } from './deliver.ts';
import type { Serve } from './listener.ts';
import { readCall } from './read-call.ts';
import type { RequestLog } from './request-log.ts';

export type FrontParts = Readonly<{
  server: string;
  product: Product;
  board: FaultBoard;
  log: RequestLog;
  /** told of each request that a fault has met */
  noticed?: (met: Met) => void;
  /** ends whatever is still waiting */
  closing: AbortSignal;
}>;

const proxyPage: Answer = {
  status: 200,
  type: 'text/html',
  body: '<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n',
};

export function frontOf(parts: FrontParts): Serve {
  const { product, board, closing } = parts;
  const wait = (milliseconds: number) =>
    milliseconds > 0 ? sleep(milliseconds, undefined, { signal: closing }).catch(() => undefined) : undefined;
  return async (request, response) => {
    const call = await readCall(request);
    const met = board.meet('request', call);
    if (met !== undefined && !(await bite(parts, met, { call, request, response, wait }))) return;
    const { answer, user, waitMilliseconds } = await product.handle(call);
    await wait(waitMilliseconds);
    const after = board.meet('answer', call);
    note(parts, call, answer.status, user, after);
    if (after?.name === 'answer-lost') cutOff(request);
    else if (after?.name === 'half-body') halfOf(response, answer);
    else send(response, answer);
  };
}

type Exchange = Readonly<{
  call: Call;
  request: IncomingMessage;
  response: ServerResponse;
  wait: (milliseconds: number) => Promise<unknown> | undefined;
}>;

/** True where the request goes on to the product all the same. */
async function bite(parts: FrontParts, met: Met, { call, request, response, wait }: Exchange): Promise<boolean> {
  const { name, options } = met;
  parts.noticed?.(met);
  if (name === 'slow' && options.milliseconds !== undefined) {
    await wait(options.milliseconds);
    return !parts.closing.aborted;
  }
  const instead = answerInstead(parts.product, met, call);
  note(parts, call, instead?.status ?? (name === 'huge-body' ? 200 : 0), parts.product.userOf(call), met);
  if (instead !== undefined) send(response, instead);
  else if (name === 'huge-body') huge(response, options.bytes);
  else if (name === 'reset' || (name === 'start-storm' && met.nth % 2 === 1)) cutOff(request);
  else neverAnswer(response);
  return false;
}

function answerInstead(product: Product, { name, nth }: Met, call: Call): Answer | undefined {
  if (name === 'html') return proxyPage;
  if (name === 'unauthorized' || name === 'forbidden' || name === 'error-500') return product.refusal(name, call);
  if (name === 'forwarder-596') return product.refusal('forwarder', call);
  const refused = name === 'start-storm' && nth % 2 === 1 ? product.refusal('unreachable', call) : undefined;
  return refused === undefined || refused.status === 0 ? undefined : refused;
}

function note(parts: FrontParts, call: Call, status: number, user: string | undefined, met: Met | undefined): void {
  parts.log({
    server: parts.server,
    method: call.method,
    path: call.path,
    params: paramsOf(call),
    status,
    user: user ?? null,
    ...(met === undefined ? {} : { fault: met.name }),
  });
}
