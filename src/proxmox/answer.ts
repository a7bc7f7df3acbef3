// What an answer means: the data, a refusal of the server's own, or something that is not the server's word at all.
import { Fault } from '../fault.ts';
import { type Instant, instantAt } from '../values/instant.ts';
import { cut, shown } from '../values/text.ts';
import type { Answer, ServerName } from './api.ts';
import { isRow, text, whole } from './decode.ts';
import { saidInAnswer } from './error-text.ts';
import type { Answered } from './exchange.ts';
import { parseJson } from './json.ts';
import { ProxmoxRefusal } from './refusal.ts';

/** `unclear`: what was asked for may have been done all the same. */
export type Meaning =
  | Readonly<{ kind: 'answer'; answer: Answer }>
  | Readonly<{ kind: 'refused'; fault: Fault }>
  | Readonly<{ kind: 'unclear'; fault: Fault }>;

// A proxy or the node-to-node forwarder that lost its way after it had passed the request on. 595 is not among them: there
// the forwarder had no connection yet (facts: pve-api section 1).
const lostOnTheWay = [502, 503, 504, 596, 597, 598, 599];

export type Asked = Readonly<{
  server: ServerName;
  where: string;
  /** takes the secrets of this call out of text that the server wrote */
  redact: (text: string) => string;
}>;

export function meaningOf(asked: Asked, answered: Answered): Meaning {
  const { status } = answered;
  if (status >= 200 && status < 300) return meaningOfSuccess(asked, answered);
  if (status < 400) return { kind: 'refused', fault: redirected(asked, answered) };
  const unclear = lostOnTheWay.includes(status);
  if (isPage(answered) && !unclear)
    return { kind: status < 500 ? 'refused' : 'unclear', fault: notUnderstood(asked, answered, 'it is a web page') };
  const phrase = asked.redact(answered.phrase);
  const body = isPage(answered) ? '' : asked.redact(answered.body.toString('utf8'));
  const said = saidInAnswer(asked.server.product, status, phrase, body);
  return { kind: unclear ? 'unclear' : 'refused', fault: new ProxmoxRefusal(asked.server, asked.where, said) };
}

function meaningOfSuccess(asked: Asked, answered: Answered): Meaning {
  const problem = (says: string): Meaning => ({ kind: 'unclear', fault: notUnderstood(asked, answered, says) });
  if (header(answered, 'content-encoding') !== undefined) return problem('it is compressed, which was not asked for');
  if (!/\bjson\b/i.test(header(answered, 'content-type') ?? ''))
    return problem(`it is ${quoted(asked, header(answered, 'content-type') ?? 'without a type')}, not JSON`);
  const parsed = parseJson(answered.body);
  if (parsed.kind === 'problem') return problem(parsed.says);
  if (!isRow(parsed.value) || !('data' in parsed.value)) return problem('it has no `data`');
  const digest = text(parsed.value.digest);
  const total = whole(parsed.value.total);
  const at = serverTime(answered);
  return {
    kind: 'answer',
    answer: {
      data: parsed.value.data,
      ...(digest === undefined ? {} : { digest }),
      ...(total === undefined ? {} : { total }),
      ...(at === undefined ? {} : { at }),
    },
  };
}

function serverTime(answered: Answered): Instant | undefined {
  const epoch = Date.parse(header(answered, 'date') ?? '');
  return Number.isNaN(epoch) ? undefined : instantAt(epoch);
}

const isPage = (answered: Answered): boolean =>
  /\bhtml\b/i.test(header(answered, 'content-type') ?? '') || /^\s*<(?:!doctype|html)/i.test(beginning(answered));

const header = (answered: Answered, name: string): string | undefined => {
  const value = answered.headers[name];
  return typeof value === 'string' ? value : value?.[0];
};

/** A header, on its way to a person. */
const quoted = (asked: Asked, text: string): string => shown(cut(asked.redact(text), 200));

const beginning = (answered: Answered): string => answered.body.subarray(0, 4096).toString('utf8');

const redirected = (asked: Asked, answered: Answered): Fault =>
  new Fault('answer-not-understood', {
    where: asked.where,
    says: `it redirects (${answered.status}) to ${quoted(asked, header(answered, 'location') ?? 'nowhere')}`,
    remedy: 'name the server itself in `url`: a redirect is never followed, since the login would go with it',
  });

function notUnderstood(asked: Asked, answered: Answered, says: string): Fault {
  const text = shown(cut(asked.redact(beginning(answered)).replace(/\s+/g, ' ').trim(), 80));
  return new Fault('answer-not-understood', {
    where: asked.where,
    says: `the answer (${answered.status}) is not understood: ${says}${text === '' ? '' : `; it begins with: ${text}`}`,
    remedy: 'see whether `url` names the server itself, and not a proxy or a login page before it',
  });
}
