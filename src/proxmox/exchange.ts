// One request and its answer, as bytes: bounded, watched, and honest about whether the request was sent. Nothing here knows
// what an answer means.
import { type Dispatcher, errors } from 'undici';
import { Fault } from '../fault.ts';
import type { Clock } from '../values/instant.ts';
import { formatSize, type Size } from '../values/size.ts';
import { type ApiPath, callName, methodOf, type ServerName, type Verb } from './api.ts';
import { connectionFault } from './unreachable.ts';
import { type Patience, watch } from './watch.ts';

export type Request = Readonly<{
  server: ServerName;
  verb: Verb;
  path: ApiPath;
  /** path with query, as it goes over the wire */
  target: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
  patience: Patience;
  largest: Size;
  signal: AbortSignal | undefined;
}>;

export type Answered = Readonly<{
  status: number;
  /** the reason phrase; before PVE 8.3 the only place of an error's text */
  phrase: string;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  body: Buffer;
}>;

/** `sent` is false only where not one byte of the request can have reached the server. */
export type Exchange =
  | Readonly<{ kind: 'answered'; answered: Answered }>
  | Readonly<{ kind: 'broken'; sent: boolean; reason: unknown }>;

export function exchange(dispatcher: Dispatcher, request: Request, clock: Clock): Promise<Exchange> {
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const { signal } = request;
  let sent = false;
  let over = false;
  let controller: Dispatcher.DispatchController | undefined;
  const end = (how: Exchange) => {
    if (over) return;
    over = true;
    watching.end();
    signal?.removeEventListener('abort', interrupted);
    resolve(how);
  };
  const giveUp = (reason: unknown) => {
    end({ kind: 'broken', sent, reason });
    controller?.abort(reason instanceof Error ? reason : new Error('given up'));
  };
  const interrupted = () => giveUp(signal?.reason);
  const watching = watch(clock, request.patience, (says) => giveUp(slow(nameOf(request), says)));
  signal?.addEventListener('abort', interrupted);
  const started = (running: Dispatcher.DispatchController) => {
    controller = running;
    // It was given up while the connection was made: nothing is written to it then.
    if (over) return running.abort(new Error('given up before it was sent'));
    sent = true;
    watching.heard();
  };
  if (signal?.aborted) {
    interrupted();
    return promise;
  }
  const { target, headers, body } = request;
  dispatcher.dispatch(
    { method: methodOf(request.verb), path: target, headers: { ...headers }, body: body ?? null },
    {
      onRequestStart: started,
      ...reading(request, {
        heard: watching.heard,
        broken: giveUp,
        whole: (answered) => end({ kind: 'answered', answered }),
      }),
    },
  );
  return promise;
}

type Reader = Readonly<{ heard(): void; broken(reason: unknown): void; whole(answered: Answered): void }>;

function reading(request: Request, reader: Reader): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = [];
  let head: Omit<Answered, 'body'> | undefined;
  let size = 0;
  const fits = (bytes: number) => {
    if (bytes > request.largest) reader.broken(tooLarge(nameOf(request), request.largest));
    return bytes <= request.largest;
  };
  return {
    onResponseStart: (_, status, headers, phrase = '') => {
      if (status < 200) return;
      reader.heard();
      head = { status, phrase, headers };
      fits(Number(headers['content-length'] ?? 0));
    },
    onResponseData: (_, chunk) => {
      reader.heard();
      size += chunk.length;
      if (fits(size)) chunks.push(chunk);
    },
    onResponseEnd: () => {
      if (head !== undefined) reader.whole({ ...head, body: Buffer.concat(chunks) });
    },
    onResponseError: (_, error) => {
      const announced = head?.headers['content-length'];
      reader.broken(head === undefined ? noAnswer(request, error) : cutShort(nameOf(request), size, announced));
    },
  };
}

const nameOf = ({ server, verb, path }: Request): string => callName(server, verb, path);

const noAnswer = (request: Request, error: Error): Fault => {
  const where = nameOf(request);
  if (error instanceof Fault) return new Fault(error.code, { ...error.toJSON(), where, cause: error.cause });
  if (error instanceof errors.HTTPParserError)
    return new Fault('answer-not-understood', {
      where,
      says: `what came back is no HTTP (${error.message})`,
      remedy: 'see what listens on that port',
    });
  return connectionFault(request.server, error, where);
};

const slow = (where: string, says: string): Fault =>
  new Fault('server-slow', {
    where,
    says,
    remedy: 'see how busy the server is (a dead storage makes PVE wait), then try again',
  });

const tooLarge = (where: string, largest: Size): Fault =>
  new Fault('answer-too-large', {
    where,
    says: `the answer is larger than ${formatSize(largest)}; the rest was not read`,
    remedy: 'see what answers there: no list of a sound server is that long',
  });

const cutShort = (where: string, size: number, announced: unknown): Fault =>
  new Fault('answer-cut-short', {
    where,
    says: `the connection ended in the middle of the answer, after ${size}${announced === undefined ? '' : ` of ${String(announced)}`} bytes`,
    remedy: 'see whether the server or a proxy before it was just restarted, then try again',
  });
