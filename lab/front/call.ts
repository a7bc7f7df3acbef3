// A request as it came over the wire, an answer as it will go out, and what stands between them.
import type { IncomingHttpHeaders } from 'node:http';

export type Pair = readonly [name: string, value: string];

export type Call = Readonly<{
  method: string;
  /** without the query, as it was sent */
  path: string;
  query: readonly Pair[];
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** it was too large to be read */
  oversized: boolean;
}>;

export type Answer = Readonly<{
  status: number;
  /** the reason phrase; Node's own word for the status where there is none */
  phrase?: string;
  type?: string;
  headers?: Readonly<Record<string, string>>;
  body: string;
}>;

export type Handled = Readonly<{ answer: Answer; user: string | undefined; waitMilliseconds: number }>;

/** What a request is refused with when a fault, and not the product, decides. */
export type RefusalKind = 'unauthorized' | 'forbidden' | 'error-500' | 'unreachable' | 'forwarder';

export interface Product {
  handle(call: Call): Promise<Handled>;
  /** whoever the request says it is from, where its credentials hold */
  userOf(call: Call): string | undefined;
  refusal(kind: RefusalKind, call: Call): Answer;
}

export const pairsOf = (text: string): readonly Pair[] => [...new URLSearchParams(text)];
export const isJson = ({ headers }: Call): boolean => /^application\/json\b/i.test(headers['content-type'] ?? '');

/** Keys that came more than once hold a list. */
export function grouped(pairs: readonly Pair[]): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  for (const [name, value] of pairs) {
    const present = Object.hasOwn(found, name) ? found[name] : undefined;
    found[name] = present === undefined ? value : [present, value].flat();
  }
  return found;
}

/** Undefined where the body is no JSON object. */
export function jsonObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Query and body together, however malformed: for the log, which must not depend on what a product makes of them. */
export function paramsOf(call: Call): Record<string, unknown> {
  const body = isJson(call) ? (jsonObject(call.body) ?? {}) : grouped(pairsOf(call.body.toString('utf8')));
  return { ...body, ...grouped(call.query) };
}
