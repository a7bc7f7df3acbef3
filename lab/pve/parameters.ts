// How PVE reads what a request carries (facts: pve-api section 1): query and body together, the query counts more.
import { type Call, grouped, isJson, jsonObject, pairsOf } from '../front/call.ts';
import { badParameters, died, PveRefusal } from './refusal.ts';

/** Refuses a body where none belongs, and one that is too large. */
export function refuseBody(call: Call): void {
  const takesBody = call.method === 'POST' || call.method === 'PUT';
  if (!takesBody && (call.body.length > 0 || call.oversized))
    throw new PveRefusal(501, `Unexpected content for method '${call.method}'`, { plain: true });
  if (call.oversized) throw new PveRefusal(501, 'for data too large', { plain: true });
}

export function givenParameters(
  call: Call,
  inPath: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const given = { ...bodyOf(call), ...grouped(call.query) };
  for (const [name, value] of Object.entries(given))
    if (value === null) throw died(`got undefined value for option '${name}'`);
  for (const [name, value] of Object.entries(inPath)) {
    if (Object.hasOwn(given, name) && String(given[name]) !== value)
      throw badParameters({ [name]: 'duplicate parameter (already defined in URI) with conflicting values!' });
  }
  return { ...given, ...inPath };
}

function bodyOf(call: Call): Record<string, unknown> {
  if (call.method !== 'POST' && call.method !== 'PUT') return {};
  if (!isJson(call)) return grouped(pairsOf(call.body.toString('utf8')));
  const read = jsonObject(call.body);
  if (read === undefined) throw new PveRefusal(500, 'malformed JSON string', { plain: true });
  return read;
}
