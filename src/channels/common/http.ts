// What channels over HTTP share: where they may go without TLS, how long they wait, and how much they read.
import type { Duration } from '../../values/duration.ts';
import type { Clock } from '../../values/instant.ts';
import { cut, shown } from '../../values/text.ts';

export const isLoopback = (url: string): boolean =>
  /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(URL.parse(url)?.hostname ?? '');

/** `https://me:secret@host/`: it would be printed wherever the address is. */
export const namesLogin = (url: string): boolean => /^[^/]*\/\/[^/?#]*@/.test(url);

/** `late` aborts when the time is over, unless `end` was called before. */
export function timeLimit(clock: Clock, patience: Duration): Readonly<{ late: AbortSignal; end: () => void }> {
  const [late, ended] = [new AbortController(), new AbortController()];
  void clock.sleep(patience, ended.signal).then(
    () => late.abort(),
    () => {},
  );
  return { late: late.signal, end: () => ended.abort() };
}

/** Why a request never came to an answer. */
export const causeOf = (error: unknown): string =>
  shown(error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error));

const largestWords = 2000;

/** What an answer says, fit to be shown. */
export const wordsIn = (text: string): string => shown(cut(text.trim(), largestWords));
export const wordsOf = async (answer: Response): Promise<string> => wordsIn(await beginningOf(answer, largestWords));

/** An answer is read only so far: whoever is there may send without end. */
export async function beginningOf(answer: Response, most: number): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > most) break;
  }
  return text;
}
