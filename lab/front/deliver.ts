// The ways in which an answer reaches, or does not reach, its client.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './call.ts';

const jsonType = 'application/json;charset=UTF-8';

// What is no Latin-1 text cannot stand in a reason phrase.
const phraseOf = (text: string): string => text.split('\n')[0]?.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?') ?? '';

function head(response: ServerResponse, answer: Answer, length: number): void {
  response.sendDate = true;
  if (answer.phrase !== undefined) response.statusMessage = phraseOf(answer.phrase);
  response.writeHead(answer.status, {
    'content-type': answer.type ?? jsonType,
    'content-length': length,
    'cache-control': 'max-age=0',
    ...answer.headers,
  });
}

export function send(response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body);
  head(response, answer, body.length);
  response.end(body);
}

export function halfOf(response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body);
  head(response, answer, body.length);
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.destroy());
}

export function cutOff(request: IncomingMessage): void {
  request.socket.destroy();
}

/** The connection stays open until the client, or the lab, gives up. */
export function neverAnswer(response: ServerResponse): void {
  response.socket?.setTimeout(0);
}

const tenGigabytes = 10 * 1024 ** 3;

/** One JSON string without end, as fast as the client reads it. */
export function huge(response: ServerResponse, bytes = tenGigabytes): void {
  response.writeHead(200, { 'content-type': jsonType });
  const chunk = Buffer.alloc(256 * 1024, 'x');
  let left = bytes;
  const pour = () => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', pour);
        return;
      }
    }
    if (!response.destroyed) response.end('"}');
  };
  response.write('{"data":"');
  pour();
}
